// Starts the monitor of this home when nothing listens at its address.

import type { Config } from "../config/config.ts";
import type { Log } from "../platform/log.ts";
import { startDetached } from "../platform/process.ts";
import { liveMonitor } from "./target.ts";

/** A monitor that did not come is started again after this long, */
const AGAIN_MS = 10_000;
/** and one that came, and has gone since, after this long. */
const BACK_MS = 1000;
/** A monitor is ready in a few hundred milliseconds, or something is wrong with it. */
const READY_WITHIN_MS = 5000;
const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 100;

/**
 * @param env the environment of the monitor
 * @returns a function that starts the monitor, unless it was started a moment ago, and tells whether it is ready
 */
export function monitorStarter(
  config: Config,
  env: NodeJS.ProcessEnv,
  log: Log,
): (signal: AbortSignal) => Promise<boolean> {
  let startedAt = Number.NEGATIVE_INFINITY;
  let came = false;
  return async (signal) => {
    const pause = came ? BACK_MS : AGAIN_MS;
    if (!config.monitorAutostart || performance.now() - startedAt < pause) return false;
    startedAt = performance.now();
    came = false;
    log.info("nothing listens at the monitor's address: starting it");
    startDetached("monitor.js", ["--autostarted"], env);
    for (
      let poll = FIRST_POLL_MS;
      performance.now() - startedAt < READY_WITHIN_MS;
      poll = Math.min(poll * 1.3, MAX_POLL_MS)
    ) {
      if (signal.aborted) return false;
      came = liveMonitor(config) !== undefined;
      if (came) return true;
      await new Promise((wake) => setTimeout(wake, poll));
    }
    return false;
  };
}
