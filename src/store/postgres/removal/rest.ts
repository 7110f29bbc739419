// What else is old, and what is there no more for anybody.

import { text } from "../../columns.ts";
import type { Removed } from "../../port.ts";
import { NOTHING_REMOVED, younger } from "../../removal.ts";
import { lockSessions, touch } from "../changes.ts";
import { within } from "../scope.ts";
import { findSessions, keepSessions } from "../sessions.ts";
import { weeksOf } from "../weeks.ts";
import type { RemovalParts } from "./removal.ts";
import { dropSessions, withEvents } from "./sessions.ts";

/** Answers removed in one step. */
const ANSWERS = 2000;
/** Sessions that are looked through for what is older than the limit in one step. */
const OLD_SESSIONS = 500;
/** Ids of events of weeks that are gone, which are forgotten in one step. */
const MANY_IDS = 20_000;
/** What is kept for other processes, or so that nothing is told twice, as PostgreSQL writes a span of time. */
const TOUCHED_FOR = "1 day";
const CLAIMED_FOR = "90 days";

/** What else is older than the limit: answers, turns, waits, first prompts, and sessions that have no event left. */
export async function removeOld(parts: RemovalParts, before: number): Promise<Removed> {
  const { database, scope, committed } = parts;
  const { tenant } = scope;
  const { removed, touched, isMore } = await database.write(scope, async (sql) => {
    const answers = await sql.run(
      `DELETE FROM mpm.answer WHERE tenant = $1 AND id IN
        (SELECT a.id FROM mpm.answer a WHERE ${within(scope, "a")} AND a.t < $2 LIMIT ${ANSWERS})`,
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
    const left = await withEvents(sql, scope, ids);
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
      scope,
      touched.map(({ id }) => id),
    );
    await touch(sql, scope, touched);
    const removed = { events: 0, sessions: touched.length, answers: answers + gone };
    return { removed, touched, isMore: ids.length === OLD_SESSIONS };
  });
  if (touched.length > 0) await committed({ rows: [], owners: [], sessions: touched });
  // Where all of these go on, they are younger now, and others are looked at: nothing removed says that nothing is left.
  return removed.sessions + removed.answers === 0 && isMore ? removeOld(parts, before) : removed;
}

/** What is left of weeks that were dropped, and what other processes have long seen. Answers whether there may be more. */
export async function sweep({ database, scope }: RemovalParts): Promise<boolean> {
  const { tenant } = scope;
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
}
