// Ends the relay and the monitor of a home, and starts them from the installed copy: around an upgrade, and before
// their files go.
// - Only a process that proves to be ours is sent a signal: a pid alone may have passed on to a stranger.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { MonitorAddress } from "../contract/address.ts";
import type { Reason } from "../contract/reasons.ts";
import { done, type Result } from "../contract/result.ts";
import { isAlive } from "../platform/process.ts";
import { readAddress } from "./address.ts";
import { startInBackground } from "./background.ts";
import { openHealth } from "./client.ts";
import { dropClaims, readStatus } from "./presence.ts";
import { relayPid } from "./relay.ts";
import { liveMonitor } from "./target.ts";

/** Both end within a second of SIGTERM; what takes longer than this hangs. */
const GRACE_MS = 10_000;
const POLL_MS = 20;

export interface Running {
  readonly name: "relay" | "monitor";
  readonly pid: number;
  /** Undefined where it has not said. */
  readonly version: string | undefined;
}

/** The relay and the monitor of this home that run now. */
export async function runningOf(config: Config): Promise<Running[]> {
  const found: Running[] = [];
  const relay = relayPid(config.paths);
  if (relay !== undefined) {
    const said = readStatus(config.paths);
    found.push({ name: "relay", pid: relay, version: said?.pid === relay ? said.version : undefined });
  }
  const monitor = await monitorOf(config);
  if (monitor) found.push({ name: "monitor", pid: monitor.pid, version: monitor.version });
  return found;
}

/** The monitor that monitor.json names, if what answers there is that very one. */
async function monitorOf(config: Config): Promise<MonitorAddress | undefined> {
  const address = readAddress(config.paths);
  const health = address && URL.canParse(address.url) ? await openHealth(address.url) : undefined;
  if (!address || !health?.ok) return undefined;
  const { instance, pid } = health.value;
  return instance === address.instance && pid === address.pid ? address : undefined;
}

/** Asks a process to end, waits until it has, and kills it where it does not. Returns false where it cannot be ended. */
export async function end({ pid }: Pick<Running, "pid">): Promise<boolean> {
  for (const name of ["SIGTERM", "SIGKILL"] as const) {
    if (!signal(pid, name)) break;
    const deadline = performance.now() + GRACE_MS;
    while (isAlive(pid) && performance.now() < deadline) await sleep(POLL_MS);
    if (!isAlive(pid)) return true;
  }
  return !isAlive(pid);
}

/** Starts the installed relay, whatever hooks tried before; one that runs already lets it end at once. */
export function startRelay({ paths }: Config, env: NodeJS.ProcessEnv): void {
  const [program, ...args] =
    process.platform === "win32"
      ? [process.execPath, join(paths.app, "dist/relay.js")]
      : [join(paths.app, "hooks/mpm-node"), "relay"];
  dropClaims(paths);
  const options = { detached: true, stdio: "ignore", cwd: "/", env: { ...env, MPM_HOME: paths.home } } as const;
  const child = spawn(program as string, args, options);
  child.on("error", () => {}); // shows as not running
  child.unref();
}

/** Starts the installed monitor, where none runs; the answer is its URL. */
export async function startInstalledMonitor(config: Config, env: NodeJS.ProcessEnv): Promise<Result<string, Reason>> {
  const { home, app } = config.paths;
  const live = liveMonitor(config);
  if (live) return done(live.url);
  return startInBackground(config, { ...env, MPM_HOME: home }, { program: join(app, "dist/monitor.js") });
}

/** Sends a signal. Returns false where the process has ended by itself, or is another user's. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
