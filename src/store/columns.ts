// Values between a database's columns and everything else, checked where they come out.

import { type EventRow, ROW_ENTRIES, type RowField } from "../contract/row.ts";

/** What a statement gave for a row, by column. */
export type Columns = Readonly<Record<string, unknown>>;

export const wrong = (name: string, expected: string) => new Error(`the store: ${name} is not ${expected}`);

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
