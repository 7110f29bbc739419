// Writing: batches of events, facts about sessions, and removal. One transaction each.
// - What another process has committed meanwhile is seen: what is remembered of sessions is then read anew.
// - Sessions change in memory and are kept with the commit; a transaction that fails forgets what it changed.

import type { DatabaseSync } from "node:sqlite";
import type { Envelope } from "../../contract/envelope.ts";
import type { EventRow } from "../../contract/row.ts";
import type { Tokens } from "../../contract/session.ts";
import { reduce } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { extract, headOf, searchText } from "../extract.ts";
import type { Answer, Appended, Change, Fact, Limits, Outcome, Removed, SessionFacts, StoreTrouble } from "../port.ts";
import { troubleOf } from "./file.ts";
import type { Sessions } from "./sessions.ts";
import { eventValues, INSERT_EVENT, integer, text } from "./values.ts";

/** Sessions whose state is kept in memory; older ones are read from the store when they show again. */
const MAX_CACHED = 2000;
/** Events removed in one step of the retention; of a small store only a part of it. */
const STEP = 500;
const PART = 20;

export interface Writer {
  append(batch: readonly Envelope[]): Appended;
  record(facts: readonly SessionFacts[]): StoreTrouble | undefined;
  bookmark(name: string): string | undefined;
  retain(limits: Limits): Removed;
  readonly events: number;
  readonly newest: number;
  bytes(): number;
}

/** `committed` is told of what a commit has changed. */
export function openWriter(db: DatabaseSync, sessions: Sessions, committed: (change: Change) => void): Writer {
  const insert = db.prepare(INSERT_EVENT);
  const insertBody = db.prepare("INSERT INTO body VALUES (?, ?)");
  const insertText = db.prepare("INSERT INTO search (rowid, text) VALUES (?, ?)");
  const dataVersion = db.prepare("PRAGMA data_version");
  const countEvents = db.prepare("SELECT count(*) AS count, coalesce(max(n), 0) AS newest FROM event");
  const usage = openUsage(db);
  const bookmarks = openBookmarks(db);
  const cache = new Map<string, Session>();
  const changed = new Set<string>();
  let version = -1;
  let events = 0;
  let newest = 0;

  const lookAgain = () => {
    const now = integer(dataVersion.get(), "data_version");
    if (now === version) return;
    version = now;
    cache.clear();
    const count = countEvents.get();
    events = integer(count, "count");
    newest = Math.max(newest, integer(count, "newest"));
  };
  const find = (id: string): Session | undefined => {
    const known = cache.get(id) ?? sessions.find(id);
    if (known) cache.set(id, known);
    return known;
  };
  /** Runs the work as one transaction, sessions included. Throws what SQLite says. */
  const transaction = <T>(work: () => T): T => {
    db.exec("BEGIN IMMEDIATE");
    try {
      lookAgain();
      const result = work();
      for (const id of changed) {
        const session = cache.get(id);
        if (session) sessions.keep(session);
      }
      db.exec("COMMIT");
      if (cache.size > MAX_CACHED)
        for (const id of [...cache.keys()].slice(0, cache.size - MAX_CACHED)) cache.delete(id);
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      cache.clear(); // states that have seen what was not kept
      changed.clear();
      throw error;
    }
  };
  const takeChanged = (): string[] => {
    const ids = [...changed];
    changed.clear();
    return ids;
  };

  const addOne = (given: Envelope): EventRow | undefined => {
    const seq = given.seq || (find(given.session_id)?.maxSeq ?? 0) + 1;
    const envelope = given.seq ? given : { ...given, seq };
    const json = JSON.stringify(envelope);
    const extracted = extract(envelope, Buffer.byteLength(json));
    const { changes, lastInsertRowid } = insert.run(...eventValues(extracted));
    if (changes === 0) return undefined;
    const n = Number(lastInsertRowid);
    insertBody.run(n, json);
    insertText.run(n, searchText(envelope));
    const id = envelope.session_id;
    const head = headOf(envelope, extracted.project);
    cache.set(id, reduce(find(id), { kind: "event", row: extracted.row, head }).session);
    changed.add(id);
    return { n, ...extracted.row };
  };
  const addAll = (batch: readonly Envelope[]): Appended => {
    const outcomes: Outcome[] = [];
    const rows: EventRow[] = [];
    transaction(() => {
      for (const envelope of batch) {
        const row = addOne(envelope);
        outcomes.push({ kind: row ? "stored" : "repeated" });
        if (row) rows.push(row);
      }
    });
    events += rows.length;
    newest = rows.at(-1)?.n ?? newest;
    if (rows.length > 0) committed({ rows, sessions: takeChanged() });
    return { outcomes, rows };
  };
  /** Each alone: one that cannot be kept must not hold up the others for ever. */
  const addEach = (batch: readonly Envelope[]): Appended => {
    const outcomes: Outcome[] = [];
    const rows: EventRow[] = [];
    for (const envelope of batch) {
      const added = append([envelope]);
      outcomes.push(...added.outcomes);
      rows.push(...added.rows);
      if (added.trouble) return { outcomes, rows, trouble: added.trouble };
    }
    return { outcomes, rows };
  };
  const append = (batch: readonly Envelope[]): Appended => {
    try {
      return addAll(batch);
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble) return { outcomes: [], rows: [], trouble };
      if (batch.length > 1) return addEach(batch);
      const cause = error instanceof Error ? error.message : String(error);
      return { outcomes: batch.map(() => ({ kind: "refused", reason: { code: "unstorable", cause } })), rows: [] };
    }
  };

  const learn = (session: Session, fact: Fact): Session =>
    fact.kind === "answers" ? usage.add(session, fact.answers) : reduce(session, fact).session;
  const remove = (which: string, limit: number, ...values: number[]): number => {
    const doomed = db
      .prepare(`SELECT n FROM event ${which} ORDER BY n LIMIT ?`)
      .all(...values, limit)
      .map((row) => integer(row, "n"));
    if (doomed.length === 0) return 0;
    transaction(() => {
      for (const table of ["event WHERE n", "body WHERE n", "search WHERE rowid"]) {
        const statement = db.prepare(`DELETE FROM ${table} = ?`);
        for (const n of doomed) statement.run(n);
      }
    });
    db.exec(`PRAGMA incremental_vacuum(${STEP})`);
    events -= doomed.length;
    return doomed.length;
  };
  const pragma = (name: string) => integer(db.prepare(`PRAGMA ${name}`).get(), name);
  const bytes = () => (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");

  lookAgain();
  return {
    append,
    record(batch) {
      try {
        transaction(() => {
          for (const { session: id, facts, bookmark } of batch) {
            const session = find(id);
            if (!session) continue;
            cache.set(id, facts.reduce(learn, session));
            if (bookmark) bookmarks.keep(bookmark.name, bookmark.value);
            changed.add(id);
          }
        });
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble) return trouble;
        throw error;
      }
      const ids = takeChanged();
      if (ids.length > 0) committed({ rows: [], sessions: ids });
      return undefined;
    },
    bookmark: bookmarks.of,
    retain({ before, maxBytes }) {
      const old = remove("WHERE t < ?", STEP, before);
      if (old > 0 || bytes() <= maxBytes) return { events: old, sessions: 0 };
      return { events: remove("", Math.min(STEP, Math.ceil(events / PART))), sessions: 0 };
    },
    get events() {
      return events;
    },
    get newest() {
      return newest;
    },
    bytes,
  };
}

function openBookmarks(db: DatabaseSync) {
  const find = db.prepare("SELECT value FROM bookmark WHERE name = ?");
  const keep = db.prepare("INSERT INTO bookmark VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");
  return {
    of(name: string): string | undefined {
      const found = find.get(name);
      return found && text(found, "value");
    },
    keep: (name: string, value: string) => void keep.run(name, value),
  };
}

/** Tokens by answer. The sums that an older version kept of a session go as soon as its answers are read. */
function openUsage(db: DatabaseSync) {
  const add = db.prepare(`INSERT INTO answer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET
    input = max(input, excluded.input), output = max(output, excluded.output),
    cache_read = max(cache_read, excluded.cache_read), cache_write = max(cache_write, excluded.cache_write),
    cache_write_hour = max(cache_write_hour, excluded.cache_write_hour)`);
  const dropSums = db.prepare("DELETE FROM answer WHERE session = ? AND substr(id, 1, 4) = 'sum '");
  const total = db.prepare(`SELECT sum(input) AS input, sum(output) AS output, sum(cache_read) AS cache_read,
    sum(cache_write) AS cache_write, sum(cache_write_hour) AS cache_write_hour FROM answer WHERE session = ?`);
  const sumOf = (session: string): Tokens | undefined => {
    const sum = total.get(session);
    if (typeof sum?.["input"] !== "number") return undefined;
    const hour = integer(sum, "cache_write_hour");
    return {
      input: sum["input"],
      output: integer(sum, "output"),
      cacheRead: integer(sum, "cache_read"),
      cacheWrite: integer(sum, "cache_write"),
      ...(hour > 0 ? { cacheWriteHour: hour } : {}),
    };
  };
  return {
    add(session: Session, answers: readonly Answer[]): Session {
      const last = answers.at(-1);
      if (!last) return session;
      dropSums.run(session.id);
      for (const { id, t, model, tokens } of answers)
        add.run(
          id,
          t,
          session.id,
          session.project,
          model,
          tokens.input,
          tokens.output,
          tokens.cacheRead,
          tokens.cacheWrite,
          tokens.cacheWriteHour ?? 0,
        );
      const sum = sumOf(session.id);
      return sum ? { ...session, tokens: { ...sum, model: last.model } } : session;
    },
  };
}
