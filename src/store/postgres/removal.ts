// Removing for good: by age, by size, and what is to be forgotten; from every place, in small steps.
// - A session goes with its last event, and with it its turns, its answers and what it is found by.
// - A week of which everything is too old goes with its partitions, at once; so does one that has become empty.
// - The size is what the envelopes take, and as much again for their indexes: files shrink long after rows are gone.

import { integer, text } from "../columns.ts";
import type { Forget, Limits, Removed } from "../port.ts";
import { allRemoved, type Because, NOTHING_REMOVED, younger } from "../removal.ts";
import type { Database, Statements } from "./connection.ts";
import { SCHEMA_LOCK, WEEKLY } from "./migrations.ts";
import { dropUnusedProjects, findProjects } from "./projects.ts";
import { type Scope, within } from "./scope.ts";
import { findSessions, keepSessions } from "./sessions.ts";
import type { OwnedChange } from "./tail.ts";
import { storable } from "./values.ts";
import { weekOf, weeksOf } from "./weeks.ts";
import { forgottenName, lockSessions, touch } from "./writer.ts";

/** Events removed in one step; of a small store, beyond its size, only a part of it. */
const STEP = 2000;
const PART = 20;
/** Measured: with its indexes and the words, an envelope takes twice its size. */
const SIZE_FACTOR = 2;
/** Ids of events of weeks that are gone, which are forgotten in one step. */
const MANY_IDS = 20_000;
const SWEEP_EVERY_MS = 10 * 60_000;
/** What is kept for other processes, or so that nothing is told twice, as PostgreSQL writes a span of time. */
const TOUCHED_FOR = "1 day";
const CLAIMED_FOR = "90 days";
/** Sessions that are looked through for what is older than the limit in one step. */
const OLD_SESSIONS = 500;

export interface Removal {
  retain(limits: Limits): Promise<Removed>;
  forget(which: Forget): Promise<Removed>;
}

export interface RemovalParts {
  readonly database: Database;
  readonly scope: Scope;
  /** ms since 1970 */
  readonly now: () => number;
  /** Told of sessions that changed or are there no more. */
  readonly committed: (changed: OwnedChange) => Promise<void>;
}

/** Size of what a tenant has, as it is limited. */
export async function sizeOf(
  sql: Statements,
  { tenant }: Scope,
): Promise<{ events: number; bytes: number; newest: number }> {
  const [found] = await sql.rows("SELECT n, events, bytes FROM mpm.counter WHERE tenant = $1", [tenant]);
  if (!found) return { events: 0, bytes: 0, newest: 0 };
  return {
    events: integer(found, "events"),
    bytes: integer(found, "bytes") * SIZE_FACTOR,
    newest: integer(found, "n"),
  };
}

/** Whether a week has its partition of a table: another process may have dropped it. */
async function isThere(sql: Statements, table: (typeof WEEKLY)[number], week: number): Promise<boolean> {
  const [found] = await sql.rows(`SELECT to_regclass('mpm.${table}_w${week}') IS NOT NULL AS there`);
  return found?.["there"] === true;
}

export function openRemoval({ database, scope, now, committed }: RemovalParts): Removal {
  const { tenant, user } = scope;
  /** When it was last looked for what else may go. */
  let sweptAt = Number.NEGATIVE_INFINITY;

  const hasEvents = async (sql: Statements, ids: readonly string[]): Promise<Set<string>> => {
    const found = await sql.rows(
      `SELECT asked AS id FROM unnest($2::text[]) AS asked
       WHERE EXISTS (SELECT 1 FROM mpm.event e WHERE e.tenant = $1 AND e.session = asked)`,
      [tenant, ids.map(storable)],
    );
    return new Set(found.map((row) => text(row, "id")));
  };
  /** Answers how many answers went with them. */
  const dropSessions = async (sql: Statements, ids: readonly string[]): Promise<number> => {
    if (ids.length === 0) return 0;
    const sessions = await findSessions(sql, scope, ids);
    await sql.run(
      `INSERT INTO mpm.forgotten (tenant, user_id, session, seq) SELECT $1, $2, * FROM unnest($3::text[], $4::bigint[])
       ON CONFLICT (tenant, session) DO UPDATE SET seq = excluded.seq`,
      [tenant, user, sessions.map(({ id }) => forgottenName(id)), sessions.map(({ maxSeq }) => maxSeq)],
    );
    for (const table of ["turn", "wait"])
      await sql.run(`DELETE FROM mpm.${table} WHERE tenant = $1 AND session = ANY ($2)`, [tenant, ids]);
    const answers = await sql.run("DELETE FROM mpm.answer WHERE tenant = $1 AND session = ANY ($2)", [tenant, ids]);
    await sql.run("DELETE FROM mpm.session WHERE tenant = $1 AND id = ANY ($2)", [tenant, ids]);
    return answers;
  };
  /** Removes the events that a condition on `e` finds, and sessions that have none left. */
  const removeEvents = async (
    because: Because,
    condition: string,
    values: readonly unknown[],
    limit: number,
  ): Promise<Removed> => {
    const result = await database.write(scope, async (sql) => {
      const doomed = await sql.rows(
        `SELECT e.week, e.n, e.id, e.session, e.user_id, e.bytes FROM mpm.event e WHERE ${within(scope, "e")} AND ${condition} LIMIT ${limit}`,
        values,
      );
      if (doomed.length === 0) return { removed: NOTHING_REMOVED, touched: [] };
      const ownerOf = new Map(doomed.map((row) => [text(row, "session"), text(row, "user_id")]));
      const sessions = [...ownerOf.keys()];
      await lockSessions(sql, scope, sessions);
      const ids = doomed.map((row) => text(row, "id"));
      const weeks = [...new Set(doomed.map((row) => integer(row, "week")))];
      for (const table of ["body", "words"])
        await sql.run(`DELETE FROM mpm.${table} WHERE tenant = $1 AND id = ANY ($2) AND week = ANY ($3)`, [
          tenant,
          ids,
          weeks,
        ]);
      await sql.run("DELETE FROM mpm.known WHERE tenant = $1 AND id = ANY ($2)", [tenant, ids]);
      const gone = await sql.rows(
        `DELETE FROM mpm.event WHERE tenant = $1 AND id = ANY ($2) AND week = ANY ($3) RETURNING n, bytes`,
        [tenant, ids, weeks],
      );
      const places = gone.map((row) => integer(row, "n"));
      const bytes = gone.reduce((sum, row) => sum + integer(row, "bytes"), 0);
      if (because === "limit")
        await sql.run(
          `UPDATE mpm.consumer c SET missed = missed + (SELECT count(*) FROM unnest($2::bigint[]) AS n WHERE n > c.n)
           WHERE c.tenant = $1`,
          [tenant, places],
        );
      const left = await hasEvents(sql, sessions);
      const over = sessions.filter((id) => !left.has(id));
      const answers = await dropSessions(sql, over);
      await dropUnusedProjects(sql, scope);
      await sql.run("UPDATE mpm.counter SET events = events - $2, bytes = bytes - $3 WHERE tenant = $1", [
        tenant,
        gone.length,
        bytes,
      ]);
      const touched = over.map((id) => ({ id, owner: ownerOf.get(id) ?? user }));
      await touch(sql, scope, touched);
      return { removed: { events: gone.length, sessions: over.length, answers }, touched };
    });
    if (result.touched.length > 0) await committed({ rows: [], owners: [], sessions: result.touched });
    return result.removed;
  };
  /** What else is older than the limit: answers, turns, waits, first prompts, and sessions that have no event left. */
  const removeOld = async (before: number): Promise<Removed> => {
    const { removed, touched, isMore } = await database.write(scope, async (sql) => {
      const answers = await sql.run(
        `DELETE FROM mpm.answer WHERE tenant = $1 AND id IN
          (SELECT a.id FROM mpm.answer a WHERE ${within(scope, "a")} AND a.t < $2 LIMIT ${STEP})`,
        [tenant, before],
      );
      const old = await sql.rows(
        `SELECT s.id, s.user_id FROM mpm.session s WHERE ${within(scope, "s")} AND s.first_at < $1 ORDER BY s.id LIMIT ${OLD_SESSIONS}`,
        [before],
      );
      const ids = old.map((row) => text(row, "id"));
      if (ids.length === 0) return { removed: { ...NOTHING_REMOVED, answers }, touched: [], isMore: false };
      await lockSessions(sql, scope, ids);
      await sql.run("DELETE FROM mpm.turn WHERE tenant = $1 AND session = ANY ($2) AND started_at < $3", [
        tenant,
        ids,
        before,
      ]);
      await sql.run("DELETE FROM mpm.wait WHERE tenant = $1 AND session = ANY ($2) AND since < $3", [
        tenant,
        ids,
        before,
      ]);
      const left = await hasEvents(sql, ids);
      const sessions = await findSessions(sql, scope, [...left]);
      await keepSessions(
        sql,
        scope,
        sessions.map((session) => younger(session, before)),
      );
      const touched = old
        .map((row) => ({ id: text(row, "id"), owner: text(row, "user_id") }))
        .filter(({ id }) => !left.has(id));
      const gone = await dropSessions(
        sql,
        touched.map(({ id }) => id),
      );
      await touch(sql, scope, touched);
      const removed = { events: 0, sessions: touched.length, answers: answers + gone };
      return { removed, touched, isMore: ids.length === OLD_SESSIONS };
    });
    if (touched.length > 0) await committed({ rows: [], owners: [], sessions: touched });
    // Where all of these go on, they are younger now, and others are looked at: nothing removed says that nothing is left.
    return removed.sessions + removed.answers === 0 && isMore ? removeOld(before) : removed;
  };
  /** The first week that is over and of this tenant alone, if all of it is older: its partitions are dropped. */
  const dropOldWeek = async (because: Because, before: number): Promise<Removed> => {
    const week = (await database.read(scope, weeksOf)).at(-1);
    if (week === undefined || week >= weekOf(now()) || scope.users) return NOTHING_REMOVED;
    return database.write(
      scope,
      async (sql) => {
        if (!(await isThere(sql, "event", week))) return NOTHING_REMOVED; // by another process
        const [whole] = await sql.rows(
          `SELECT coalesce(min(e.tenant) = $1 AND max(e.tenant) = $1, false) AS own,
            (SELECT max(o.t) FROM mpm.event_w${week} o WHERE o.tenant = $1) AS latest FROM mpm.event_w${week} e`,
          [tenant],
        );
        if (whole?.["own"] !== true || integer(whole, "latest") >= before) return NOTHING_REMOVED;
        await sql.run("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
        if (!(await isThere(sql, "event", week))) return NOTHING_REMOVED;
        const [sum] = await sql.rows(`SELECT count(*) AS events, sum(e.bytes) AS bytes FROM mpm.event_w${week} e`);
        const events = integer(sum, "events");
        if (because === "limit")
          await sql.run(
            `UPDATE mpm.consumer c SET missed = missed + (SELECT count(*) FROM mpm.event_w${week} e WHERE e.n > c.n) WHERE c.tenant = $1`,
            [tenant],
          );
        for (const table of WEEKLY) await sql.run(`DROP TABLE mpm.${table}_w${week}`);
        await sql.run("UPDATE mpm.counter SET events = events - $2, bytes = bytes - $3 WHERE tenant = $1", [
          tenant,
          events,
          integer(sum, "bytes"),
        ]);
        return { ...NOTHING_REMOVED, events };
      },
      true,
    );
  };
  /** What is left of weeks that were dropped, and what other processes have long seen. Answers whether there may be more. */
  const sweep = async (): Promise<boolean> => {
    const oldest = (await database.read(scope, weeksOf)).at(-1);
    return database.write(scope, async (sql) => {
      const ids = await sql.run(
        `DELETE FROM mpm.known WHERE ctid = ANY (ARRAY(SELECT k.ctid FROM mpm.known k WHERE k.tenant = $1 AND k.week < $2 LIMIT ${MANY_IDS}))`,
        [tenant, oldest ?? 0],
      );
      const touched = await sql.run(
        `WITH first AS (SELECT c.ctid, c.at FROM mpm.touched c WHERE c.tenant = $1 ORDER BY c.touch LIMIT ${MANY_IDS})
         DELETE FROM mpm.touched WHERE ctid = ANY (ARRAY(SELECT first.ctid FROM first WHERE first.at < now() - interval '${TOUCHED_FOR}'))`,
        [tenant],
      );
      await sql.run(`DELETE FROM mpm.claimed WHERE tenant = $1 AND at < now() - interval '${CLAIMED_FOR}'`, [tenant]);
      return ids === MANY_IDS || touched === MANY_IDS;
    });
  };
  /** Partitions of weeks that are over and hold nothing any more, of no tenant. */
  const dropEmptyWeeks = async (): Promise<void> => {
    const weeks = (await database.read(scope, weeksOf)).filter((week) => week < weekOf(now()));
    for (const week of weeks)
      await database.write(scope, async (sql) => {
        await sql.run("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
        for (const table of WEEKLY) {
          if (!(await isThere(sql, table, week))) return;
          const [row] = await sql.rows(`SELECT 1 AS one FROM mpm.${table}_w${week} LIMIT 1`);
          if (row) return;
        }
        for (const table of WEEKLY) await sql.run(`DROP TABLE mpm.${table}_w${week}`);
      });
  };
  const remove = async (because: Because, { before, maxBytes }: Limits): Promise<Removed> => {
    const week = await dropOldWeek(because, before);
    if (week.events > 0) {
      sweptAt = Number.NEGATIVE_INFINITY;
      return week;
    }
    const old = await removeEvents(because, "e.t < $1 ORDER BY e.t", [before], STEP);
    if (old.events > 0) return old;
    const rest = await removeOld(before);
    if (rest.answers + rest.sessions > 0) return rest;
    const { events, bytes } = await database.read(scope, (sql) => sizeOf(sql, scope));
    if (bytes <= maxBytes) {
      if (now() - sweptAt >= SWEEP_EVERY_MS) {
        sweptAt = now();
        await dropEmptyWeeks();
        while (await sweep());
      }
      return rest;
    }
    return removeEvents(because, "true ORDER BY e.n", [], Math.min(STEP, Math.ceil(events / PART)));
  };
  const removeSessions = async (ids: readonly string[]): Promise<Removed> => {
    let sum = NOTHING_REMOVED;
    for (const id of ids)
      for (let step = await removeEvents("asked", "e.session = $1", [id], STEP); step.events > 0; ) {
        sum = allRemoved(sum, step);
        step = await removeEvents("asked", "e.session = $1", [id], STEP);
      }
    return sum;
  };

  return {
    retain: (limits) => remove("limit", limits),
    async forget(which) {
      if ("session" in which) return removeSessions([storable(which.session)]);
      if ("project" in which) {
        const ids = await database.read(scope, async (sql) => {
          const paths = await findProjects(sql, scope, which.project);
          return sql.rows(`SELECT s.id FROM mpm.session s WHERE ${within(scope, "s")} AND s.project = ANY ($1)`, [
            paths,
          ]);
        });
        return removeSessions(ids.map((row) => text(row, "id")));
      }
      let sum = NOTHING_REMOVED;
      for (;;) {
        const step = await remove("asked", { before: which.before, maxBytes: Number.POSITIVE_INFINITY });
        if (step.events + step.sessions + step.answers === 0) return sum;
        sum = allRemoved(sum, step);
      }
    },
  };
}
