// How far sessions had counted that were removed: so that one which goes on is not taken for one that has lost events.

import { createHash } from "node:crypto";
import { integer, text } from "../columns.ts";
import type { Statements } from "./connection.ts";
import type { Scope } from "./scope.ts";

/** Nothing else is kept of sessions that were removed, and they are named by a hash. */
export const forgottenName = (session: string): string =>
  createHash("sha256").update(session).digest("hex").slice(0, 32);

/** The highest number that each of the sessions had which was removed. */
export async function forgottenOf(
  sql: Statements,
  { tenant }: Scope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const byName = new Map(ids.map((id) => [forgottenName(id), id]));
  const found = await sql.rows("SELECT session, seq FROM mpm.forgotten WHERE tenant = $1 AND session = ANY ($2)", [
    tenant,
    [...byName.keys()],
  ]);
  return new Map(found.map((row) => [byName.get(text(row, "session")) ?? "", integer(row, "seq")]));
}
