// Removing for good: by age, by size, and what is to be forgotten; from every place, in small steps.
// - A session goes with its last event, and with it its turns, its answers and what it is found by.
// - What is left of a session that goes on is as young as the limit: its first prompt goes with its event.

import type { DatabaseSync } from "node:sqlite";
import { setImmediate as nextTurn } from "node:timers/promises";
import { integer, text } from "../columns.ts";
import type { Forget, Limits, Removed } from "../port.ts";
import { allRemoved, type Because, NOTHING_REMOVED } from "../removal.ts";
import { openSteps, type RemovalParts, STEP, type Steps } from "./removal-steps.ts";

/** Of a small store, beyond its size, only a part goes in one step. */
const PART = 20;

export interface Removal {
  retain(limits: Limits): Removed;
  forget(which: Forget): Promise<Removed>;
  bytes(): number;
}

export function openRemoval(parts: RemovalParts): Removal {
  const { db, projects, transactions } = parts;
  const steps = openSteps(parts);
  const pragma = (name: string) => integer(db.prepare(`PRAGMA ${name}`).get(), name);
  const bytes = () => (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");

  const remove = (because: Because, { before, maxBytes }: Limits): Removed => {
    const old = steps.events(
      because,
      `SELECT n, session, t FROM event INDEXED BY event_time WHERE t < ? ORDER BY t LIMIT ${STEP}`,
      before,
    );
    if (old.events > 0) return old;
    const rest = steps.old(before);
    if (rest.answers > 0 || bytes() <= maxBytes) return rest;
    const part = Math.min(STEP, Math.ceil(transactions.events / PART));
    return steps.events(because, "SELECT n, session, t FROM event ORDER BY n LIMIT ?", part);
  };
  const forget = (which: Forget): Promise<Removed> => {
    if ("session" in which) return forgetSessions(steps, [which.session]);
    if ("project" in which) return forgetSessions(steps, sessionsOf(db, projects.find(which.project)));
    return untilNothing(() => remove("asked", { before: which.before, maxBytes: Number.POSITIVE_INFINITY }));
  };
  return {
    bytes,
    retain: (limits) => remove("limit", limits),
    async forget(which) {
      db.exec("PRAGMA secure_delete = ON");
      try {
        const removed = await forget(which);
        if (removed.events > 0) await mergeIndex(db);
        return removed;
      } finally {
        db.exec("PRAGMA secure_delete = OFF; PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
      }
    },
  };
}

function sessionsOf(db: DatabaseSync, projects: readonly string[]): string[] {
  const places = projects.map(() => "?").join();
  const rows = db.prepare(`SELECT id FROM session WHERE project IN (${places})`).all(...projects);
  return rows.map((row) => text(row, "id"));
}

async function forgetSessions(steps: Steps, ids: readonly string[]): Promise<Removed> {
  const select = `SELECT n, session, t FROM event WHERE session = ? LIMIT ${STEP}`;
  let sum = NOTHING_REMOVED;
  for (const id of ids) sum = allRemoved(sum, await untilNothing(() => steps.events("asked", select, id)));
  return sum;
}

/** Takes a step after the other, and lets others go on in between, until one removes nothing. */
async function untilNothing(step: () => Removed): Promise<Removed> {
  let sum = NOTHING_REMOVED;
  for (let removed = step(); removed.events + removed.answers > 0; removed = step()) {
    sum = allRemoved(sum, removed);
    await nextTurn();
  }
  return sum;
}

/** Pages of the index that are written in one step while it is merged. */
const MERGED_PAGES = 100;
/** A merge that changed fewer rows had nothing left to do: https://sqlite.org/fts5.html#the_merge_command */
const MERGED_CHANGES = 2;

/** A removed row leaves its words in the index until the segments that hold them are merged: all are. */
async function mergeIndex(db: DatabaseSync): Promise<void> {
  const merge = db.prepare("INSERT INTO search (search, rank) VALUES ('merge', ?)");
  const changes = db.prepare("SELECT total_changes() AS count");
  const count = () => integer(changes.get(), "count");
  for (let pages = -MERGED_PAGES, before = count(); ; before = count(), pages = MERGED_PAGES) {
    merge.run(pages);
    if (count() - before < MERGED_CHANGES) return;
    await nextTurn();
  }
}
