// What the store forgets: events beyond their age, and the oldest while it is larger than its limit. In small steps.
// - A clock that jumps ahead is not believed at once: what would be too old by it has time until it is set right.

import type { Config } from "../config/config.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/port.ts";

const EVERY_MS = 10 * 60_000;
/** How far a look may find the clock ahead of the look before: a machine that slept is caught up with in as long. */
const MAX_STEP_MS = 2 * EVERY_MS;
const FIRST_MS = 1000;
/** Between two steps others get their turn. */
const PAUSE_MS = 5;

export interface Retention {
  /** Events removed since the monitor started, by age or by size. */
  readonly removed: number;
  /** Resolves when no step is running any more. */
  close(): Promise<void>;
}

export function startRetention(config: Config, store: Store, log: Log, now: () => number): Retention {
  let removed = 0;
  let closed = false;
  let timer: NodeJS.Timeout;
  let running = Promise.resolve();
  let time = now();
  const look = () => {
    time = Math.min(now(), time + MAX_STEP_MS);
    running = step();
  };
  const again = (work: () => void, ms: number) => {
    if (closed) return;
    timer = setTimeout(work, ms);
    timer.unref();
  };
  const step = async (): Promise<void> => {
    let count = 0;
    let more = false;
    try {
      const limits = { before: time - config.monitorRetentionMs, maxBytes: config.monitorMaxBytes };
      const { events, answers } = await store.retain(limits);
      count = events;
      more = events + answers > 0;
    } catch (error) {
      log.warn({ err: error }, "old events could not be removed; it is tried again");
    }
    removed += count;
    if (count > 0) log.info({ count }, "removed the oldest events: beyond their age or the store's size");
    if (more) again(() => (running = step()), PAUSE_MS);
    else again(look, EVERY_MS);
  };
  again(look, FIRST_MS);
  return {
    get removed() {
      return removed;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
