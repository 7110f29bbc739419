// The people of a team and their machines, in PostgreSQL.

import { type Device, DeviceReport, type Person, Role } from "../../contract/team.ts";
import type { Columns } from "../columns.ts";
import { integer, maybeText, text } from "../columns.ts";
import type { Statements } from "./connection.ts";
import { storable } from "./values.ts";

/** Throws where there is no such person. */
export async function personOf(sql: Statements, tenant: string, id: string): Promise<Person> {
  const [found] = await sql.rows("SELECT * FROM mpm.person WHERE tenant = $1 AND id = $2", [tenant, id]);
  if (!found) throw new Error("PostgreSQL: a person is missing");
  return personFrom(found);
}

/** False where somebody is called so already, or was: a name in the log means one person. */
export async function addPerson(
  sql: Statements,
  tenant: string,
  { id, name, role, subject }: Pick<Person, "id" | "name" | "role"> & { readonly subject?: string },
  at: number,
): Promise<boolean> {
  const added = await sql.run(
    `INSERT INTO mpm.person (tenant, id, name, role, subject, created_at)
     SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (
       SELECT 1 FROM mpm.person p WHERE p.tenant = $1 AND lower(p.name) = lower($3)) ON CONFLICT DO NOTHING`,
    [tenant, id, storable(name), role, subject ?? null, at],
  );
  return added === 1;
}

/** Lets somebody in again who was revoked, as whom they were; false where somebody else is called so by now. */
export async function restorePerson(sql: Statements, tenant: string, id: string, role: Role): Promise<boolean> {
  const restored = await sql.run(
    `UPDATE mpm.person r SET revoked_at = NULL, role = $3, subject = CASE WHEN EXISTS (
       SELECT 1 FROM mpm.person p WHERE p.tenant = $1 AND p.subject = r.subject AND p.revoked_at IS NULL) THEN NULL ELSE subject END
     WHERE r.tenant = $1 AND r.id = $2 AND NOT EXISTS (
       SELECT 1 FROM mpm.person p WHERE p.tenant = $1 AND lower(p.name) = lower(r.name) AND p.revoked_at IS NULL)`,
    [tenant, id, role],
  );
  return restored === 1;
}

export function personFrom(row: Columns): Person {
  const revoked = row["revoked_at"];
  return {
    id: text(row, "id"),
    name: text(row, "name"),
    role: Role.parse(row["role"]),
    createdAt: integer(row, "created_at"),
    ...(typeof revoked === "number" ? { revokedAt: revoked } : {}),
  };
}

export function deviceFrom(row: Columns): Device {
  const { revoked_at: revoked, seen_at: seen } = row;
  const said = maybeText(row, "report");
  const report = said === undefined ? undefined : DeviceReport.safeParse(JSON.parse(said));
  return {
    id: text(row, "id"),
    person: text(row, "person"),
    host: text(row, "host"),
    createdAt: integer(row, "created_at"),
    ...(typeof seen === "number" ? { seenAt: seen } : {}),
    ...(typeof revoked === "number" ? { revokedAt: revoked } : {}),
    ...(report?.success ? { report: report.data } : {}),
  };
}
