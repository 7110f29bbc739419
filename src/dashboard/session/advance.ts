// How time passes in a replay: pauses longer than a few seconds are shortened, for nobody waits twice for lunch.

import { lowerBound } from "../model/columns.ts";

const LONGEST_PAUSE_MS = 3000;

/** The next place of a replay, `ms` of replayed time on; a pause is passed over but for its last seconds. */
export function advance(times: ArrayLike<number>, length: number, at: number, ms: number): number {
  const next = lowerBound(times, length, at + 1);
  const upcoming = times[next];
  const moved = at + ms;
  const skipped = next < length && upcoming !== undefined ? upcoming - LONGEST_PAUSE_MS : moved;
  return Math.min(Math.max(moved, skipped), times[length - 1] ?? moved);
}
