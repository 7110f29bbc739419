// Weeks that are over go with their partitions, at once: one of which everything is too old, and one that has become empty.

import { integer } from "../../columns.ts";
import type { Removed } from "../../port.ts";
import { type Because, NOTHING_REMOVED } from "../../removal.ts";
import type { Statements } from "../connection.ts";
import { isTable, SCHEMA_LOCK, WEEKLY } from "../migrations.ts";
import { weekOf, weeksOf } from "../weeks.ts";
import type { RemovalParts } from "./removal.ts";

/**
 * While a table is waited for to take a partition away from it, all others wait for it, too: that is given up soon where a
 * backup reads it, and tried again later.
 */
const NOT_IN_THE_WAY = "SET LOCAL lock_timeout = 200";

/** Whether a week has its partition of a table: another process may have dropped it. */
async function isThere(sql: Statements, table: (typeof WEEKLY)[number], week: number): Promise<boolean> {
  const [found] = await sql.rows(`SELECT ${isTable(`'${table}_w${week}'`)} AS there`);
  return found?.["there"] === true;
}

/** The first week that is over and of this tenant alone, if all of it is older: its partitions are dropped. */
export async function dropOldWeek(
  { database, scope, now }: RemovalParts,
  because: Because,
  before: number,
): Promise<Removed> {
  const { tenant } = scope;
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
      await sql.run(NOT_IN_THE_WAY);
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
    "long",
  );
}

/** Partitions of weeks that are over and hold nothing any more, of no tenant. */
export async function dropEmptyWeeks({ database, scope, now }: RemovalParts): Promise<void> {
  const weeks = (await database.read(scope, weeksOf)).filter((week) => week < weekOf(now()));
  for (const week of weeks)
    await database.write(scope, async (sql) => {
      await sql.run("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
      await sql.run(NOT_IN_THE_WAY);
      for (const table of WEEKLY) {
        if (!(await isThere(sql, table, week))) return;
        const [row] = await sql.rows(`SELECT 1 AS one FROM mpm.${table}_w${week} LIMIT 1`);
        if (row) return;
      }
      for (const table of WEEKLY) await sql.run(`DROP TABLE mpm.${table}_w${week}`);
    });
}
