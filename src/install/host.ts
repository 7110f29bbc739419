// Which Claude Code is on this machine. Asked at installation, never from a hook.

import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";

const ANSWER_MS = 10_000;

export interface Host {
  readonly path: string;
  /** As 2.1.330; absent where the program did not say. */
  readonly version?: string;
}

/**
 * The first `claude` on PATH, or at one of the places where its installers put it.
 * @param env of the user's shell; PATH is read
 * @param home the user's home directory
 */
export function locateHost(env: NodeJS.ProcessEnv, home: string, platform = process.platform): string | undefined {
  const names = platform === "win32" ? ["claude.exe", "claude.cmd"] : ["claude"];
  const places = [
    ...(env["PATH"] ?? "").split(delimiter).filter(Boolean),
    ...(home ? [join(home, ".local/bin"), join(home, ".claude/local")] : []),
  ];
  return places.flatMap((place) => names.map((name) => join(place, name))).find(isProgram);
}

/** The same, asked for its version. */
export async function findHost(
  env: NodeJS.ProcessEnv,
  home: string,
  platform = process.platform,
): Promise<Host | undefined> {
  const path = locateHost(env, home, platform);
  if (!path) return undefined;
  const version = await askVersion(path, env);
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
    const { name, version } = JSON.parse(readFileSync(join(dirname(real), "package.json"), "utf8"));
    return PACKAGE.test(name) && VERSION.test(version) ? version : undefined;
  } catch {
    return undefined; // a wrapper, or put there by hand
  }
}

const VERSION = /^\d+\.\d+\.\d+$/;
const PACKAGE = /^@anthropic-ai\/claude-code(-|$)/;

function askVersion(path: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { env, timeout: ANSWER_MS, killSignal: "SIGKILL" as const, shell: path.endsWith(".cmd") };
    execFile(path, ["--version"], options, (_error, stdout) => resolve(/\d+\.\d+\.\d+/.exec(stdout)?.[0]));
  });
}
