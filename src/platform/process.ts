// Processes of ours: whether one lives, and how one is started so that it outlives who started it.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setPriority } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Paths } from "../config/config.ts";

/** A small young generation keeps a busy background process small; mpm-node passes the same. */
const NODE_FLAGS = ["--max-semi-space-size=2"];

/** Of 19: a third of an ordinary share, so that the dashboard stays live on a machine that has more to do than it can. */
export const NICENESS = 5;

/** True while the process exists and is no zombie. A process of another user counts as alive. */
export function isAlive(pid: number): boolean {
  if (pid < 1) return false; // to the system, groups of processes
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return !existsSync("/proc/self");
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

/** The pid of this home's relay, if it lives. */
export function relayPid(paths: Paths): number | undefined {
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(paths.relayPid, "utf8"), 10);
  } catch {
    return undefined;
  }
  if (!(pid > 1) || !isAlive(pid)) return undefined;
  // The link leads through the relay's working directory: a stranger with a reused pid has another one.
  return existsSync("/proc/self") && !existsSync(paths.relayAlive) ? undefined : pid;
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
 * @param env the whole environment of the new process
 * @param stderr "pipe" for who wants to hear why it does not start
 */
export function startDetached(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  stderr: "ignore" | "pipe" = "ignore",
): ChildProcess {
  const child = spawn(process.execPath, [...NODE_FLAGS, bundle(name), ...args], {
    detached: true,
    stdio: ["ignore", "ignore", stderr],
    cwd: "/",
    env,
  });
  child.on("error", () => {}); // shows as not running
  child.unref();
  return child;
}

/**
 * Lets everything else on the machine go first: what Claude Code and its tools do now matters more than when an event
 * arrives. A session of its own is on Linux a scheduling group of its own, within which niceness says nothing to others.
 */
export function stepBack(): void {
  try {
    setPriority(NICENESS);
    const session = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ")[3];
    if (session === String(process.pid)) writeFileSync("/proc/self/autogroup", String(NICENESS));
  } catch {
    // not Linux, or not allowed: then it runs as everything else does
  }
}

/** Replaces a file in one step; readers see the old text or the new one. Mode 0600. */
export function replaceFile(file: string, text: string): void {
  const aside = `${file}.${process.pid}.new`;
  try {
    rmSync(aside, { force: true }); // of a process that was killed here
    writeFileSync(aside, text, { mode: 0o600, flag: "wx" });
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
}
