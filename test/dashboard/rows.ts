// Rows for tests of the model, from as little as the test is about.

import type { EventRow } from "../../src/contract/row.ts";
import { STATUS_NAMES } from "../../src/dashboard/model/parts.ts";
import { Score } from "../../src/dashboard/model/score.ts";

export const START = 1_700_000_000_000;

/** [milliseconds after the start, event, and what else there is to it] */
export type Short = readonly [number, string, Partial<EventRow>?];

export function rowsOf(shorts: readonly Short[]): EventRow[] {
  return shorts.map(([at, event, more], index) => ({
    n: index + 1,
    id: `e${index + 1}`,
    t: START + at,
    session: "s",
    seq: index + 1,
    event,
    bytes: 100,
    ...(event === "PostToolUseFailure" || event === "PermissionDenied" ? { failed: true as const } : {}),
    ...more,
  }));
}

export function scoreOf(shorts: readonly Short[]): Score {
  const score = new Score();
  for (const row of rowsOf(shorts)) score.push(row);
  return score;
}

/** Every bar as "tool lane from-to status", lanes by agent id, times in ms after the start. */
export function barsOf(score: Score): string[] {
  return Array.from({ length: score.barRow.length }, (_, bar) => {
    const end = score.barEnd.at(bar);
    const lane = score.lanes[score.barLane.at(bar)]?.id || "main";
    const span = `${score.barStart.at(bar) - START}-${Number.isNaN(end) ? "" : end - START}`;
    return `${score.names.text(score.barTool.at(bar))} ${lane} ${span} ${STATUS_NAMES[score.barStatus.at(bar)]}`;
  });
}

export function lanesOf(score: Score): string[] {
  return score.lanes.map((lane) => {
    const parent = lane.index === 0 ? "-" : score.lanes[lane.parent]?.id || "main";
    return `${lane.id || "main"} < ${parent} ${STATUS_NAMES[lane.status]}`;
  });
}

export function spansOf(score: Score): string[] {
  return score.spans.map(
    (span) => `${span.kind} ${span.start - START}-${Number.isNaN(span.end) ? "" : span.end - START}`,
  );
}
