// What the store forgets: events beyond their age, and the oldest while it is larger than its limit; of a team, old entries of
// its log; and alerts that are as old as events may be. In small steps.
// - A clock that jumps ahead is not believed at once: what would be too old by it has time until it is set right.

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/port.ts";
import type { TeamStore } from "../store/team.ts";

const EVERY_MS = 10 * 60_000;
/** How far a look may find the clock ahead of the look before: a machine that slept is caught up with in as long. */
const MAX_STEP_MS = 2 * EVERY_MS;
const FIRST_MS = 1000;
const MANY_EVENTS = 1000;
/** Entries of a team's log that go at a time. */
const LOG_STEP = 10_000;

export interface Retention {
  /** Events removed since the monitor started, by age or by size. */
  readonly removed: number;
  /** Resolves when no step is running any more. */
  close(): Promise<void>;
}

/** What lies beside the store and is as old. */
export interface Beside {
  /** Of a store that may be a team's. */
  readonly team?: Pick<TeamStore, "dropNoted"> | undefined;
  /** Removes what was told before a time, ms since 1970. */
  readonly dropTold?: (before: number) => Promise<void>;
}

export function startRetention(
  config: Config,
  store: Store,
  log: Log,
  now: () => number,
  { team, dropTold }: Beside = {},
): Retention {
  let closed = false;
  let removed = 0;
  let time = now();
  let since = 0;
  let running = Promise.resolve();

  /** Whether there may be more to remove. */
  const step = async (): Promise<boolean> => {
    try {
      const limits = { before: time - config.monitorRetentionMs, maxBytes: config.monitorMaxBytes };
      const { events, sessions, answers } = await store.retain(limits);
      removed += events;
      if (events > 0) log.info({ count: events }, "removed the oldest events: beyond their age or the store's size");
      return events + sessions + answers > 0;
    } catch (error) {
      log.warn({ err: error }, "old events could not be removed; it is tried again");
      return false;
    }
  };
  const logStep = async (): Promise<boolean> => {
    try {
      return (await team?.dropNoted(time - config.teamLogMs, LOG_STEP)) === LOG_STEP;
    } catch (error) {
      log.warn({ err: error }, "old entries of the team's log could not be removed; it is tried again");
      return false;
    }
  };
  const toldStep = async (): Promise<void> => {
    try {
      await dropTold?.(time - config.monitorRetentionMs);
    } catch (error) {
      log.warn({ err: error }, "old alerts could not be removed; it is tried again");
    }
  };
  const repeat = async (work: () => Promise<boolean>): Promise<void> => {
    while (!closed && (await work())) await nextTurn(); // others get theirs
  };
  const remove = () => repeat(step);
  /** Many events make the store too large long before the next look; what is too old waits for that. */
  const stop = store.subscribe(({ rows }) => {
    since += rows.length;
    if (since < MANY_EVENTS) return;
    since = 0;
    running = running.then(remove);
  }, "own");
  const look = () => {
    time = Math.min(now(), time + MAX_STEP_MS);
    running = running
      .then(remove)
      .then(() => repeat(logStep))
      .then(toldStep);
  };
  const first = setTimeout(look, FIRST_MS).unref();
  const timer = setInterval(look, EVERY_MS).unref();
  return {
    get removed() {
      return removed;
    },
    async close() {
      closed = true;
      stop();
      clearTimeout(first);
      clearInterval(timer);
      await running;
    },
  };
}
