// Questions to a person, as spans of the score: which are open, and when they end.

import type { Span } from "./parts.ts";
import type { Score } from "./score.ts";

/** A question that no call was found for. */
export const NO_BAR = -1;
/** Open spans are few and near the end. */
const SPANS_LOOKED_AT = 64;

export function openWaits({ spans }: Pick<Score, "spans">): Span[] {
  return spans.slice(-SPANS_LOOKED_AT).filter((span) => span.kind !== "compaction" && Number.isNaN(span.end));
}

/**
 * Ends those of the lane: of the call, and those that no call was found for.
 * @param bar absent: all of them
 */
export function endWaits(score: Pick<Score, "spans">, lane: number, t: number, bar?: number): void {
  for (const span of openWaits(score)) {
    if (span.lane !== lane) continue;
    if (bar === undefined || span.bar === bar || span.bar === NO_BAR) span.end = Math.max(t, span.start);
  }
}
