// Tables in JSON: which cells stand under a name that says secret. `[["user", "password"], ["dana", "X"]]`, and
// `{ "columns": ["user", "password"], "rows": [["dana", "X"]] }`, as sheets and databases answer.

import { isSecretName } from "./names.ts";

type Node = Readonly<Record<string, unknown>>;

/** A table has no more columns. */
const MAX_COLUMNS = 200;
const NAMES = ["columns", "fields", "headers", "header", "column_names"];
const ROWS = ["rows", "values", "data", "records"];

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length <= MAX_COLUMNS && value.every((item) => typeof item === "string");

/** The columns of a list of rows, by the names in the first one; empty where that names no secret. */
export function secretColumns(list: readonly unknown[]): ReadonlySet<number> {
  const [head, first] = list;
  if (!isTexts(head) || !Array.isArray(first) || head.length !== first.length) return NONE;
  const columns = namedIn(head);
  return head.length === 2 && columns.has(0) ? NONE : columns; // a list of names and values is none of rows
}

/** The key of an object whose value is a list of rows, with the columns that the object says to be secret. */
export function secretRows(node: Node): { key: string; columns: ReadonlySet<number> } | undefined {
  const key = ROWS.find((one) => Array.isArray(node[one]));
  if (key === undefined) return undefined;
  const names = NAMES.map((one) => node[one]).find((value) => Array.isArray(value));
  const texts = Array.isArray(names) ? names.slice(0, MAX_COLUMNS).map(nameOf) : [];
  const columns = namedIn(texts);
  return columns.size > 0 ? { key, columns } : undefined;
}

/** `"password"`, or `{ "name": "password", "type": "text" }`. */
function nameOf(column: unknown): string {
  if (typeof column === "string") return column;
  if (typeof column !== "object" || column === null || !("name" in column)) return "";
  return typeof column.name === "string" ? column.name : "";
}

const NONE: ReadonlySet<number> = new Set();

function namedIn(names: readonly string[]): ReadonlySet<number> {
  const secret = names.flatMap((name, index) => (isSecretName(name) ? [index] : []));
  return secret.length === 0 ? NONE : new Set(secret);
}
