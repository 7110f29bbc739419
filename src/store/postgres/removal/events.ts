// Removing events, a small step at a time, and sessions with their last event.
// - Words of an event that is of a block leave it by a trigger of the database (migrations.ts).

import type { Columns } from "../../columns.ts";
import { integer, maybeText, text } from "../../columns.ts";
import type { Removed } from "../../port.ts";
import { type Because, NOTHING_REMOVED } from "../../removal.ts";
import { lockSessions, touch } from "../changes.ts";
import { dropUnusedProjects } from "../projects.ts";
import { within } from "../scope.ts";
import type { RemovalParts } from "./removal.ts";
import { dropSessions, withEvents } from "./sessions.ts";

/** So many blocks are written anew in one step at most: one takes some ms. */
const BLOCKS = 100;

/** Which events: those that a condition on `e`, with its values, finds. */
interface Doomed {
  readonly condition: string;
  readonly values: readonly unknown[];
  readonly limit: number;
}

/** Removes the events that a condition on `e` finds, up to a number, and sessions that have none left. */
export async function removeEvents(
  { database, scope, committed }: RemovalParts,
  because: Because,
  { condition, values, limit }: Doomed,
): Promise<Removed> {
  const { tenant, user } = scope;
  const result = await database.write(scope, async (sql) => {
    const found = await sql.rows(
      `SELECT e.week, e.id, e.session, e.user_id, e.block FROM mpm.event e WHERE ${within(scope, "e")} AND ${condition} LIMIT ${limit}`,
      values,
    );
    const doomed = ofFewBlocks(found);
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
    const left = await withEvents(sql, scope, sessions);
    const over = sessions.filter((id) => !left.has(id));
    const answers = await dropSessions(sql, scope, over);
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
}

/** The first of the events, up to those of another block beyond the limit. */
function ofFewBlocks(events: readonly Columns[]): readonly Columns[] {
  const blocks = new Set<string>();
  const beyond = events.findIndex((row) => {
    const block = maybeText(row, "block");
    if (block !== undefined) blocks.add(block);
    return blocks.size > BLOCKS;
  });
  return beyond === -1 ? events : events.slice(0, beyond);
}
