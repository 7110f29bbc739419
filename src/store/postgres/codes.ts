// What lets people and machines into a team, in PostgreSQL: codes that work once (entering.ts uses them).
// - A code of somebody who is revoked is there only where it was made to let them in again: revoking removes all others, and
//   a code is made under a lock on its person. The same of what a machine or a browser asked for that was revoked.

import { Role } from "../../contract/team.ts";
import type { Columns } from "../columns.ts";
import { integer, text } from "../columns.ts";
import type { Asking, Code, TeamStore } from "../team.ts";
import type { Statements } from "./connection.ts";
import { storable } from "./values.ts";

interface Parts {
  readonly tenant: string;
  read<T>(work: (sql: Statements) => Promise<T>): Promise<T>;
  write<T>(work: (sql: Statements) => Promise<T>): Promise<T>;
}

type Codes = Pick<TeamStore, "addCode" | "codes" | "cancel" | "firstTime">;

export function openCodes({ tenant, read, write }: Parts): Codes {
  return {
    addCode: (code) => write((sql) => addCode(sql, tenant, code)),
    codes: (at) =>
      read(async (sql) => {
        const found = await sql.rows(
          `SELECT c.* FROM mpm.code c WHERE c.tenant = $1 AND c.used_at IS NULL AND c.expires_at > $2 AND c.purpose <> $3
           ORDER BY c.expires_at, c.code`,
          [tenant, at, ONCE],
        );
        return found.map(codeFrom);
      }),
    cancel: (code, at) =>
      write(async (sql) => {
        const gone = await sql.run(
          "DELETE FROM mpm.code WHERE code = $1 AND tenant = $2 AND used_at IS NULL AND expires_at > $3 AND purpose <> $4",
          [code, tenant, at, ONCE],
        );
        return gone > 0;
      }),
    firstTime: (shown, expiresAt, at) =>
      write(async (sql) => {
        await sql.run("DELETE FROM mpm.code WHERE tenant = $1 AND purpose = $2 AND expires_at < $3", [
          tenant,
          ONCE,
          at,
        ]);
        const added = await sql.run(
          "INSERT INTO mpm.code (code, tenant, purpose, role, expires_at, used_at) VALUES ($1, $2, $3, 'member', $4, $5) ON CONFLICT DO NOTHING",
          [shown, tenant, ONCE, expiresAt, at],
        );
        return added === 1;
      }),
  };
}

/** Purpose of what is remembered so that it is taken once: it lets nobody in. */
const ONCE = "once";

export async function addCode(
  sql: Statements,
  tenant: string,
  { code, purpose, person, name, role, madeBy, expiresAt, restores, by }: Code,
): Promise<boolean> {
  const isThere = async (id: string | undefined, isRevoked: boolean) => {
    if (id === undefined) return true;
    const [found] = await sql.rows("SELECT revoked_at FROM mpm.person WHERE tenant = $1 AND id = $2 FOR SHARE", [
      tenant,
      id,
    ]);
    return found !== undefined && (found["revoked_at"] !== null) === isRevoked;
  };
  if (!(await isThere(person, restores === true)) || !(await isThere(madeBy, false))) return false;
  // Looked at under that lock: monitors hear of a revoked one a moment later.
  if (by && !(await isLetIn(sql, tenant, by))) return false;
  const added = await sql.run(
    `INSERT INTO mpm.code AS c (code, tenant, purpose, person, name, role, made_by, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (code) DO UPDATE SET person = excluded.person, name = excluded.name, role = excluded.role,
       made_by = excluded.made_by, expires_at = excluded.expires_at, used_at = NULL
     WHERE c.tenant = excluded.tenant`, // an address may be invited by another team, too
    [
      code,
      tenant,
      purpose,
      person ?? null,
      name === undefined ? null : storable(name),
      role,
      madeBy ?? null,
      expiresAt,
    ],
  );
  return added === 1;
}

async function isLetIn(sql: Statements, tenant: string, { device, visit }: Asking): Promise<boolean> {
  const [found] = await sql.rows(
    `SELECT ($2::text IS NULL OR EXISTS (
         SELECT 1 FROM mpm.device d WHERE d.tenant = $1 AND d.id = $2 AND d.revoked_at IS NULL))
       AND ($3::text IS NULL OR EXISTS (SELECT 1 FROM mpm.visit v WHERE v.tenant = $1 AND v.visit = $3)) AS "in"`,
    [tenant, device ?? null, visit ?? null],
  );
  return found?.["in"] === true;
}

function codeFrom(row: Columns): Code {
  const { person, name, made_by: madeBy } = row;
  const purpose = text(row, "purpose");
  return {
    code: text(row, "code"),
    purpose: purpose === "open" || purpose === "mail" ? purpose : "join",
    role: Role.parse(row["role"]),
    expiresAt: integer(row, "expires_at"),
    ...(typeof person === "string" ? { person } : {}),
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof madeBy === "string" ? { madeBy } : {}),
  };
}
