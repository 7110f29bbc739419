// Which Claude Code is on this machine. Asked at installation, never from a hook.

import { execFile } from "node:child_process";
import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";
import * as z from "zod/mini";
import { readText } from "../platform/read.ts";

const ANSWER_MS = 10_000;

export interface Host {
  readonly path: string;
  /** As 2.1.330; absent where the program did not say. */
  readonly version?: string;
}

export type Located =
  | { readonly kind: "found"; readonly path: string }
  /** `path` is a script of the user's that runs `mpm run`, and there is nothing behind it. */
  | { readonly kind: "wrapper"; readonly path: string }
  | { readonly kind: "missing" };

/** Names the programs that were started as Claude Code and have led back to us, as PATH does. */
const TRIED = "MPM_RUN_TRIED";
/** A script that runs `mpm run`, `npx mpm-hook run` or the like. */
const RUNS_MPM = /\b(?:mpm|mpm-hook|cli\.js)['"]?\s+run\b/;
const WRAPPER_BYTES = 64 * 1024;

/**
 * The first `claude` on PATH, or at one of the places where its installers put it, that is not the user's own wrapper
 * around `mpm run`: that would start us again without an end.
 * @param env of the user's shell
 * @param home the user's home directory
 */
export function locateHost(env: NodeJS.ProcessEnv, home: string, platform = process.platform): Located {
  const names = platform === "win32" ? ["claude.exe", "claude.cmd"] : ["claude"];
  const places = [
    ...(env["PATH"] ?? "").split(delimiter).filter(Boolean),
    ...(home ? [join(home, ".local/bin"), join(home, ".claude/local")] : []),
  ];
  const before = (env[TRIED] ?? "").split(delimiter);
  const programs = places.flatMap((place) => names.map((name) => join(place, name))).filter(isProgram);
  const path = programs.find((program) => !before.includes(program) && !isWrapper(program));
  if (path !== undefined) return { kind: "found", path };
  return programs[0] === undefined ? { kind: "missing" } : { kind: "wrapper", path: programs[0] };
}

/** The environment for a program that is started as Claude Code: should it lead back to us, the next one is taken. */
export function tried(env: NodeJS.ProcessEnv, path: string): NodeJS.ProcessEnv {
  return { ...env, [TRIED]: [env[TRIED], path].filter(Boolean).join(delimiter) };
}

function isWrapper(program: string): boolean {
  const text = readText(program, WRAPPER_BYTES);
  return text?.startsWith("#!") === true && RUNS_MPM.test(text);
}

/** The same, asked for its version. */
export async function findHost(
  env: NodeJS.ProcessEnv,
  home: string,
  platform = process.platform,
): Promise<Host | undefined> {
  const located = locateHost(env, home, platform);
  if (located.kind !== "found") return undefined;
  const { path } = located;
  const version = await askVersion(path, tried(env, path));
  return version ? { path, version } : { path };
}

/** True when version `a` came before `b`; both as 2.1.330. */
export function isBefore(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (const [i, number] of (right as number[]).entries()) {
    const difference = (left?.[i] ?? 0) - number;
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Whether a session of Claude Code may be running on this machine; true where that cannot be told. */
export function mayBeRunning(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile("ps", ["-A", "-o", "comm="], { timeout: ANSWER_MS }, (error, stdout) => {
      resolve(error !== null || stdout.split("\n").some((line) => /(?:^|\/)claude\s*$/.test(line)));
    });
  });
}

function isProgram(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** The version as the place of the program tells it, where one of its installers put it; nothing is run. */
export function versionByPlace(path: string): string | undefined {
  try {
    const real = realpathSync(path);
    if (VERSION.test(basename(real))) return basename(real);
    const { name, version } = Package.parse(JSON.parse(readText(join(dirname(real), "package.json")) ?? ""));
    return PACKAGE.test(name) && VERSION.test(version) ? version : undefined;
  } catch {
    return undefined; // a wrapper, or put there by hand
  }
}

const Package = z.looseObject({ name: z.string(), version: z.string() });
const VERSION = /^\d+\.\d+\.\d+$/;
const PACKAGE = /^@anthropic-ai\/claude-code(-|$)/;

function askVersion(path: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { env, timeout: ANSWER_MS, killSignal: "SIGKILL" as const, shell: path.endsWith(".cmd") };
    execFile(path, ["--version"], options, (_error, stdout) => resolve(/\d+\.\d+\.\d+/.exec(stdout)?.[0]));
  });
}
