// A machine for an installation: a home, a Claude Code that says its version, and what the installer leaves there.

import { createHash } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import type { Handler } from "../../../src/install/settings.ts";
import { mpm, type Outcome, run, tempWorld } from "../../world.ts";

export const HOST = "2.1.330";

export interface Machine {
  readonly env: Record<string, string>;
  readonly home: string;
  readonly mpmHome: string;
  /** ~/.claude/settings.json */
  readonly settings: string;
  /** An empty directory to work in. */
  readonly project: string;
  /** `mpm` of the build under test. */
  mpm(...args: string[]): Promise<Outcome>;
  /** The installed `mpm`. */
  installed(...args: string[]): Promise<Outcome>;
  /** Makes the Claude Code of this machine say another version. */
  hostIs(version: string): void;
}

/**
 * A temporary home whose monitor takes any port.
 * @param version what `claude --version` says
 */
export function newMachine(t: TestContext, version = HOST): Machine {
  const { env, home, mpmHome } = tempWorld(t);
  const bin = join(home, "bin");
  const project = join(home, "project");
  for (const dir of [bin, project, mpmHome]) mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":0}}\n');
  const hostIs = (said: string) =>
    writeFileSync(join(bin, "claude"), `#!/bin/sh\necho "${said} (Claude Code)"\n`, { mode: 0o755 });
  hostIs(version);
  env["PATH"] = [bin, ownPath()].join(delimiter);
  return {
    env,
    home,
    mpmHome,
    project,
    settings: join(home, ".claude/settings.json"),
    mpm: (...args) => mpm(args, { env, cwd: project, timeoutMs: 60_000 }),
    installed: (...args) => run(join(home, ".local/bin/mpm"), args, { env, cwd: project, timeoutMs: 60_000 }),
    hostIs,
  };
}

/** PATH without the programs of the project's own packages: the Node of the machine is found. */
function ownPath(): string {
  const path = process.env["PATH"] ?? "/usr/bin:/bin";
  return path
    .split(delimiter)
    .filter((dir) => !dir.includes("node_modules"))
    .join(delimiter);
}

/** Handlers of a settings file, by event, of the groups without a matcher. */
export function registered(settings: string): Map<string, Handler[]> {
  const { hooks = {} } = JSON.parse(readFileSync(settings, "utf8")) as {
    hooks?: Record<string, { matcher?: string; hooks: Handler[] }[]>;
  };
  return new Map(Object.entries(hooks).map(([event, groups]) => [event, groups.flatMap((group) => group.hooks)]));
}

/** Runs a registered command as Claude Code does. */
export function fire(machine: Machine, handler: Handler, payload: object): Promise<Outcome> {
  const input = `${JSON.stringify(payload)}\n`;
  const { command, args } = handler;
  const options = { env: machine.env, cwd: machine.project, input };
  return args ? run(command, args, options) : run("/bin/sh", ["-c", command], options);
}

/** Every file below a directory with what tells whether it was touched: inode, mode, time, content. */
export function everyFile(dir: string, leaveOut = /^$/): Record<string, string> {
  if (!existsSync(dir)) return {};
  const names = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) => !leaveOut.test(name));
  return Object.fromEntries(
    names.sort().map((name) => {
      const file = join(dir, name);
      const stats = lstatSync(file);
      const { ino, mode, mtimeMs } = stats;
      if (stats.isDirectory()) return [name, `directory ${mode.toString(8)}`];
      const content = stats.isSymbolicLink()
        ? readlinkSync(file)
        : createHash("sha256").update(readFileSync(file)).digest("base64");
      return [name, `${ino} ${mode.toString(8)} ${mtimeMs} ${content}`];
    }),
  );
}
