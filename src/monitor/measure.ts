// What is counted while events are committed, for /metrics: events, calls and how long they took, and the time from hook to
// store. Labels are bounded: what is beyond is counted as `other`.

import { HOOK_EVENTS } from "../contract/catalog.ts";
import type { EventRow } from "../contract/row.ts";
import { outcomeOf } from "../session/reduce.ts";
import type { Store } from "../store/port.ts";

const MAX_TOOLS = 50;
const OTHER = "other";
const ENDS = new Set(["PostToolUse", "PostToolUseFailure", "PermissionDenied"]);
const KNOWN = new Set(HOOK_EVENTS.map(({ name }) => name));
const MS_PER_S = 1000;

/** Upper bounds, s. */
export const DELIVERY_BUCKETS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600] as const;
const CALL_BUCKETS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800] as const;

export interface Histogram {
  readonly bounds: readonly number[];
  /** Observations at most as large as each bound, and none of a smaller one's; the last: larger than all. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export class Observations implements Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    const at = this.bounds.findIndex((bound) => value <= bound);
    const bucket = at < 0 ? this.bounds.length : at;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.sum += value;
  }
}

export interface Measures {
  /** Events by their name. */
  readonly events: ReadonlyMap<string, number>;
  /** Calls that ended, by tool, then by outcome. */
  readonly calls: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** How long tools ran, s, by tool. */
  readonly callSeconds: ReadonlyMap<string, Histogram>;
  /** From the hook to the store, s. */
  readonly delivery: Histogram;
}

/** Measures what is committed from now on. `stop` ends that. */
export function measure(store: Store, now: () => number): { readonly measures: Measures; stop(): void } {
  const events = new Map<string, number>();
  const calls = new Map<string, Map<string, number>>();
  const callSeconds = new Map<string, Observations>();
  const delivery = new Observations(DELIVERY_BUCKETS);
  const take = (row: EventRow) => {
    increase(events, KNOWN.has(row.event) ? row.event : OTHER);
    // What transcripts tell is told long after; a clock that was set back says nothing.
    if (row.source === undefined) delivery.observe(Math.max(0, now() - row.t) / MS_PER_S);
    if (!ENDS.has(row.event)) return;
    const name = row.tool ?? OTHER;
    const tool = calls.has(name) || calls.size < MAX_TOOLS ? name : OTHER;
    const outcomes = calls.get(tool) ?? new Map<string, number>();
    calls.set(tool, outcomes);
    increase(outcomes, outcomeOf(row));
    if (row.ms === undefined) return;
    const seconds = callSeconds.get(tool) ?? new Observations(CALL_BUCKETS);
    callSeconds.set(tool, seconds);
    seconds.observe(row.ms / MS_PER_S);
  };
  const stop = store.subscribe(({ rows }) => {
    for (const row of rows) take(row);
  }, "own");
  return { measures: { events, calls, callSeconds, delivery }, stop };
}

function increase(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
