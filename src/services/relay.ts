// Starts the relay of a home if none runs: what hooks/mpm-unusual does, for callers in Node.

import { closeSync, openSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import type { Paths } from "../config/config.ts";
import { relayPid, startDetached } from "../platform/process.ts";

/** As in hooks/mpm-unusual: a relay that cannot start is tried once in so many seconds. */
const CLAIM_SECONDS = 5;

/** @param env the relay's environment @returns what is the case now */
export function ensureRelay(paths: Paths, env: NodeJS.ProcessEnv): "running" | "started" | "tried a moment ago" {
  if (relayPid(paths) !== undefined) return "running";
  const claim = join(paths.home, `relay.claim-${Math.floor(uptime() / CLAIM_SECONDS)}`);
  try {
    closeSync(openSync(claim, "wx", 0o600));
  } catch {
    return "tried a moment ago";
  }
  startDetached("relay.js", [], { ...env, MPM_HOME: paths.home });
  return "started";
}
