// What each person of a team has done in a span of time, and what it cost.

import type { PersonActivity } from "../../contract/team.ts";
import type { Columns } from "../columns.ts";
import { integer, text } from "../columns.ts";
import type { Pricing } from "../port.ts";
import type { TeamStore } from "../team.ts";
import type { Statements } from "./connection.ts";

type Asked = Parameters<TeamStore["activity"]>[0];

export async function activity(
  sql: Statements,
  tenant: string,
  { since, until, person }: Asked,
  pricing: Pricing,
): Promise<PersonActivity[]> {
  const span = [tenant, Math.ceil(since), Math.floor(until), person ?? null];
  const of = (table: string) => `${table}.tenant = $1 AND ($4::text IS NULL OR ${table}.user_id = $4)`;
  const counted = await sql.rows(
    `SELECT e.user_id AS person, count(*) AS events, count(e.failed) AS failures, count(DISTINCT e.session) AS sessions,
       max(e.t) AS last_at FROM mpm.event e WHERE ${of("e")} AND e.t BETWEEN $2 AND $3 GROUP BY e.user_id`,
    span,
  );
  const answers = await sql.rows(
    `SELECT a.user_id AS person, a.model, max(a.t) AS t, sum(a.input) AS input, sum(a.output) AS output,
       sum(a.cache_read) AS cache_read, sum(a.cache_write) AS cache_write, sum(a.cache_write_hour) AS cache_write_hour
     FROM mpm.answer a WHERE ${of("a")} AND a.t BETWEEN $2 AND $3 GROUP BY a.user_id, a.model, a.t / 86400000`,
    span,
  );
  const costs = costsOf(answers, pricing);
  const ids = new Set([...counted.map((row) => text(row, "person")), ...costs.keys()]);
  return [...ids].map((id): PersonActivity => {
    const row = counted.find((one) => text(one, "person") === id);
    const cost = costs.get(id);
    return {
      person: id,
      sessions: row ? integer(row, "sessions") : 0,
      events: row ? integer(row, "events") : 0,
      failures: row ? integer(row, "failures") : 0,
      ...(row ? { lastAt: integer(row, "last_at") } : {}),
      ...(cost === undefined ? {} : { cost }),
    };
  });
}

/** US dollars, by person. */
function costsOf(answers: readonly Columns[], pricing: Pricing): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (const row of answers) {
    const hour = integer(row, "cache_write_hour");
    const tokens = {
      input: integer(row, "input"),
      output: integer(row, "output"),
      cacheRead: integer(row, "cache_read"),
      cacheWrite: integer(row, "cache_write"),
      ...(hour > 0 ? { cacheWriteHour: hour } : {}),
    };
    const cost = pricing.cost(text(row, "model"), tokens, integer(row, "t"));
    const id = text(row, "person");
    if (cost !== undefined) costs.set(id, (costs.get(id) ?? 0) + cost);
  }
  return costs;
}
