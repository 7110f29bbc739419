// Events read back, by pages over `n`.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { StoredEnvelope } from "../../contract/envelope.ts";
import type { FoundEnvelope, FoundRow } from "../../contract/routes.ts";
import { TIMELINE_COLUMNS, type TimelineRow } from "../../contract/timeline.ts";
import { integer, ROW_LENGTH, rowColumns, rowFrom, text } from "../columns.ts";
import { atom, searchOf, snippetIn, storedEnvelope } from "../found.ts";
import type { Filter, Range } from "../port.ts";
import type { Projects } from "./projects.ts";
import { openSelect } from "./select.ts";
import { list } from "./values.ts";

/** Statements of filters that are kept prepared. */
const MAX_STATEMENTS = 200;
/** Rows a portion of a timeline: a few milliseconds to read here, and to take in there. */
const PORTION = 1000;

export interface Events {
  rows(filter: Filter, range: Range): FoundRow[];
  envelopes(filter: Filter, range: Range): FoundEnvelope[];
  envelope(id: string): StoredEnvelope | undefined;
  timeline(session: string): AsyncGenerator<readonly TimelineRow[]>;
}

export function openEvents(db: DatabaseSync, projects: Projects): Events {
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
  const select = openSelect(db, projects);

  return {
    rows(filter, range) {
      const search = searchOf(filter);
      const body = search === undefined ? "" : ", b.json";
      const query = select(rowColumns("e.") + body, filter, range, search);
      if (!query) return [];
      return prepared(query.sql)
        .all(...query.values)
        .map((found) => {
          const values = list(found);
          const row = rowFrom(values);
          return search ? { ...row, ...snippetIn(storedEnvelope(values[ROW_LENGTH]), search) } : row;
        });
    },
    envelopes(filter, range) {
      const search = searchOf(filter);
      const query = select("e.n, b.json", filter, range, search);
      if (!query) return [];
      return prepared(query.sql)
        .all(...query.values)
        .map((found) => {
          const [n, json] = list(found);
          const envelope = storedEnvelope(json);
          const stored = { ...envelope, n: Number(n) };
          return search ? { ...stored, ...snippetIn(envelope, search) } : stored;
        });
    },
    envelope(id) {
      const found = byId.get(id);
      return found && { ...storedEnvelope(text(found, "json")), n: integer(found, "n") };
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
