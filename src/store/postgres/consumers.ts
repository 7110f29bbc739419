// Who reads all events, and how far each has come.

import { integer, text } from "../columns.ts";
import type { Consumer } from "../port.ts";
import type { Statements } from "./connection.ts";
import type { Scope } from "./scope.ts";

export async function advance(sql: Statements, { tenant, user }: Scope, name: string, n: number): Promise<void> {
  await sql.run(
    "INSERT INTO mpm.consumer VALUES ($1, $2, $3, $4, 0) ON CONFLICT (tenant, name) DO UPDATE SET n = excluded.n",
    [tenant, user, name, n],
  );
}

export async function dismiss(sql: Statements, { tenant }: Scope, name: string): Promise<void> {
  await sql.run("DELETE FROM mpm.consumer WHERE tenant = $1 AND name = $2", [tenant, name]);
}

export async function allConsumers(sql: Statements, { tenant }: Scope): Promise<Consumer[]> {
  const found = await sql.rows("SELECT name, n, missed FROM mpm.consumer WHERE tenant = $1 ORDER BY name", [tenant]);
  return found.map((row) => ({ name: text(row, "name"), n: integer(row, "n"), missed: integer(row, "missed") }));
}
