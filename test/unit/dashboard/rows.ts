// Rows for tests of the model, from as little as the test is about.

import type { EventRow } from "../../../src/contract/row.ts";
import { STATUS_NAMES } from "../../../src/dashboard/model/parts.ts";
import { SessionModel } from "../../../src/dashboard/model/session.ts";

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

export function modelOf(shorts: readonly Short[]): SessionModel {
  const model = new SessionModel();
  for (const row of rowsOf(shorts)) model.push(row);
  return model;
}

/** Every bar as "tool lane from-to status", lanes by agent id, times in ms after the start. */
export function barsOf(model: SessionModel): string[] {
  return Array.from({ length: model.parts.barRow.length }, (_, bar) => {
    const end = model.parts.barEnd.at(bar);
    const lane = model.parts.lanes[model.parts.barLane.at(bar)]?.id || "main";
    const span = `${model.parts.barStart.at(bar) - START}-${Number.isNaN(end) ? "" : end - START}`;
    return `${model.names.text(model.parts.barTool.at(bar))} ${lane} ${span} ${STATUS_NAMES[model.parts.barStatus.at(bar)]}`;
  });
}

export function lanesOf(model: SessionModel): string[] {
  return model.parts.lanes.map((lane) => {
    const parent = lane.index === 0 ? "-" : model.parts.lanes[lane.parent]?.id || "main";
    return `${lane.id || "main"} < ${parent} ${STATUS_NAMES[lane.status]}`;
  });
}

export function spansOf(model: SessionModel): string[] {
  return model.parts.spans.map(
    (span) => `${span.kind} ${span.start - START}-${Number.isNaN(span.end) ? "" : span.end - START}`,
  );
}
