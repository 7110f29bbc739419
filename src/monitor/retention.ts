// What the store forgets: events beyond their age, and the oldest while it is larger than its limit. In small steps.

import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { Store } from "./store.ts";

const EVERY_MS = 10 * 60_000;
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
  const step = () => {
    let count = 0;
    try {
      count = store.removeBefore(now() - config.monitorRetentionMs);
      if (count === 0 && store.bytes() > config.monitorMaxBytes) count = store.removeOldest();
    } catch (error) {
      log.warn({ err: error }, "old events could not be removed; it is tried again");
    }
    removed += count;
    if (count > 0) log.info({ count }, "removed the oldest events: beyond their age or the store's size");
    timer = setTimeout(step, count > 0 ? PAUSE_MS : EVERY_MS);
    timer.unref();
  };
  timer = setTimeout(step, 1000);
  timer.unref();
  return {
    get removed() {
      return removed;
    },
    close: () => clearTimeout(timer),
  };
}
