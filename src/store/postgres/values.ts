// Values between the database's columns and everything else, checked where they come out.

import { type EventRow, ROW_ENTRIES, type RowField } from "../../contract/row.ts";
import type { Extracted } from "../extract.ts";
import type { Columns } from "./connection.ts";

const wrong = (name: string, expected: string) => new Error(`PostgreSQL: ${name} is not ${expected}`);

export function integer(columns: Columns | undefined, name: string): number {
  const value = columns?.[name];
  if (typeof value !== "number") throw wrong(name, "a number");
  return value;
}

export function text(columns: Columns | undefined, name: string): string {
  const value = columns?.[name];
  if (typeof value !== "string") throw wrong(name, "a text");
  return value;
}

export function maybeText(columns: Columns | undefined, name: string): string | undefined {
  const value = columns?.[name];
  return typeof value === "string" ? value : undefined;
}

/** A text without the one character that PostgreSQL cannot keep. */
export const storable = (given: string): string => (given.includes("\0") ? given.replaceAll("\0", "\ufffd") : given);

const NAMES: readonly RowField[] = ROW_ENTRIES.map(([name]) => name);
const FLAGS: readonly boolean[] = ROW_ENTRIES.map(([, { flag }]) => flag === true);
export const ROW_LENGTH = NAMES.length;

/** The columns of a row, qualified by `prefix`, as a statement selects them. */
export const rowColumns = (prefix: string): string => ROW_ENTRIES.map(([, { column }]) => prefix + column).join(", ");

/** The row that a list of the values of `rowColumns` stands for. */
export function rowFrom(values: readonly unknown[]): EventRow {
  const row: Partial<Record<RowField, unknown>> = {};
  for (let place = 0; place < NAMES.length; place++) {
    const value = values[place];
    const name = NAMES[place];
    if (name !== undefined && value !== null) row[name] = FLAGS[place] ? true : value;
  }
  if (!isRow(row)) throw wrong("a row of event", "whole");
  return row;
}

/** The schema of the table promises the rest: this tells a row from what another table gave. */
function isRow(row: Partial<Record<RowField, unknown>>): row is EventRow {
  return typeof row.n === "number" && typeof row.id === "string" && typeof row.event === "string";
}

type KeptField = Exclude<RowField, "n">;
const KEPT = ROW_ENTRIES.flatMap(([name, { column, sql }]) => (name === "n" ? [] : [{ name, column, sql }]));
const ARRAYS = { INTEGER: "bigint[]", REAL: "double precision[]", TEXT: "text[]" };
/** Values before those of the rows: tenant, owners, week, number of rows, their bytes. */
const FIRST = 5;

/**
 * Takes positions and stores rows at them, all in one statement: between that and the commit, others wait. Answers `n`,
 * the last position.
 */
export const INSERT_EVENTS = `WITH taken AS (
    UPDATE mpm.counter SET n = n + $4::bigint, events = events + $4::bigint, bytes = bytes + $5::bigint
    WHERE tenant = $1 RETURNING n
  ), stored AS (
    INSERT INTO mpm.event (tenant, user_id, week, n, file, project, ${KEPT.map(({ column }) => column).join(", ")})
    SELECT $1, given.owner, $3::integer, taken.n - $4::bigint + given.place, given.file, given.project,
      ${KEPT.map(({ column }) => `given.${column}`).join(", ")}
    FROM taken, unnest($2::text[], $6::text[], $7::text[], ${KEPT.map(({ sql }, index) => `$${FIRST + 3 + index}::${ARRAYS[sql]}`).join(", ")})
      WITH ORDINALITY AS given (owner, file, project, ${KEPT.map(({ column }) => column).join(", ")}, place)
  ) SELECT n FROM taken`;

/** Lists for INSERT_EVENTS after its first values: one a column. */
export function eventLists(events: readonly Extracted[]): unknown[] {
  return [
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
