// How events are written: the statement, its values, and the columns that it needs.

import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { ROW_ENTRIES, ROW_FIELDS, type RowField } from "../../contract/row.ts";
import { wrong } from "../columns.ts";
import type { Extracted } from "../extract.ts";

/** A list of values, as statements give it that were told to return arrays. */
export function list(row: unknown): readonly SQLOutputValue[] {
  if (!Array.isArray(row)) throw wrong("a row", "a list");
  return row;
}

/** Columns that the store has besides a row's: what lists do not show. */
const STORE_COLUMNS = { file: "TEXT", project: "TEXT" } as const;

const KEPT = ROW_ENTRIES.filter(([name]) => name !== "n");

const WRITTEN = [...KEPT.map(([, { column }]) => column), ...Object.keys(STORE_COLUMNS)];
export const INSERT_EVENT = `INSERT OR IGNORE INTO event (${WRITTEN.join(", ")}) VALUES (${WRITTEN.map(() => "?").join(", ")})`;

type Kept = Exclude<RowField, "n">;
const KEPT_NAMES = KEPT.map(([name]) => name) as readonly Kept[];

/** In the order of INSERT_EVENT. */
export function eventValues({ row, file, project }: Extracted): SQLInputValue[] {
  const values: SQLInputValue[] = [];
  for (const name of KEPT_NAMES) {
    const value = row[name];
    values.push(value === undefined ? null : value === true ? 1 : value);
  }
  values.push(file ?? null, project ?? null);
  return values;
}

/** The columns of the event table that rows and store need, by their SQL type. */
export const EVENT_COLUMNS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.values(ROW_FIELDS).map(({ column, sql }) => [column, sql])),
  ...STORE_COLUMNS,
};
