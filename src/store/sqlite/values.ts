// Values between the store's columns and everything else, checked where they come out.

import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { type EventRow, ROW_ENTRIES, ROW_FIELDS, type RowField } from "../../contract/row.ts";
import type { Extracted } from "../extract.ts";

export type Columns = Readonly<Record<string, SQLOutputValue>>;

const wrong = (name: string, expected: string) => new Error(`monitor.db: ${name} is not ${expected}`);

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

/** A list of values, as statements give it that were told to return arrays. */
export function list(row: unknown): readonly SQLOutputValue[] {
  if (!Array.isArray(row)) throw wrong("a row", "a list");
  return row;
}

/** Columns that the store has besides a row's: what lists do not show. */
export const STORE_COLUMNS = { file: "TEXT", project: "TEXT" } as const;

const KEPT = ROW_ENTRIES.filter(([name]) => name !== "n");

/** The columns of a row, qualified by `prefix`, as a statement selects them. */
export const rowColumns = (prefix: string): string => ROW_ENTRIES.map(([, { column }]) => prefix + column).join(", ");

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

const FLAGS: readonly boolean[] = ROW_ENTRIES.map(([, { flag }]) => flag === true);
const NAMES: readonly RowField[] = ROW_ENTRIES.map(([name]) => name);
export const ROW_LENGTH = NAMES.length;

/** The row that a list of the values of `rowColumns` stands for. */
export function rowFrom(values: readonly SQLOutputValue[]): EventRow {
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

/** The columns of the event table that rows and store need, by their SQL type. */
export const EVENT_COLUMNS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.values(ROW_FIELDS).map(({ column, sql }) => [column, sql])),
  ...STORE_COLUMNS,
};
