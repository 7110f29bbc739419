// GET /api/sessions/:id/timeline: all rows of a session, however many, as lines of JSON (columns.ts).
// - Read and sent in portions: neither memory nor the other clients feel how long the session is.
// - What is stored while it is sent may be in it or not; the live stream has it.

import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { TIMELINE_COLUMNS, type TimelineRow } from "../contract/timeline.ts";

/** Rows a line: a few milliseconds to read here, and to take in there. */
const PORTION = 1000;

/** @returns lines, each with its line feed */
export async function* timelineOf(db: DatabaseSync, session: string): AsyncGenerator<string> {
  const select = db.prepare(
    `SELECT ${TIMELINE_COLUMNS} FROM event WHERE session = ? AND n > ? ORDER BY n LIMIT ${PORTION}`,
  );
  select.setReturnArrays(true);
  for (let after = 0; ; await nextTurn()) {
    const rows = select.all(session, after) as unknown as TimelineRow[];
    const last = rows.at(-1);
    if (!last) return;
    yield `${JSON.stringify(rows)}\n`;
    if (rows.length < PORTION) return;
    const [n] = last;
    if (typeof n !== "number") return;
    after = n;
  }
}
