// Sessions that have no event left go, with their turns, their answers and what they are found by.

import { text } from "../../columns.ts";
import type { Statements } from "../connection.ts";
import { forgottenName } from "../forgotten.ts";
import type { Scope } from "../scope.ts";
import { findSessions } from "../sessions.ts";
import { storable } from "../values.ts";

/** Those of the sessions that have an event. */
export async function withEvents(sql: Statements, { tenant }: Scope, ids: readonly string[]): Promise<Set<string>> {
  const found = await sql.rows(
    `SELECT asked AS id FROM unnest($2::text[]) AS asked
     WHERE EXISTS (SELECT 1 FROM mpm.event e WHERE e.tenant = $1 AND e.session = asked)`,
    [tenant, ids.map(storable)],
  );
  return new Set(found.map((row) => text(row, "id")));
}

/** Removes sessions and all that is kept of them beside events. Answers how many answers went with them. */
export async function dropSessions(sql: Statements, scope: Scope, ids: readonly string[]): Promise<number> {
  const { tenant, user } = scope;
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
}
