// What processes that share a store tell each other of sessions: who changes them now, and that they have changed.

import { createHash } from "node:crypto";
import type { Statements } from "./connection.ts";
import type { Scope } from "./scope.ts";
import type { OwnedSession } from "./tail.ts";
import { storable } from "./values.ts";

/** Holds the sessions to the end of the transaction, in the order of their hashes. */
export async function lockSessions(sql: Statements, { tenant }: Scope, ids: readonly string[]): Promise<void> {
  const keys = new Set(
    ids.map((id) => createHash("sha256").update(`${tenant}\0${id}`).digest().readBigInt64BE().toString()),
  );
  await sql.run("SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key", [[...keys].sort()]);
}

/** Says to all processes that sessions changed, or are there no more, without a new event. */
export async function touch(sql: Statements, { tenant }: Scope, sessions: readonly OwnedSession[]): Promise<void> {
  if (sessions.length === 0) return;
  await sql.run(
    `WITH taken AS (UPDATE mpm.counter SET touch = touch + 1 WHERE tenant = $1 RETURNING touch)
     INSERT INTO mpm.touched (tenant, user_id, touch, session)
     SELECT $1, given.owner, taken.touch, given.id FROM taken, unnest($2::text[], $3::text[]) AS given (owner, id)`,
    [tenant, sessions.map(({ owner }) => owner), sessions.map(({ id }) => storable(id))],
  );
}
