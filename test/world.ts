// What every test needs of the world: a home of its own, processes that end with it, and waiting with a deadline.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";

export const ROOT = resolve(import.meta.dirname, "..");
/** What is tested: a directory with dist/ and hooks/. */
export const BUILT = process.env["MPM_TEST_BUILT"] ?? ROOT;
export const HOOK = join(BUILT, "hooks/mpm-hook");
/** The Node that runs the tests: 24 or newer. */
export const NODE = process.execPath;
export const dist = (name: string): string => join(BUILT, "dist", name);
export const fixture = (name: string): string => join(ROOT, "test/fixtures", name);

/** A new directory. With the test it is removed, and before it every process whose environment names it. */
export function tempDir(t: TestContext, prefix = "mpm-test-"): string {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  t.after(async () => {
    await killThoseOf(dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  return dir;
}

/**
 * An environment with a home of its own and nothing of the machine's; both end with the test, as `tempDir` says.
 * @param extra further variables
 */
export function tempWorld(
  t: TestContext,
  extra: Record<string, string> = {},
): { env: Record<string, string>; home: string; mpmHome: string } {
  const home = tempDir(t);
  const mpmHome = join(home, ".claude-mpm");
  const env = {
    HOME: home,
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    MPM_HOME: mpmHome,
    MPM_NO_BROWSER: "1",
    ...extra,
  };
  return { env, home, mpmHome };
}

/** Pids whose environment names the directory or something below it. */
export function pidsOf(dir: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const values = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
        return values.some((line) => {
          const value = line.slice(line.indexOf("=") + 1);
          return value === dir || value.startsWith(`${dir}/`);
        });
      } catch {
        return false; // it ended, or is not ours
      }
    })
    .map(Number);
}

/** An environment cannot be read in the middle of an exec: none seen once says little. */
const QUIET_LOOKS = 4;

/** Kills them, and waits until they are gone: what a dying process starts is killed, too. */
export async function killThoseOf(dir: string, signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
  let quiet = 0;
  await until(
    () => {
      const pids = pidsOf(dir);
      quiet = pids.length === 0 ? quiet + 1 : 0;
      for (const pid of pids) {
        try {
          process.kill(pid, signal);
        } catch {
          // ended by itself
        }
      }
      return quiet === QUIET_LOOKS;
    },
    10_000,
    `the end of what runs for ${dir}`,
  );
}

/** True while the process exists and is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return existsSync("/proc/self") === false;
  }
}

/** Deadlines are for what never comes, and no measure: a machine that others use as well is so many times slower. */
const PATIENCE = 3;

/**
 * Polls until the predicate holds, at growing intervals (2 ms to 100 ms).
 * @param deadlineMs how long at most on a quiet machine; then it throws, naming what it waited for
 */
export async function until(
  predicate: () => boolean | Promise<boolean>,
  deadlineMs = 10_000,
  what = "the condition",
): Promise<void> {
  const end = performance.now() + PATIENCE * deadlineMs;
  let pause = 2;
  while (!(await predicate())) {
    if (performance.now() > end) throw new Error(`${what} did not come about within ${PATIENCE * deadlineMs} ms`);
    await new Promise((wake) => setTimeout(wake, pause));
    pause = Math.min(pause * 1.5, 100);
  }
}

export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Until both stdout and stderr had ended, which is what Claude Code waits for. */
  readonly ms: number;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Absent: stdin is empty and closed. */
  readonly input?: string | Buffer;
  readonly timeoutMs?: number;
}

/** Runs a program to the end of its output. A program that outlives the deadline is killed, and `signal` says so. */
export async function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const start = performance.now();
  const child = spawn(file, [...args], { env: options.env ?? {}, cwd: options.cwd, stdio: ["pipe", "pipe", "pipe"] });
  const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE * (options.timeoutMs ?? 30_000));
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  child.stdin.on("error", () => {}); // EPIPE: it did not read to the end; the test looks at what came of it
  child.stdin.end(options.input ?? "");
  const [status, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  clearTimeout(timer);
  return {
    status,
    signal,
    stdout: Buffer.concat(out).toString(),
    stderr: Buffer.concat(err).toString(),
    ms: performance.now() - start,
  };
}

/** The CLI as a user runs it. */
export function mpm(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(NODE, [dist("cli.js"), ...args], options);
}

/** A long-running program that ends with the test. */
export function start(
  t: TestContext,
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd?: string,
): ChildProcess {
  const child = spawn(file, [...args], { env, cwd, stdio: ["ignore", "pipe", "pipe"] });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "close");
  });
  return child;
}

/** A port on loopback that nothing listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
