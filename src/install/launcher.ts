// The command `mpm` for the user's shell: a small file in ~/.local/bin that runs the installed copy.
// - A file of that name that is not this installation's stays as it is.
// - It remembers in its own text which directories were made for it, so that they can go with it.

import { chmodSync, existsSync, lstatSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import { readText } from "../platform/read.ts";
import { makeDirectories, removeEmpty } from "./file.ts";
import { quoteForShell } from "./handler.ts";

const MARK = "# Runs what `mpm install` installed; `mpm uninstall` removes it.";
const MADE = "# made with it: ";

/** Writes the launcher. @returns how the user calls us: `mpm`, or more where that name leads elsewhere or nowhere */
export function writeLauncher({ paths, userHome }: Config, env: NodeJS.ProcessEnv): string {
  const file = fileOf(userHome);
  const long = `node ${quoteForShell(join(paths.app, "dist/cli.js"))}`;
  if (process.platform === "win32" || !userHome || (isTaken(file) && !isOurs(file, paths.app))) return long;
  const earlier = readText(file);
  const made = earlier === undefined ? makeDirectories(dirname(file)) : madeFor(earlier);
  const text = textFor(paths.app, paths.home, made);
  if (earlier !== text) {
    writeFileSync(file, text);
    chmodSync(file, 0o755);
  }
  const first = (env["PATH"] ?? "").split(delimiter).find((dir) => existsSync(join(dir, "mpm")));
  return first === dirname(file) ? "mpm" : quoteForShell(file);
}

/** Removes this installation's launcher. @returns its path where there was one */
export function removeLauncher({ paths, userHome }: Config, dryRun: boolean): string | undefined {
  const file = fileOf(userHome);
  if (!userHome || !isOurs(file, paths.app)) return undefined;
  if (!dryRun) {
    const made = madeFor(readText(file) ?? "");
    rmSync(file, { force: true });
    removeEmpty(made);
  }
  return file;
}

function fileOf(userHome: string): string {
  return join(userHome, ".local/bin/mpm");
}

function textFor(app: string, home: string, made: readonly string[]): string {
  return `#!/bin/sh
${MARK}
${made.map((directory) => `${MADE}${directory}\n`).join("")}export MPM_HOME="\${MPM_HOME:-${home.replaceAll(/[\\"$`]/g, "\\$&")}}"
exec ${runner(app)} cli "$@"
`;
}

/** The directories that a launcher's text names, outermost first. */
function madeFor(text: string): string[] {
  const lines = text.split("\n").filter((line) => line.startsWith(MADE));
  return lines.map((line) => line.slice(MADE.length));
}

function runner(app: string): string {
  return quoteForShell(join(app, "hooks/mpm-node"));
}

/** A link that leads nowhere is somebody's, too. */
function isTaken(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

function isOurs(file: string, app: string): boolean {
  const text = readText(file);
  return text?.includes(MARK) === true && text.includes(runner(app));
}
