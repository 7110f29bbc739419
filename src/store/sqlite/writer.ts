// Writing: batches of events, facts about sessions, bookmarks and consumers. One transaction each.

import type { DatabaseSync } from "node:sqlite";
import type { Envelope } from "../../contract/envelope.ts";
import type { EventRow } from "../../contract/row.ts";
import { reduce } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { integer, text } from "../columns.ts";
import type { Appended, Change, Consumer, Fact, Outcome, SessionFacts, StoreTrouble } from "../port.ts";
import { type Prepared, prepare } from "../prepared.ts";
import type { Answers } from "./answers.ts";
import { troubleOf } from "./file.ts";
import { openForgotten } from "./forgotten.ts";
import type { Hours } from "./hours.ts";
import type { Indexed, SearchIndex } from "./search-index.ts";
import type { Transactions, WorkingSessions } from "./transaction.ts";
import type { Turns } from "./turns.ts";
import { eventValues, INSERT_EVENT } from "./values.ts";
import type { Waits } from "./waits.ts";

export interface Writer {
  append(batch: readonly Envelope[]): Appended;
  keep(batch: readonly Prepared[]): Appended;
  record(facts: readonly SessionFacts[]): StoreTrouble | undefined;
  bookmark(name: string): string | undefined;
  consumers(): Consumer[];
  advance(name: string, n: number): StoreTrouble | undefined;
  dismiss(name: string): StoreTrouble | undefined;
}

/** An event that is to be stored. */
interface Given {
  readonly session: string;
  /** Where it has no number yet, it gets this one. */
  prepared(next: number): Prepared;
}

const givenOf = (envelope: Envelope): Given => ({
  session: envelope.session_id,
  prepared: (next) => prepare(envelope.seq ? envelope : { ...envelope, seq: next }),
});

export interface WriterParts {
  readonly db: DatabaseSync;
  readonly transactions: Transactions;
  readonly turns: Turns;
  readonly waits: Waits;
  readonly answers: Answers;
  readonly index: SearchIndex;
  readonly hours: Hours;
  /** Told of what a commit has changed. */
  readonly committed: (change: Change) => void;
}

export function openWriter({ db, transactions, turns, waits, answers, index, hours, committed }: WriterParts): Writer {
  const insert = db.prepare(INSERT_EVENT);
  const insertBody = db.prepare("INSERT INTO body VALUES (?, ?)");
  const forgotten = openForgotten(db);
  const bookmarks = openBookmarks(db);
  const consumers = openConsumers(db);

  const addOne = (given: Given, sessions: WorkingSessions, texts: Indexed[]): EventRow | undefined => {
    const id = given.session;
    const before = sessions.find(id);
    const removed = before ? undefined : forgotten.of(id);
    const event = given.prepared((before?.maxSeq ?? removed ?? 0) + 1);
    const { changes, lastInsertRowid } = insert.run(...eventValues(event));
    if (changes === 0) return undefined;
    const n = Number(lastInsertRowid);
    insertBody.run(n, event.json);
    texts.push({ n, text: event.words });
    const { row, head } = event;
    const step = reduce(before, {
      kind: "event",
      row,
      head,
      ...(removed === undefined ? {} : { forgotten: Math.min(removed, row.seq - 1) }),
    });
    turns.keep(before, step);
    waits.keep(id, step.transitions);
    if (before && before.project !== step.session.project) hours.moved(before.firstAt, before.lastAt);
    sessions.put(step.session);
    return { n, ...row };
  };
  const addAll = (batch: readonly Given[]): Appended => {
    const texts: Indexed[] = [];
    const { value, sessions } = transactions.run((working) => {
      const outcomes: Outcome[] = [];
      const rows: EventRow[] = [];
      for (const envelope of batch) {
        const row = addOne(envelope, working, texts);
        outcomes.push({ kind: row ? "stored" : "repeated" });
        if (row) rows.push(row);
      }
      hours.changed(rows.map(({ t }) => t));
      const last = rows.at(-1);
      if (last) working.added(rows.length, last.n);
      return { outcomes, rows };
    });
    index.take(texts);
    if (value.rows.length > 0) committed({ rows: value.rows, sessions });
    return value;
  };
  /** Each alone: one that cannot be kept must not hold up the others for ever. */
  const addEach = (batch: readonly Given[]): Appended => {
    const outcomes: Outcome[] = [];
    const rows: EventRow[] = [];
    for (const one of batch) {
      const added = addBatch([one]);
      outcomes.push(...added.outcomes);
      rows.push(...added.rows);
      if (added.trouble) return { outcomes, rows, trouble: added.trouble };
    }
    return { outcomes, rows };
  };
  const addBatch = (batch: readonly Given[]): Appended => {
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
  const learn = (session: Session, fact: Fact): Session => {
    if (fact.kind === "answers") return answers.add(session, fact.answers);
    const step = reduce(session, fact);
    turns.keep(session, step);
    waits.keep(session.id, step.transitions);
    return step.session;
  };
  /** Runs the work as a transaction; what the store cannot do is a value. */
  const attempt = (work: (sessions: WorkingSessions) => void): StoreTrouble | undefined => {
    try {
      const { sessions } = transactions.run(work);
      if (sessions.length > 0) committed({ rows: [], sessions });
      return undefined;
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble) return trouble;
      throw error;
    }
  };

  return {
    append: (batch) => addBatch(batch.map(givenOf)),
    keep: (batch) => addBatch(batch.map((event) => ({ session: event.row.session, prepared: () => event }))),
    record: (batch) =>
      attempt((sessions) => {
        for (const { session: id, facts, bookmark } of batch) {
          const session = sessions.find(id);
          if (!session) continue;
          sessions.put(facts.reduce(learn, session));
          if (bookmark) bookmarks.keep(bookmark.name, bookmark.value);
        }
      }),
    bookmark: bookmarks.of,
    consumers: consumers.all,
    advance: (name, n) => attempt(() => consumers.advance(name, n)),
    dismiss: (name) => attempt(() => consumers.dismiss(name)),
  };
}

function openBookmarks(db: DatabaseSync) {
  const find = db.prepare("SELECT value FROM bookmark WHERE name = ?");
  const keep = db.prepare("INSERT OR REPLACE INTO bookmark VALUES (?, ?)");
  return {
    of(name: string): string | undefined {
      const found = find.get(name);
      return found && text(found, "value");
    },
    keep: (name: string, value: string) => void keep.run(name, value),
  };
}

function openConsumers(db: DatabaseSync) {
  const select = db.prepare("SELECT name, n, missed FROM consumer ORDER BY name");
  const keep = db.prepare("INSERT INTO consumer VALUES (?, ?, 0) ON CONFLICT (name) DO UPDATE SET n = excluded.n");
  const remove = db.prepare("DELETE FROM consumer WHERE name = ?");
  return {
    all: (): Consumer[] =>
      select.all().map((row) => ({ name: text(row, "name"), n: integer(row, "n"), missed: integer(row, "missed") })),
    advance: (name: string, n: number) => void keep.run(name, n),
    dismiss: (name: string) => void remove.run(name),
  };
}
