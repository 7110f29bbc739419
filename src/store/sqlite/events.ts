// Events read back: a filter and a range as one SELECT, by pages over `n`.

import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Envelope, StoredEnvelope } from "../../contract/envelope.ts";
import type { EventRow } from "../../contract/row.ts";
import { TIMELINE_COLUMNS, type TimelineRow } from "../../contract/timeline.ts";
import type { Filter, Range } from "../port.ts";
import { integer, list, rowColumns, rowFrom, text } from "./values.ts";

/** Statements of filters that are kept prepared. */
const MAX_STATEMENTS = 200;
/** Rows a portion of a timeline: a few milliseconds to read here, and to take in there. */
const PORTION = 1000;

export interface Events {
  rows(filter: Filter, range: Range): EventRow[];
  envelopes(filter: Filter, range: Range): StoredEnvelope[];
  envelope(id: string): StoredEnvelope | undefined;
  timeline(session: string): AsyncGenerator<readonly TimelineRow[]>;
}

export function openEvents(db: DatabaseSync): Events {
  const statements = new Map<string, StatementSync>();
  const prepared = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) {
      if (statements.size > MAX_STATEMENTS) statements.clear();
      statement = db.prepare(sql);
      statement.setReturnArrays(true);
      statements.set(sql, statement);
    }
    return statement;
  };
  const byId = db.prepare("SELECT e.n, b.json FROM event e JOIN body b ON b.n = e.n WHERE e.id = ?");
  const portion = db.prepare(
    `SELECT ${TIMELINE_COLUMNS.join(", ")} FROM event WHERE session = ? AND n > ? ORDER BY n LIMIT ${PORTION}`,
  );
  portion.setReturnArrays(true);

  return {
    rows(filter, range) {
      const query = queryOf(rowColumns("e."), filter, range, "");
      return query
        ? prepared(query.sql)
            .all(...query.values)
            .map((row) => rowFrom(list(row)))
        : [];
    },
    envelopes(filter, range) {
      const query = queryOf("e.n, b.json", filter, range, "JOIN body b ON b.n = e.n");
      if (!query) return [];
      return prepared(query.sql)
        .all(...query.values)
        .map((row) => {
          const [n, json] = list(row);
          return stored(Number(n), String(json));
        });
    },
    envelope(id) {
      const found = byId.get(id);
      return found && stored(integer(found, "n"), text(found, "json"));
    },
    async *timeline(session) {
      for (let after = 0; ; await nextTurn()) {
        const rows = portion.all(session, after).map((row) => list(row).map(atom));
        if (rows.length > 0) yield rows;
        const n = rows.at(-1)?.[0];
        if (rows.length < PORTION || typeof n !== "number") return;
        after = n;
      }
    },
  };
}

const atom = (value: unknown): string | number | null =>
  typeof value === "string" || typeof value === "number" ? value : null;

/** The envelope was parsed before it was stored. */
function stored(n: number, json: string): StoredEnvelope {
  const envelope: Envelope = JSON.parse(json);
  return { ...envelope, n };
}

/** One SELECT over the events for a filter and a range; undefined where nothing can be found. */
function queryOf(
  columns: string,
  filter: Filter,
  range: Range,
  join: string,
): { readonly sql: string; readonly values: SQLInputValue[] } | undefined {
  const values: SQLInputValue[] = [];
  const where: string[] = [];
  const and = (condition: string, value: string | number) => {
    where.push(condition);
    values.push(value);
  };
  let from = "event e";
  let cursor = "e.n";
  if (filter.q !== undefined && filter.q.trim() !== "") {
    const match = matchOf(filter.q);
    if (match === undefined) return undefined;
    from = "search s JOIN event e ON e.n = s.rowid";
    cursor = "s.rowid";
    and("s.text MATCH ?", match);
  }
  if (range.after !== undefined) and(`${cursor} > ?`, range.after);
  if (range.before !== undefined) and(`${cursor} < ?`, range.before);
  for (const key of ["session", "event", "tool", "agent", "project"] as const) {
    const value = filter[key];
    if (value !== undefined) and(`e.${key} = ?`, value);
  }
  if (filter.failed !== undefined) where.push(filter.failed ? "e.failed = 1" : "e.failed IS NULL");
  if (filter.since !== undefined) and("e.t >= ?", filter.since);
  if (filter.until !== undefined) and("e.t <= ?", filter.until);
  const order = range.after === undefined ? "DESC" : "ASC";
  values.push(range.limit);
  const condition = where.length > 0 ? `WHERE ${where.join(" AND ")}` : "";
  return { sql: `SELECT ${columns} FROM ${from} ${join} ${condition} ORDER BY ${cursor} ${order} LIMIT ?`, values };
}

/** Shorter ones stand for so many words that a large store is searched for seconds. Letters. */
const MIN_BEGINNING = 3;

/**
 * A user's words as an FTS5 query that cannot be wrong: each found whole, `begin*` as a beginning, "several in quotes" as
 * a phrase.
 */
function matchOf(words: string): string | undefined {
  const terms = [...words.matchAll(/"([^"]*)"?|(\S+)/g)].flatMap(([, phrase, word]) => {
    const text = phrase ?? word ?? "";
    if (!/[\p{L}\p{N}]/u.test(text)) return [];
    const letters = text.match(/[\p{L}\p{N}]+(?=\*$)/u)?.[0].length ?? 0;
    const beginning = phrase === undefined && letters >= MIN_BEGINNING ? " *" : "";
    return `"${text.replaceAll('"', " ").replaceAll("\0", " ")}"${beginning}`;
  });
  return terms.length > 0 ? terms.join(" ") : undefined;
}
