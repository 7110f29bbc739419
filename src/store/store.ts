// The store: every event once, in the order of arrival, and what each session is doing.
// - `add` is one transaction: all of a batch is kept, or none of it.
// - An id that is known is not stored again.
// - Reading is by pages over the cursor `n`; history is never read whole into memory.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Envelope } from "../contract/envelope.ts";
import type { EventRow } from "../contract/row.ts";
import type { SessionSummary } from "../contract/session.ts";
import { type Context, type Session, summaryOf } from "../session/kept.ts";
import { advance, lose } from "../session/sessions.ts";
import { type Extracted, extract, rowOf, searchText, valuesOf } from "./row.ts";
import { COLUMNS, type Filter, query, type Range } from "./select.ts";

/** Sessions whose state is kept in memory; older ones are read from the store when they show again. */
const MAX_CACHED = 2000;
/** Events removed in one step of the retention; of a small store only a part of it. */
const STEP = 500;
const PART = 20;

export interface Added {
  /** What became of each, in the order of the batch. */
  readonly outcomes: readonly ("stored" | "repeated")[];
  readonly rows: readonly EventRow[];
}

export interface Store {
  readonly db: DatabaseSync;
  /** Stores a batch. An envelope without seq 0 keeps its own; 0 is given the session's next. Throws what SQLite says. */
  add(envelopes: readonly Envelope[]): Added;
  rows(filter: Filter, range: Range): EventRow[];
  envelopes(filter: Filter, range: Range): (Envelope & { n: number })[];
  envelope(id: string): (Envelope & { n: number }) | undefined;
  session(id: string): SessionSummary | undefined;
  sessions(limit: number): SessionSummary[];
  /** Sessions that have changed since the last call. */
  changed(): SessionSummary[];
  /** Marks sessions as lost whose process is gone. @param gone says so of a pid of this host */
  findLost(host: string, gone: (pid: number) => boolean): void;
  /** Changes a session as it is kept; what `change` writes to the database is of the same transaction. */
  update(id: string, change: (session: Session) => void): void;
  readonly events: number;
  readonly newest: number;
  /** Numbers that never came, over all sessions. */
  gaps(): number;
  bytes(): number;
  /** Removes the oldest events, at most a step of them. @returns how many */
  removeBefore(t: number): number;
  removeOldest(): number;
  close(): void;
}

export function openStore(db: DatabaseSync, now: () => number): Store {
  const insert = db.prepare(`INSERT OR IGNORE INTO event
    (id, t, session, seq, event, tool, agent, agent_type, call, prompt, failed, ms, kind, child, background, text, bytes, file, project)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertBody = db.prepare("INSERT INTO body VALUES (?, ?)");
  const insertText = db.prepare("INSERT INTO search (rowid, text) VALUES (?, ?)");
  const putSession = db.prepare(
    "INSERT INTO session VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET last_at = excluded.last_at, state = excluded.state",
  );
  const getSession = db.prepare("SELECT state FROM session WHERE id = ?");
  const latest = db.prepare("SELECT state FROM session ORDER BY last_at DESC LIMIT ?");
  const bodyOf = db.prepare("SELECT e.n, b.json FROM event e JOIN body b ON b.n = e.n WHERE e.id = ?");
  const cache = new Map<string, Session>();
  const dirty = new Set<string>();
  const unsaid = new Set<string>();
  const statements = new Map<string, StatementSync>();
  let events = (db.prepare("SELECT count(*) AS count FROM event").get() as { count: number }).count;
  let newest = (db.prepare("SELECT max(n) AS n FROM event").get() as { n: number | null }).n ?? 0;

  const prepared = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) {
      if (statements.size > 200) statements.clear();
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const find = (id: string): Session | undefined => {
    const cached = cache.get(id);
    if (cached) return cached;
    const kept = getSession.get(id) as { state: string } | undefined;
    if (!kept) return undefined;
    const session = JSON.parse(kept.state) as Session;
    cache.set(id, session);
    return session;
  };
  const saveSessions = () => {
    for (const id of dirty) {
      const session = cache.get(id);
      if (session) putSession.run(id, session.lastAt, JSON.stringify(session));
    }
    for (const id of dirty) unsaid.add(id);
    dirty.clear();
    if (cache.size > MAX_CACHED) for (const id of [...cache.keys()].slice(0, cache.size - MAX_CACHED)) cache.delete(id);
  };
  const transaction = <T>(work: () => T): T => {
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      saveSessions();
      db.exec("COMMIT");
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      cache.clear(); // states that have seen what was not kept
      dirty.clear();
      throw error;
    }
  };

  const addOne = (given: Envelope): EventRow | undefined => {
    const seq = given.seq || (find(given.session_id)?.maxSeq ?? 0) + 1;
    const envelope = given.seq ? given : { ...given, seq };
    const json = JSON.stringify(envelope);
    const extracted = extract(envelope, Buffer.byteLength(json));
    const { changes, lastInsertRowid } = insert.run(...valuesOf(extracted));
    if (changes === 0) return undefined;
    const n = Number(lastInsertRowid);
    insertBody.run(n, json);
    insertText.run(n, searchText(envelope));
    cache.set(envelope.session_id, advance(find(envelope.session_id), extracted.row, contextOf(envelope, extracted)));
    dirty.add(envelope.session_id);
    return { n, ...extracted.row };
  };

  const select = (columns: string, filter: Filter, range: Range, body: boolean): Record<string, unknown>[] => {
    const { sql, values } = query(columns, filter, range, body);
    return sql === undefined ? [] : (prepared(sql).all(...values) as Record<string, unknown>[]);
  };
  const remove = (which: string, limit: number, ...values: number[]): number => {
    const doomed = (
      prepared(`SELECT n FROM event ${which} ORDER BY n LIMIT ?`).all(...values, limit) as { n: number }[]
    ).map(({ n }) => n);
    if (doomed.length === 0) return 0;
    transaction(() => {
      for (const table of ["event WHERE n", "body WHERE n", "search WHERE rowid"]) {
        const statement = prepared(`DELETE FROM ${table} = ?`);
        for (const n of doomed) statement.run(n);
      }
    });
    db.exec(`PRAGMA incremental_vacuum(${STEP})`);
    events -= doomed.length;
    return doomed.length;
  };

  return {
    db,
    add(envelopes) {
      const outcomes: ("stored" | "repeated")[] = [];
      const rows: EventRow[] = [];
      transaction(() => {
        for (const envelope of envelopes) {
          const row = addOne(envelope);
          outcomes.push(row ? "stored" : "repeated");
          if (row) rows.push(row);
        }
      });
      events += rows.length;
      newest = rows.at(-1)?.n ?? newest;
      return { outcomes, rows };
    },
    rows: (filter, range) => select(COLUMNS, filter, range, false).map(rowOf),
    envelopes: (filter, range) =>
      select("e.n, b.json", filter, range, true).map(({ n, json }) => ({
        ...(JSON.parse(json as string) as Envelope),
        n: n as number,
      })),
    envelope(id) {
      const found = bodyOf.get(id) as { n: number; json: string } | undefined;
      return found && { ...(JSON.parse(found.json) as Envelope), n: found.n };
    },
    session(id) {
      const session = find(id);
      return session && summaryOf(session, now());
    },
    sessions: (limit) =>
      (latest.all(limit) as { state: string }[]).map(({ state }) => {
        const kept = JSON.parse(state) as Session;
        return summaryOf(cache.get(kept.id) ?? kept, now());
      }),
    changed() {
      const sessions = [...unsaid].flatMap((id) => find(id) ?? []);
      unsaid.clear();
      return sessions.map((session) => summaryOf(session, now()));
    },
    findLost(host, gone) {
      for (const { state } of latest.all(100) as { state: string }[]) {
        const session = find((JSON.parse(state) as Session).id);
        if (!session || session.state === "ended" || session.state === "lost") continue;
        if (session.host !== host || session.pid === undefined || !gone(session.pid)) continue;
        lose(session, now());
        dirty.add(session.id);
      }
      if (dirty.size > 0) transaction(() => {});
    },
    update(id, change) {
      const session = find(id);
      if (!session) return;
      dirty.add(id);
      transaction(() => change(session));
    },
    get events() {
      return events;
    },
    get newest() {
      return newest;
    },
    gaps: () =>
      (prepared("SELECT coalesce(sum(state ->> 'gaps'), 0) AS gaps FROM session").get() as { gaps: number }).gaps,
    bytes() {
      const pragma = (name: string) =>
        Object.values(prepared(`PRAGMA ${name}`).get() as Record<string, number>)[0] as number;
      return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
    },
    removeBefore: (t) => remove("WHERE t < ?", STEP, t),
    removeOldest: () => remove("", Math.min(STEP, Math.ceil(events / PART))),
    close() {
      statements.clear();
      try {
        db.exec("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)");
      } finally {
        db.close();
      }
    },
  };
}

function contextOf(envelope: Envelope, { project }: Extracted): Context {
  const { data, host } = envelope;
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  const tasks = data["background_tasks"];
  const crons = data["session_crons"];
  const model = text(data["model"]);
  const title = text(data["session_title"]);
  return {
    project: project ?? "",
    host: host.name,
    ...(envelope.cwd ? { cwd: envelope.cwd } : {}),
    ...(host.pid === undefined ? {} : { pid: host.pid }),
    ...(host.entrypoint ? { entrypoint: host.entrypoint } : {}),
    ...(model ? { model } : {}),
    ...(title ? { title } : {}),
    ...(Array.isArray(tasks) ? { backgroundTasks: tasks.length } : {}),
    ...(Array.isArray(crons) ? { scheduled: crons.length } : {}),
  };
}
