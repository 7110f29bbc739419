// Where Claude Code reads settings that we may register in, and what we remember of each registration.
// - app/registered lists them; it exists exactly while there is one.

import { existsSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as z from "zod/mini";
import type { Config } from "../config/config.ts";
import { makeDirectory } from "../platform/directory.ts";
import { replaceFile } from "../platform/file.ts";
import { readRegular, readText } from "../platform/read.ts";

export const SCOPES = ["user", "project", "local"] as const;
export type Scope = (typeof SCOPES)[number];

const Registration = z.looseObject({
  scope: z.enum(SCOPES),
  /** Absolute path of the settings file, as asked for. */
  file: z.string(),
  /** Events that were asked for by name; absent: the default ones. */
  events: z.optional(z.array(z.string())),
  /** What was empty before ours went in. */
  hollows: z._default(z.record(z.string(), z.string()), {}),
  /** Nothing was there: the file goes when only ours is in it. */
  madeFile: z._default(z.boolean(), false),
  /** Directories that were made for it, outermost first. */
  madeDirectories: z._default(z.array(z.string()), []),
});
export type Registration = z.infer<typeof Registration>;

/** The file in which a scope is registered, for Claude Code started in `cwd`. */
export function settingsFile(scope: Scope, config: Config, cwd: string): string {
  if (scope === "user") return join(config.claudeHome, "settings.json");
  if (scope === "project") return join(cwd, ".claude/settings.json");
  return join(mainCheckout(cwd) ?? cwd, ".claude/settings.local.json");
}

/**
 * The settings files that Claude Code reads when it is started in `cwd`. Asked of 2.1.330: local settings are those of the
 * start directory and those of the main checkout, which for a worktree of a bare repository there is not.
 */
export function settingsRead(
  config: Config,
  cwd: string,
  scopes: readonly Scope[] = SCOPES,
): { readonly scope: Scope; readonly file: string }[] {
  const places = scopes.flatMap((scope) => {
    const files = [settingsFile(scope, config, cwd)];
    if (scope === "local") files.push(join(cwd, ".claude/settings.local.json"));
    return [...new Set(files)].map((file) => ({ scope, file }));
  });
  return places.filter(({ file }) => existsSync(file));
}

/** The root of the repository around a directory, the main one where that is a linked worktree; undefined where there is none. */
export function mainCheckout(directory: string): string | undefined {
  const git = join(directory, ".git");
  const stats = statSync(git, { throwIfNoEntry: false });
  if (!stats) return dirname(directory) === directory ? undefined : mainCheckout(dirname(directory));
  const read = readRegular(git, GIT_FILE_BYTES);
  const linked = read.kind === "text" ? /^gitdir: (.+)[\\/]worktrees[\\/][^\\/]+\s*$/.exec(read.text)?.[1] : undefined;
  if (linked === undefined) return directory;
  return /[\\/]\.git$/.test(linked) ? dirname(resolve(directory, linked)) : undefined;
}

/** One line with a path. */
const GIT_FILE_BYTES = 64 * 1024;

/** What app/registered says; nothing where it is missing or damaged. */
export function readRegistrations(app: string): Registration[] {
  try {
    return z.array(Registration).parse(JSON.parse(readText(join(app, "registered")) ?? ""));
  } catch {
    return [];
  }
}

export function writeRegistrations(app: string, registrations: readonly Registration[]): void {
  const file = join(app, "registered");
  const text = `${JSON.stringify(registrations, null, 1)}\n`;
  if (registrations.length === 0) rmSync(file, { force: true });
  else if (readText(file) !== text) {
    makeDirectory(app);
    replaceFile(file, text, { durable: true });
  }
}

/** The list with this registration in place of an earlier one for the same file. */
export function including(registrations: readonly Registration[], registration: Registration): Registration[] {
  return [...excluding(registrations, registration.file), registration];
}

export function excluding(registrations: readonly Registration[], file: string): Registration[] {
  return registrations.filter((other) => other.file !== file);
}
