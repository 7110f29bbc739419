// Steps of a removal, each one transaction of few rows: events and what goes with them, and what is old besides.

import { rmSync } from "node:fs";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { integer, text } from "../columns.ts";
import type { Change, Removed } from "../port.ts";
import { type Because, NOTHING_REMOVED, younger } from "../removal.ts";
import { setAsideBefore } from "./file.ts";
import { openForgotten } from "./forgotten.ts";
import type { Hours } from "./hours.ts";
import type { Projects } from "./projects.ts";
import type { SearchIndex } from "./search-index.ts";
import type { Transactions, WorkingSessions } from "./transaction.ts";

/** Events removed in one step. */
export const STEP = 500;

export interface RemovalParts {
  readonly db: DatabaseSync;
  /** Path of the store. */
  readonly file: string;
  readonly projects: Projects;
  readonly transactions: Transactions;
  readonly index: SearchIndex;
  readonly hours: Hours;
  /** Told of sessions that changed or are there no more. */
  readonly committed: (change: Change) => void;
}

export interface Steps {
  /** Removes the events that a SELECT of `n`, `session` and `t` finds, and sessions that have none left. */
  events(because: Because, select: string, ...values: SQLInputValue[]): Removed;
  /** Removes what else is older than the limit, ms: answers, turns, first prompts, files that were set aside. */
  old(before: number): Removed;
}

export function openSteps({ db, file, projects, transactions, index, hours, committed }: RemovalParts): Steps {
  const sessionsIn = openSessionRemoval(db);
  const ofEvent = [
    "DELETE FROM event WHERE n = ?",
    "DELETE FROM body WHERE n = ?",
    "DELETE FROM search WHERE rowid = ?",
  ].map((sql) => db.prepare(sql));
  const missed = openMissed(db);

  return {
    events(because, select, ...values) {
      const doomed = db
        .prepare(select)
        .all(...values)
        .map((row) => ({ n: integer(row, "n"), session: text(row, "session"), t: integer(row, "t") }));
      if (doomed.length === 0) return NOTHING_REMOVED;
      index.complete(); // what is to go has to be there
      const { value, sessions: changed } = transactions.run((sessions) => {
        for (const { n } of doomed) for (const statement of ofEvent) statement.run(n);
        hours.changed(doomed.map(({ t }) => t));
        sessions.removed(doomed.length);
        if (because === "limit") missed.count(doomed.map(({ n }) => n));
        const { gone, answers } = sessionsIn.dropEmpty(new Set(doomed.map(({ session }) => session)), sessions);
        projects.dropUnused();
        return { removed: { events: doomed.length, sessions: gone.length, answers }, gone };
      });
      committed({ rows: [], sessions: [...changed, ...value.gone] });
      db.exec(`PRAGMA incremental_vacuum(${STEP})`);
      return value.removed;
    },
    old(before) {
      for (const aside of setAsideBefore(file, before)) rmSync(aside, { force: true });
      const { value: answers } = transactions.run((sessions) => sessionsIn.dropOld(before, sessions));
      return { events: 0, sessions: 0, answers };
    },
  };
}

/** What consumers had not read yet of what is removed. */
function openMissed(db: DatabaseSync) {
  const miss = db.prepare("UPDATE consumer SET missed = missed + ? WHERE n < ?");
  const consumers = db.prepare("SELECT n FROM consumer");
  return {
    count(removed: readonly number[]): void {
      for (const consumer of consumers.all()) {
        const at = integer(consumer, "n");
        const unread = removed.filter((n) => n > at).length;
        if (unread > 0) miss.run(unread, at + 1);
      }
    },
  };
}

/** Sessions, and what is kept beside their events. */
function openSessionRemoval(db: DatabaseSync) {
  const forgotten = openForgotten(db);
  const hasEvents = db.prepare("SELECT 1 FROM event WHERE session = ? LIMIT 1");
  const answers = db.prepare("DELETE FROM answer WHERE session = ?");
  const others = ["turn", "wait", "rebuild"].map((table) => db.prepare(`DELETE FROM ${table} WHERE session = ?`));

  /** How many answers went with it. */
  const drop = (id: string, sessions: WorkingSessions): number => {
    const session = sessions.find(id);
    if (session) forgotten.keep(id, session.maxSeq);
    for (const statement of others) statement.run(id);
    const { changes } = answers.run(id);
    sessions.drop(id);
    return Number(changes);
  };
  return {
    /** Those of them that have no event left. */
    dropEmpty(ids: ReadonlySet<string>, sessions: WorkingSessions): { gone: string[]; answers: number } {
      const gone = [...ids].filter((id) => !hasEvents.get(id));
      return { gone, answers: gone.reduce((sum, id) => sum + drop(id, sessions), 0) };
    },
    /** What is older of some sessions and answers, and how many answers that were. */
    dropOld(before: number, sessions: WorkingSessions): number {
      const old = db
        .prepare(`SELECT id FROM session WHERE first_at < ? LIMIT ${STEP}`)
        .all(before)
        .map((row) => text(row, "id"));
      const { changes } = db
        .prepare(`DELETE FROM answer WHERE rowid IN (SELECT rowid FROM answer WHERE t < ? LIMIT ${STEP})`)
        .run(before);
      for (const id of old) {
        const session = sessions.find(id);
        if (!session) continue;
        db.prepare("DELETE FROM turn WHERE session = ? AND started_at < ?").run(id, before);
        db.prepare("DELETE FROM wait WHERE session = ? AND since < ?").run(id, before);
        if (hasEvents.get(id)) sessions.put(younger(session, before));
        else drop(id, sessions);
      }
      return Number(changes);
    },
  };
}
