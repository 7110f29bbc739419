// A monitor over a store that a benchmark fills, in a home of its own. STORE names a file in which that store is kept for the
// next time.

import { spawn } from "node:child_process";
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dist, killThoseOf, NODE, until } from "../world.ts";

const STARTED_WITHIN_MS = 60_000;
/** Nothing that was filled in is so old, or so much, that it goes. */
const KEEP_ALL = { retentionMs: 100 * 365 * 86_400_000, maxBytes: 100_000_000_000 };

export interface BenchMonitor {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** Of the programs of its home. */
  readonly env: Readonly<Record<string, string>>;
  /** Asks with the token. */
  ask(path: string, init?: RequestInit): Promise<Response>;
}

/** Does the work over a monitor with the store; nothing is left of it. */
export async function withMonitor(
  fill: (file: string) => Promise<void>,
  work: (monitor: BenchMonitor) => Promise<void>,
): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "mpm-bench-"));
  try {
    mkdirSync(join(home, "spool"), { mode: 0o700 });
    await fillOrCopy(join(home, "monitor.db"), fill);
    await work(await startMonitor(home));
  } finally {
    await killThoseOf(home);
    rmSync(home, { recursive: true, force: true });
  }
}

async function fillOrCopy(file: string, fill: (file: string) => Promise<void>): Promise<void> {
  const kept = process.env["STORE"];
  if (kept && existsSync(kept)) return copyFileSync(kept, file, constants.COPYFILE_FICLONE);
  await fill(file);
  if (kept) copyFileSync(file, kept, constants.COPYFILE_FICLONE);
}

async function startMonitor(home: string): Promise<BenchMonitor> {
  const env = { HOME: home, MPM_HOME: home, PATH: "/usr/bin:/bin", MPM_NO_BROWSER: "1" };
  writeFileSync(join(home, "config.json"), JSON.stringify({ monitor: { port: 0, ...KEEP_ALL } }));
  spawn(NODE, [dist("monitor.js")], { env, stdio: "ignore" });
  await until(() => existsSync(join(home, "monitor.json")), STARTED_WITHIN_MS, "the monitor");
  const { url, pid } = JSON.parse(readFileSync(join(home, "monitor.json"), "utf8"));
  const token = readFileSync(join(home, "token"), "utf8").trim();
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...init.headers } });
  return { url, token, pid, env, ask };
}
