// Starts the monitor of this home for the relay, when nothing listens at its address; not over and over.

import type { Config } from "../config/config.ts";
import type { Reason } from "../contract/reasons.ts";
import type { Result } from "../contract/result.ts";
import { textOf } from "../contract/texts.ts";
import type { Log } from "../platform/log.ts";
import { startInBackground } from "./background.ts";

/** A monitor that did not come is started again after this long, */
const AGAIN_MS = 10_000;
/** and one that came, and has gone since, after this long. */
const BACK_MS = 1000;
/** A monitor is ready in a few hundred milliseconds, or something is wrong with it. */
const READY_WITHIN_MS = 5000;

/**
 * A function that starts the monitor, unless that was tried a moment ago or `monitor.autostart` is off. The answer is its
 * URL, or why it does not run; undefined where nothing was ever tried. `env` is the monitor's whole environment.
 */
export function monitorStarter(
  config: Config,
  env: NodeJS.ProcessEnv,
  log: Log,
): (signal: AbortSignal) => Promise<Result<string, Reason> | undefined> {
  let startedAt = Number.NEGATIVE_INFINITY;
  let last: Result<string, Reason> | undefined;
  return async (signal) => {
    const pause = last?.ok ? BACK_MS : AGAIN_MS;
    if (!config.monitorAutostart || performance.now() - startedAt < pause) return last?.ok ? undefined : last;
    startedAt = performance.now();
    log.info("nothing listens at the monitor's address: starting it");
    const started = await startInBackground(config, env, { autostarted: true, withinMs: READY_WITHIN_MS, signal });
    last = started;
    if (!started.ok && !signal.aborted)
      log.warn({ reason: started.reason }, `the monitor did not start: ${textOf(started.reason)}`);
    return started;
  };
}
