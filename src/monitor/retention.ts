// What the store forgets: events beyond their age, and the oldest while it is larger than its limit. In small steps.
// - A clock that jumps ahead is not believed at once: what would be too old by it has time until it is set right.

import type { Config } from "../config/config.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/store.ts";

const EVERY_MS = 10 * 60_000;
/** How far a look may find the clock ahead of the look before: a machine that slept is caught up with in as long. */
const MAX_STEP_MS = 2 * EVERY_MS;
/** Between two steps others get their turn. */
const PAUSE_MS = 5;

export interface Retention {
  /** Events removed since the monitor started, by age or by size. */
  readonly removed: number;
  close(): void;
}

export function startRetention(config: Config, store: Store, log: Log, now: () => number): Retention {
  let removed = 0;
  let timer: NodeJS.Timeout;
  let time = now();
  const look = () => {
    time = Math.min(now(), time + MAX_STEP_MS);
    step();
  };
  const step = () => {
    let count = 0;
    try {
      count = store.removeBefore(time - config.monitorRetentionMs);
      if (count === 0 && store.bytes() > config.monitorMaxBytes) count = store.removeOldest();
    } catch (error) {
      log.warn({ err: error }, "old events could not be removed; it is tried again");
    }
    removed += count;
    if (count > 0) log.info({ count }, "removed the oldest events: beyond their age or the store's size");
    timer = count > 0 ? setTimeout(step, PAUSE_MS) : setTimeout(look, EVERY_MS);
    timer.unref();
  };
  timer = setTimeout(look, 1000);
  timer.unref();
  return {
    get removed() {
      return removed;
    },
    close: () => clearTimeout(timer),
  };
}
