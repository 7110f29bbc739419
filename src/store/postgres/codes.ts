// What lets people and machines into a team, in PostgreSQL: codes that work once, and who signs in by a provider.
// - A code of somebody who is revoked is there only where it was made to let them in again: revoking removes all others, and
//   a code is made under a lock on its person. The same of what a machine or a browser asked for that was revoked.

import { done, failed } from "../../contract/result.ts";
import { Role } from "../../contract/team.ts";
import type { Columns } from "../columns.ts";
import { integer, maybeText, text } from "../columns.ts";
import { type Asking, type Code, mailCode, type TeamStore, type Visit } from "../team.ts";
import type { Statements } from "./connection.ts";
import { addPerson, deviceFrom, personOf, restorePerson } from "./people.ts";
import { storable } from "./values.ts";

/** What was used or has expired is kept so long: nobody asks for it later. */
const PRUNED_AFTER_MS = 30 * 86_400_000;

interface Parts {
  readonly tenant: string;
  read<T>(work: (sql: Statements) => Promise<T>): Promise<T>;
  write<T>(work: (sql: Statements) => Promise<T>): Promise<T>;
  /** Says to all processes that the roster is another. */
  changed(sql: Statements): Promise<unknown>;
}

type Codes = Pick<TeamStore, "addCode" | "codes" | "cancel" | "join" | "visit" | "welcome" | "firstTime">;

export function openCodes({ tenant, read, write, changed }: Parts): Codes {
  /** Takes the code out of use; undefined where it was not good. */
  const useCode = async (sql: Statements, code: string, purpose: Code["purpose"], at: number) => {
    const [used] = await sql.rows(
      `UPDATE mpm.code c SET used_at = $4 WHERE c.code = $1 AND c.tenant = $2 AND c.purpose = $3 AND c.used_at IS NULL
         AND c.expires_at > $4 RETURNING c.person, c.name, c.role`,
      [code, tenant, purpose, at],
    );
    await sql.run("DELETE FROM mpm.code WHERE tenant = $1 AND expires_at < $2", [tenant, at - PRUNED_AFTER_MS]);
    return used;
  };
  const giveBack = (sql: Statements, code: string) =>
    sql.run("UPDATE mpm.code SET used_at = NULL WHERE code = $1 AND tenant = $2", [code, tenant]);
  /** The person whom a code lets in, who may be new, or back; undefined where that name is another's. */
  const personBy = async (
    sql: Statements,
    used: Columns,
    fresh: { readonly id: string; readonly name: string },
    at: number,
  ) => {
    const role = Role.parse(used["role"]);
    const id = maybeText(used, "person");
    if (id === undefined) return (await addPerson(sql, tenant, { ...fresh, role }, at)) ? fresh.id : undefined;
    const { revokedAt } = await personOf(sql, tenant, id);
    return revokedAt === undefined || (await restorePerson(sql, tenant, id, role)) ? id : undefined;
  };
  const addVisit = async (sql: Statements, { visit, expiresAt }: Visit, person: string, at: number) => {
    await sql.run("DELETE FROM mpm.visit WHERE tenant = $1 AND expires_at < $2", [tenant, at]);
    await sql.run("INSERT INTO mpm.visit VALUES ($1, $2, $3, $4)", [visit, tenant, person, expiresAt]);
    await changed(sql);
    return done(await personOf(sql, tenant, person));
  };

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
    join: (code, device, person, at) =>
      write(async (sql) => {
        const used = await useCode(sql, code, "join", at);
        if (!used) return failed({ code: "code_invalid" } as const);
        const name = maybeText(used, "name") ?? person.name ?? device.host;
        const id = await personBy(sql, used, { id: person.id, name }, at);
        if (id === undefined) {
          await giveBack(sql, code);
          return failed({ code: "name_taken", name } as const);
        }
        const [added] = await sql.rows(
          `INSERT INTO mpm.device (tenant, id, person, host, token, created_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING *`,
          [tenant, device.id, id, storable(device.host), device.token, at],
        );
        await changed(sql);
        return done({ device: deviceFrom(added ?? {}), person: await personOf(sql, tenant, id) });
      }),
    visit: (code, visit, at) =>
      write(async (sql) => {
        const used = await useCode(sql, code, "open", at);
        const id = maybeText(used, "person");
        if (id === undefined) return failed({ code: "code_invalid" });
        return addVisit(sql, visit, id, at);
      }),
    welcome: ({ subject, email, mayCome, id: fresh }, visit, at) =>
      write(async (sql) => {
        // Who signs in twice at once is one person.
        await sql.run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`${tenant} ${subject}`]);
        const known = await sql.rows(
          "SELECT id, revoked_at FROM mpm.person WHERE tenant = $1 AND subject = $2 ORDER BY revoked_at DESC NULLS FIRST",
          [tenant, subject],
        );
        const [latest] = known;
        if (latest && latest["revoked_at"] === null) return addVisit(sql, visit, text(latest, "id"), at);
        const address = mailCode(email);
        const used = await useCode(sql, address, "mail", at);
        if (used) {
          const name = maybeText(used, "name") ?? email;
          const id = await personBy(sql, used, { id: fresh, name }, at);
          if (id === undefined) {
            await giveBack(sql, address);
            return failed({ code: "name_taken", name } as const);
          }
          await sql.run("UPDATE mpm.person SET subject = $3 WHERE tenant = $1 AND id = $2", [tenant, id, subject]);
          return addVisit(sql, visit, id, at);
        }
        if (latest)
          return failed({ code: "person_removed", name: (await personOf(sql, tenant, text(latest, "id"))).name });
        if (!mayCome) return failed({ code: "person_unknown", email });
        if (!(await addPerson(sql, tenant, { id: fresh, name: email, role: "member", subject }, at)))
          return failed({ code: "name_taken", name: email });
        return addVisit(sql, visit, fresh, at);
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
