// Removing for good: by age, by size, and what is to be forgotten; from every place, in small steps.
// - A session goes with its last event, and with it its turns, its answers and what it is found by.
// - What is left of a session that goes on is as young as the limit: its first prompt goes with its event.

import { rmSync } from "node:fs";
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { integer, text } from "../columns.ts";
import type { Change, Forget, Limits, Removed } from "../port.ts";
import { allRemoved, type Because, NOTHING_REMOVED, younger } from "../removal.ts";
import { setAsideBefore } from "./file.ts";
import { openForgotten } from "./forgotten.ts";
import type { Hours } from "./hours.ts";
import type { Projects } from "./projects.ts";
import type { SearchIndex } from "./search-index.ts";
import type { Transactions, WorkingSessions } from "./transaction.ts";

/** Pages of the index that are written in one step while it is merged. */
const MERGED_PAGES = 100;
/** A merge that changed fewer rows had nothing left to do: https://sqlite.org/fts5.html#the_merge_command */
const MERGED_CHANGES = 2;
/** Events removed in one step; of a small store, beyond its size, only a part of it. */
const STEP = 500;
const PART = 20;

export interface Removal {
  retain(limits: Limits): Removed;
  forget(which: Forget): Promise<Removed>;
  bytes(): number;
}

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

export function openRemoval({ db, file, projects, transactions, index, hours, committed }: RemovalParts): Removal {
  const forgotten = openForgotten(db);
  const ofEvent = [
    "DELETE FROM event WHERE n = ?",
    "DELETE FROM body WHERE n = ?",
    "DELETE FROM search WHERE rowid = ?",
  ].map((sql) => db.prepare(sql));
  const miss = db.prepare("UPDATE consumer SET missed = missed + ? WHERE n < ?");
  const consumers = db.prepare("SELECT n FROM consumer");
  const hasEvents = db.prepare("SELECT 1 FROM event WHERE session = ? LIMIT 1");
  const ofSession = ["turn", "answer", "wait", "rebuild"].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE session = ?`),
  );
  const pragma = (name: string) => integer(db.prepare(`PRAGMA ${name}`).get(), name);
  const bytes = () => (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");

  const dropSession = (id: string, sessions: WorkingSessions): number => {
    const session = sessions.find(id);
    if (session) forgotten.keep(id, session.maxSeq);
    const changes = ofSession.map((statement) => Number(statement.run(id).changes));
    sessions.drop(id);
    return changes[1] ?? 0;
  };
  /** Removes the events that a SELECT of `n`, `session` and `t` finds, and sessions that have none left. */
  const removeEvents = (because: Because, select: string, ...values: SQLInputValue[]): Removed => {
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
      for (const consumer of consumers.all()) {
        const at = integer(consumer, "n");
        const unread = doomed.filter(({ n }) => n > at).length;
        if (unread > 0 && because === "limit") miss.run(unread, at + 1);
      }
      const gone = [...new Set(doomed.map(({ session }) => session))].filter((id) => !hasEvents.get(id));
      const answers = gone.reduce((sum, id) => sum + dropSession(id, sessions), 0);
      projects.dropUnused();
      return { removed: { events: doomed.length, sessions: gone.length, answers }, gone };
    });
    committed({ rows: [], sessions: [...changed, ...value.gone] });
    db.exec(`PRAGMA incremental_vacuum(${STEP})`);
    return value.removed;
  };
  /** What else is older than the limit: answers, turns, first prompts, files that were set aside. */
  const removeOld = (before: number): Removed => {
    for (const aside of setAsideBefore(file, before)) rmSync(aside, { force: true });
    const old = db
      .prepare(`SELECT id FROM session WHERE first_at < ? LIMIT ${STEP}`)
      .all(before)
      .map((row) => text(row, "id"));
    const { value } = transactions.run((sessions) => {
      const answers = db
        .prepare(`DELETE FROM answer WHERE rowid IN (SELECT rowid FROM answer WHERE t < ? LIMIT ${STEP})`)
        .run(before);
      for (const id of old) {
        const session = sessions.find(id);
        if (!session) continue;
        db.prepare("DELETE FROM turn WHERE session = ? AND started_at < ?").run(id, before);
        db.prepare("DELETE FROM wait WHERE session = ? AND since < ?").run(id, before);
        if (hasEvents.get(id)) sessions.put(younger(session, before));
        else dropSession(id, sessions);
      }
      return { events: 0, sessions: 0, answers: Number(answers.changes) };
    });
    return value;
  };

  const remove = (because: Because, { before, maxBytes }: Limits): Removed => {
    const old = removeEvents(
      because,
      `SELECT n, session, t FROM event INDEXED BY event_time WHERE t < ? ORDER BY t LIMIT ${STEP}`,
      before,
    );
    if (old.events > 0) return old;
    const rest = removeOld(before);
    if (rest.answers > 0 || bytes() <= maxBytes) return rest;
    const part = Math.min(STEP, Math.ceil(transactions.events / PART));
    return removeEvents(because, "SELECT n, session, t FROM event ORDER BY n LIMIT ?", part);
  };
  const older = (before: number) => remove("asked", { before, maxBytes: Number.POSITIVE_INFINITY });
  const removeSessions = async (ids: readonly string[]): Promise<Removed> => {
    let sum = NOTHING_REMOVED;
    for (const id of ids) {
      for (let step = NOTHING_REMOVED; ; await nextTurn()) {
        step = removeEvents("asked", `SELECT n, session, t FROM event WHERE session = ? LIMIT ${STEP}`, id);
        if (step.events === 0) break;
        sum = allRemoved(sum, step);
      }
    }
    return sum;
  };

  /** A removed row leaves its words in the index until the segments that hold them are merged: all are. */
  const mergeIndex = async (): Promise<void> => {
    const merge = db.prepare("INSERT INTO search (search, rank) VALUES ('merge', ?)");
    const changes = db.prepare("SELECT total_changes() AS count");
    const count = () => integer(changes.get(), "count");
    for (let pages = -MERGED_PAGES, before = count(); ; before = count(), pages = MERGED_PAGES) {
      merge.run(pages);
      if (count() - before < MERGED_CHANGES) return;
      await nextTurn();
    }
  };

  return {
    bytes,
    retain: (limits) => remove("limit", limits),
    async forget(which) {
      let sum = NOTHING_REMOVED;
      db.exec("PRAGMA secure_delete = ON");
      try {
        if ("session" in which) sum = await removeSessions([which.session]);
        else if ("project" in which) {
          const paths = projects.find(which.project);
          const ids = db
            .prepare(`SELECT id FROM session WHERE project IN (${paths.map(() => "?").join()})`)
            .all(...paths)
            .map((row) => text(row, "id"));
          sum = await removeSessions(ids);
        } else
          for (let step = older(which.before); step.events + step.answers > 0; await nextTurn()) {
            sum = allRemoved(sum, step);
            step = older(which.before);
          }
        if (sum.events > 0) await mergeIndex();
      } finally {
        db.exec("PRAGMA secure_delete = OFF; PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
      }
      return sum;
    },
  };
}
