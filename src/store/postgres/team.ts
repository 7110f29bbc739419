// Who belongs to a team, in PostgreSQL.

import { done, failed } from "../../contract/result.ts";
import { integer, text } from "../columns.ts";
import type { TeamStore } from "../team.ts";
import { activity } from "./activity.ts";
import { dropNoted, note, noted } from "./audit.ts";
import { addCode, openCodes } from "./codes.ts";
import type { Database, Length, Statements } from "./connection.ts";
import { openEntering } from "./entering.ts";
import { addPerson, personOf } from "./people.ts";
import { revoke } from "./revoking.ts";
import { readRoster } from "./roster.ts";
import type { Scope } from "./scope.ts";
import { storable } from "./values.ts";

export function openTeam(database: Database, { tenant }: Scope): TeamStore {
  const everyone: Scope = { tenant, user: "" };
  const read = <T>(work: (sql: Statements) => Promise<T>, length?: Length) => database.read(everyone, work, length);
  const write = <T>(work: (sql: Statements) => Promise<T>) => database.write(everyone, work);
  const changed = (sql: Statements) => sql.run("UPDATE mpm.team SET version = version + 1 WHERE tenant = $1", [tenant]);

  return {
    found: (team, admin, code, at) =>
      write(async (sql) => {
        const added = await sql.run(
          "INSERT INTO mpm.team (tenant, name, url, content, created_at, version) VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT DO NOTHING",
          [tenant, storable(team.name), team.url ?? null, team.content, at],
        );
        if (added === 0) {
          const [found] = await sql.rows("SELECT name FROM mpm.team WHERE tenant = $1", [tenant]);
          return failed({ code: "team_exists", name: text(found, "name") });
        }
        const person = { id: admin.id, name: admin.name, role: "admin" } as const;
        await addPerson(sql, tenant, person, at);
        await addCode(sql, tenant, code);
        return done(await personOf(sql, tenant, admin.id));
      }),
    change: ({ url, content }) =>
      write(async (sql) => {
        await sql.run(
          "UPDATE mpm.team SET url = coalesce($2, url), content = coalesce($3, content) WHERE tenant = $1",
          [tenant, url ?? null, content ?? null],
        );
        await changed(sql);
      }),
    version: () =>
      read(async (sql) => {
        const [found] = await sql.rows("SELECT version FROM mpm.team WHERE tenant = $1", [tenant]);
        return found && integer(found, "version");
      }),
    roster: () => read((sql) => readRoster(sql, tenant)),
    ...openCodes({ read, write, tenant }),
    ...openEntering({ write, tenant, changed }),
    revoke: (which, at) =>
      write(async (sql) => {
        const revoked = await revoke(sql, tenant, which, at);
        await changed(sql);
        return revoked;
      }),
    report: (device, report, at) =>
      write(async (sql) => {
        await sql.run("UPDATE mpm.device SET seen_at = $3, report = $4 WHERE tenant = $1 AND id = $2", [
          tenant,
          device,
          at,
          JSON.stringify(report),
        ]);
      }),
    note: (entries) => write((sql) => note(sql, tenant, entries)),
    dropNoted: (before, limit) => write((sql) => dropNoted(sql, tenant, before, limit)),
    noted: (limit, before) => read((sql) => noted(sql, tenant, limit, before)),
    activity: (asked, pricing) => read((sql) => activity(sql, tenant, asked, pricing), "long"),
    isFenced: () =>
      read(async (sql) => {
        const [role] = await sql.rows(
          "SELECT rolsuper OR rolbypassrls AS passes FROM pg_roles WHERE rolname = current_user",
        );
        return role?.["passes"] === false;
      }),
  };
}
