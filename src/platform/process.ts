// Processes of ours: whether one lives, and how one is started so that it outlives who started it.

import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { errorCode } from "./error.ts";

/** A small young generation keeps a busy background process small; smaller still, it is collected too often. As in mpm-node. */
const NODE_FLAGS = ["--max-semi-space-size=8"];

/** glibc's malloc(3) then keeps what threads free in one place, not in one for each: 14 MiB of a monitor that imports. */
const ONE_ARENA = { MALLOC_ARENA_MAX: "1" };

/** Of 19: a third of an ordinary share, so that the dashboard stays live on a machine that has more to do than it can. */
export const NICENESS = 5;

/** Of a clock tick in /proc/<pid>/stat: USER_HZ is 100 on all of Node's platforms. */
export const TICK_MS = 10;

/** True while the process exists and is no zombie. A process of another user counts as alive. */
export function isAlive(pid: number): boolean {
  if (pid < 1) return false; // to the system, groups of processes
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) !== "EPERM") return false;
  }
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return !existsSync("/proc/self");
  }
}

/** Asks a process to end. */
export function terminate(pid: number): void {
  process.kill(pid, "SIGTERM");
}

/** Field `starttime` of /proc/<pid>/stat (proc_pid_stat(5)): ticks after the kernel's start; undefined where it is not told. */
export function startTicks(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name before it may hold anything.
    const ticks = Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[19]);
    return Number.isFinite(ticks) ? ticks : undefined;
  } catch {
    return undefined;
  }
}

/** What tells a file from all others. */
export interface FileId {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Whether a process has the file as its stdout; false where there is no /proc to tell. */
export function isWriting(pid: number, { dev, ino }: FileId): boolean {
  try {
    const stdout = statSync(`/proc/${pid}/fd/1`, { bigint: true });
    return stdout.dev === dev && stdout.ino === ino;
  } catch {
    return false;
  }
}

/** Where this module lies while the sources run unbuilt. */
const SOURCES = join("/", "src", "platform");

/** Absolute path of a bundle, beside the one that runs: relay.js, monitor.js, hook.js, cli.js. */
export function bundle(name: string): string {
  const dir = dirname(fileURLToPath(import.meta.url));
  if (dir.endsWith(SOURCES)) return join(dir.slice(0, -SOURCES.length), "dist", name);
  return join(dir.endsWith("chunks") ? dirname(dir) : dir, name);
}

/**
 * Starts a program of ours in a session of its own, without stdio.
 * @param file absolute path of its bundle
 * @param env the whole environment of the new process
 * @param stderr "pipe" for who wants to hear why it does not start
 */
export function startDetached(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stderr: "ignore" | "pipe" = "ignore",
): ChildProcess {
  // Loaded here: the hook in Node seldom starts anything, and half of its time would go into that module.
  const { spawn } = process.getBuiltinModule("node:child_process");
  const child = spawn(process.execPath, [...NODE_FLAGS, file, ...args], {
    detached: true,
    stdio: ["ignore", "ignore", stderr],
    cwd: "/",
    env: { ...ONE_ARENA, ...env },
  });
  child.on("error", () => {}); // shows as not running
  child.unref();
  return child;
}

/**
 * Lets everything else on the machine go first: what Claude Code and its tools do now matters more than when an event
 * arrives. A session of its own is on Linux a scheduling group of its own, within which niceness says nothing to others.
 */
export function lowerPriority(): void {
  try {
    setPriority(NICENESS);
    const session = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ")[3];
    if (session === String(process.pid)) writeFileSync("/proc/self/autogroup", String(NICENESS));
  } catch {
    // not Linux, or not allowed: then it runs as everything else does
  }
}
