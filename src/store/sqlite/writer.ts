// Writing: batches of events, facts about sessions, bookmarks and consumers. One transaction each.

import type { DatabaseSync } from "node:sqlite";
import type { Envelope } from "../../contract/envelope.ts";
import { reduce } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { integer, text } from "../columns.ts";
import type { Appended, Change, Consumer, Fact, SessionFacts, StoreTrouble } from "../port.ts";
import type { Prepared } from "../prepared.ts";
import type { Answers } from "./answers.ts";
import { givenAs, givenBy, openAppend } from "./append.ts";
import { troubleOf } from "./file.ts";
import type { Hours } from "./hours.ts";
import type { SearchIndex } from "./search-index.ts";
import type { Transactions, WorkingSessions } from "./transaction.ts";
import type { Turns } from "./turns.ts";
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
  const append = openAppend({ db, transactions, turns, waits, index, hours, committed });
  const bookmarks = openBookmarks(db);
  const consumers = openConsumers(db);

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
    append: (batch) => append(batch.map(givenBy)),
    keep: (batch) => append(batch.map(givenAs)),
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
