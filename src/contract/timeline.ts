// A row as a list of values, without the names: a session of a hundred thousand events is sent and read at once.
// - GET /api/sessions/:id/timeline gives lines of JSON, each a list of such lists in the order of `n`, oldest first.
// - The places follow from ROW_FIELDS; the session is that of the request, and what a timeline does not need is left out.

import * as z from "zod/mini";
import { type EventRow, ROW_ENTRIES } from "./row.ts";

const PLACES = ROW_ENTRIES.filter(([, { timeline }]) => timeline !== undefined);

/** What is selected for each place: a column, or an expression of columns. */
export const TIMELINE_COLUMNS: readonly string[] = PLACES.map(([, { column, timeline }]) =>
  typeof timeline === "string" ? timeline : column,
);

/** One row of a timeline: a value a place, null where there is none. */
export const TimelineRow = z.array(z.union([z.string(), z.number(), z.null()]));
export type TimelineRow = z.infer<typeof TimelineRow>;
/** One line of a timeline. */
export const TimelinePortion = z.array(TimelineRow);

const EXPECTED = PLACES.map(([, { sql }]) => (sql === "TEXT" ? "string" : "number"));
const REQUIRED = PLACES.map(([, { schema }]) => !isOptional(schema));

function isOptional(schema: z.core.$ZodType): boolean {
  return schema._zod.optin === "optional";
}

/**
 * The row that a list of values stands for; undefined where it stands for none. Checked by hand against ROW_FIELDS: a
 * schema would take a third of a second for a long session in a page that may not compile code.
 */
export function rowFromTuple(values: unknown, session: string): EventRow | undefined {
  if (!Array.isArray(values)) return undefined;
  const row: Record<string, unknown> = { session, bytes: 0 };
  for (const [place, [name, { flag }]] of PLACES.entries()) {
    const value: unknown = values[place];
    if (value === null || value === undefined) {
      if (REQUIRED[place]) return undefined;
    } else if (typeof value === EXPECTED[place]) row[name] = flag ? true : value;
    else return undefined;
  }
  return row as EventRow;
}
