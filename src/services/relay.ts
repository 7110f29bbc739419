// The relay of a home: whether one runs, and how one is started; what the hook does about it, for callers in Node.

import { closeSync, existsSync, openSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import type { Paths } from "../config/config.ts";
import { bundle, isAlive, startDetached } from "../platform/process.ts";
import { readText } from "../platform/read.ts";

/** As in hooks/mpm-slow-path: a relay that cannot start is tried once in so many seconds. */
const CLAIM_SECONDS = 5;

/** The pid of this home's relay, if it lives. */
export function relayPid(paths: Paths): number | undefined {
  const pid = Number.parseInt(readText(paths.relayPid) ?? "", 10);
  if (!(pid > 1) || !isAlive(pid)) return undefined;
  // The link leads through the relay's working directory: a stranger with a reused pid has another one.
  return existsSync("/proc/self") && !existsSync(paths.relayAlive) ? undefined : pid;
}

/** Starts a relay if none runs; `env` is its whole environment. The answer is what is the case now. */
export function ensureRelay(paths: Paths, env: NodeJS.ProcessEnv): "running" | "started" | "tried" {
  if (relayPid(paths) !== undefined) return "running";
  const claim = join(paths.home, `relay.claim-${Math.floor(uptime() / CLAIM_SECONDS)}`);
  try {
    closeSync(openSync(claim, "wx", 0o600));
  } catch {
    return "tried";
  }
  startDetached(bundle("relay.js"), [], { ...env, MPM_HOME: paths.home });
  return "started";
}
