// Which Node runs relay and monitor, written down once as an absolute path in app/node.
// - One that belongs to a checkout or a package cache may vanish: it is copied under $MPM_HOME/runtime.
// - Of several paths to the same program, one that package managers keep stable is preferred.

import { execFileSync } from "node:child_process";
import { chmodSync, constants, copyFileSync, linkSync, readdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { basename, join, sep } from "node:path";
import { makeDirectory } from "../platform/directory.ts";
import { replaceFile } from "../platform/file.ts";
import { readText } from "../platform/read.ts";
import { OLDEST_NODE } from "../platform/runtime.ts";

const ANSWER_MS = 10_000;
/** Paths that stay the same when the Node behind them is upgraded. */
const STABLE = ["/usr/bin/node", "/usr/local/bin/node", "/opt/homebrew/bin/node"];

/** The path in app/node; undefined where there is none. */
export function recordedNode(app: string): string | undefined {
  return readText(join(app, "node"))?.trim() || undefined;
}

/** The version of a Node program, as 24.1.0; undefined where it does not run. */
export function nodeVersion(path: string): string | undefined {
  try {
    const out = execFileSync(path, ["--version"], {
      encoding: "utf8",
      timeout: ANSWER_MS,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return /^v(\d+\.\d+\.\d+)/.exec(out)?.[1];
  } catch {
    return undefined;
  }
}

export function isRecent(version: string | undefined): boolean {
  return version !== undefined && Number.parseInt(version, 10) >= OLDEST_NODE;
}

/**
 * Sees to it that app/node names a Node that will do, and stays.
 * @param running absolute path of the Node that runs this, 24 or newer
 * @returns the path that is recorded now
 */
export function recordNode(home: string, app: string, running: string): string {
  const before = recordedNode(app);
  if (before && isRecent(nodeVersion(before))) return before;
  // Without /proc, Node knows itself by the link that it was started through.
  const path = isPassing(running) ? keepCopy(home, realOf(running) ?? running) : stablePath(running);
  replaceFile(join(app, "node"), `${path}\n`, { durable: true });
  return path;
}

/** Removes private copies other than the recorded one. */
export function pruneRuntimes(home: string, app: string): void {
  const runtime = join(home, "runtime");
  const used = recordedNode(app);
  for (const name of listOf(runtime))
    if (!used?.startsWith(join(runtime, name) + sep)) rmSync(join(runtime, name), { recursive: true, force: true });
}

/** Whether that Node may go away with a package, a cache or a shell. */
function isPassing(path: string): boolean {
  return /[\\/](?:node_modules|_npx|fnm_multishells)[\\/]/.test(path);
}

function keepCopy(home: string, running: string): string {
  const directory = join(home, "runtime", `node-${process.versions.node}`);
  const file = join(directory, basename(running));
  makeDirectory(directory);
  const aside = `${file}.${process.pid}.new`;
  try {
    linkOrCopy(running, aside);
    renameSync(aside, file);
  } finally {
    rmSync(aside, { force: true });
  }
  return file;
}

/** A second name for the same file costs nothing and outlives the first; where that cannot be, a copy. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
    chmodSync(to, 0o700);
  }
}

function stablePath(running: string): string {
  const real = realOf(running);
  return STABLE.find((path) => realOf(path) === real) ?? running;
}

function realOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function listOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
