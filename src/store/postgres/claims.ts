// What one process alone tells, of all that share the store: names that are claimed once.
// - A claim is kept once what it is about lies where it outlives the process. One that is not kept in time is nobody's: who
//   claimed has been killed in between.

import { text } from "../columns.ts";
import type { Claimed } from "../port.ts";
import type { Statements } from "./connection.ts";
import type { Scope } from "./scope.ts";
import { storable } from "./values.ts";

/** How long it may take from a claim to its being kept, as PostgreSQL writes a span of time. */
const KEPT_WITHIN = "10 seconds";

export async function claim(sql: Statements, { tenant }: Scope, names: readonly string[]): Promise<Claimed> {
  const asked = [...new Set(names.map(storable))].sort();
  const mine = await sql.rows(
    `INSERT INTO mpm.claimed AS c (tenant, name, kept) SELECT $1, unnest($2::text[]), false
     ON CONFLICT (tenant, name) DO UPDATE SET at = now() WHERE NOT c.kept AND c.at < now() - interval '${KEPT_WITHIN}'
     RETURNING name`,
    [tenant, asked],
  );
  const open = await sql.rows("SELECT name FROM mpm.claimed WHERE tenant = $1 AND name = ANY ($2) AND NOT kept", [
    tenant,
    asked,
  ]);
  const own = new Set(mine.map((row) => text(row, "name")));
  const undecided = new Set(open.map((row) => text(row, "name")).filter((name) => !own.has(name)));
  return {
    own: names.filter((name) => own.has(storable(name))),
    undecided: names.filter((name) => undecided.has(storable(name))),
  };
}

export async function keepClaimed(sql: Statements, { tenant }: Scope, names: readonly string[]): Promise<void> {
  await sql.run("UPDATE mpm.claimed SET kept = true WHERE tenant = $1 AND name = ANY ($2)", [
    tenant,
    names.map(storable),
  ]);
}
