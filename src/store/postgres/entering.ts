// Entering a team: a machine joins by a code, a browser signs in by a link, or as whom a provider vouches for.
// - All of it is one transaction: a code that is used up has let somebody in.

import { done, failed } from "../../contract/result.ts";
import { Role } from "../../contract/team.ts";
import type { Columns } from "../columns.ts";
import { maybeText, text } from "../columns.ts";
import { type Code, mailCode, type TeamStore, type Visit } from "../team.ts";
import type { Statements } from "./connection.ts";
import { addPerson, deviceFrom, personOf, restorePerson } from "./people.ts";
import { storable } from "./values.ts";

/** What was used or has expired is kept so long: nobody asks for it later. */
const PRUNED_AFTER_MS = 30 * 86_400_000;

interface Parts {
  readonly tenant: string;
  write<T>(work: (sql: Statements) => Promise<T>): Promise<T>;
  /** Says to all processes that the roster is another. */
  changed(sql: Statements): Promise<unknown>;
}

type Entering = Pick<TeamStore, "join" | "visit" | "welcome">;

export function openEntering({ tenant, write, changed }: Parts): Entering {
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
  };
}
