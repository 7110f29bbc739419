// How events are written: the statement, and the lists of values that it takes.

import { ROW_ENTRIES, type RowField } from "../../contract/row.ts";
import type { Extracted } from "../extract.ts";

/** A text without the one character that PostgreSQL cannot keep. */
export const storable = (given: string): string => (given.includes("\0") ? given.replaceAll("\0", "\ufffd") : given);

/**
 * Between texts of JSON that are given as one: JSON.stringify writes no such character. What is given as a list is escaped,
 * and read again, at a cost.
 */
export const BETWEEN = "\u001e";

type KeptField = Exclude<RowField, "n">;
const KEPT = ROW_ENTRIES.flatMap(([name, { column, sql }]) => (name === "n" ? [] : [{ name, column, sql }]));
const ARRAYS = { INTEGER: "bigint[]", REAL: "double precision[]", TEXT: "text[]" };
/** Values before those of KEPT. */
const FIRST = 10;

/**
 * Takes positions and stores rows at them, all in one statement: between that and the commit, others wait. Answers `n`,
 * the last position. Values: tenant, owners, week, number of rows, their bytes, ids of blocks, the first place of each;
 * then `eventLists`.
 */
export const INSERT_EVENTS = `WITH taken AS (
    UPDATE mpm.counter SET n = n + $4::bigint, events = events + $4::bigint, bytes = bytes + $5::bigint
    WHERE tenant = $1 RETURNING n
  ), placed AS (
    UPDATE mpm.words w SET n = taken.n - $4::bigint + given.first FROM taken, unnest($6::text[], $7::bigint[]) AS given (id, first)
    WHERE w.week = $3::integer AND w.tenant = $1 AND w.id = given.id
  ), stored AS (
    INSERT INTO mpm.event (tenant, user_id, week, n, block, file, project, ${KEPT.map(({ column }) => column).join(", ")})
    SELECT $1, given.owner, $3::integer, taken.n - $4::bigint + given.place, given.block, given.file, given.project,
      ${KEPT.map(({ column }) => `given.${column}`).join(", ")}
    FROM taken, unnest($2::text[], $8::text[], $9::text[], $10::text[], ${KEPT.map(({ sql }, index) => `$${FIRST + 1 + index}::${ARRAYS[sql]}`).join(", ")})
      WITH ORDINALITY AS given (owner, block, file, project, ${KEPT.map(({ column }) => column).join(", ")}, place)
  ) SELECT n FROM taken`;

/** Lists for INSERT_EVENTS after its first values: one a column. `blocks`: ids, of each event. */
export function eventLists(events: readonly Extracted[], blocks: readonly string[]): unknown[] {
  return [
    blocks,
    events.map(({ file }) => (file === undefined ? null : storable(file))),
    events.map(({ project }) => (project === undefined ? null : storable(project))),
    ...KEPT.map(({ name, sql }) => events.map(({ row }) => columnOf(row[name as KeptField], sql))),
  ];
}

function columnOf(value: string | number | true | undefined, sql: string): string | number | null {
  if (value === undefined) return null;
  if (value === true) return 1;
  if (typeof value === "string") return storable(value);
  return sql === "INTEGER" ? Math.round(value) : value;
}
