// Who belongs to a team, in PostgreSQL.

import { done, failed } from "../../contract/result.ts";
import { type AuditEntry, ContentLevel, type PersonActivity } from "../../contract/team.ts";
import type { Columns } from "../columns.ts";
import { integer, maybeText, text } from "../columns.ts";
import type { Roster, TeamStore } from "../team.ts";
import { addCode, openCodes } from "./codes.ts";
import type { Database, Statements } from "./connection.ts";
import { addPerson, deviceFrom, personFrom, personOf } from "./people.ts";
import type { Scope } from "./scope.ts";
import { storable } from "./values.ts";

export function openTeam(database: Database, { tenant }: Scope): TeamStore {
  const everyone: Scope = { tenant, user: "" };
  const read = <T>(work: (sql: Statements) => Promise<T>, isLong = false) => database.read(everyone, work, isLong);
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
    roster: () =>
      read(async (sql): Promise<Roster | undefined> => {
        const [team] = await sql.rows("SELECT name, url, content, version FROM mpm.team WHERE tenant = $1", [tenant]);
        if (!team) return undefined;
        const people = await sql.rows("SELECT * FROM mpm.person WHERE tenant = $1 ORDER BY created_at, id", [tenant]);
        const devices = await sql.rows("SELECT * FROM mpm.device WHERE tenant = $1 ORDER BY created_at, id", [tenant]);
        const visits = await sql.rows("SELECT visit, person, expires_at FROM mpm.visit WHERE tenant = $1", [tenant]);
        const url = maybeText(team, "url");
        return {
          version: integer(team, "version"),
          team: {
            name: text(team, "name"),
            content: ContentLevel.parse(team["content"]),
            ...(url === undefined ? {} : { url }),
          },
          people: people.map(personFrom),
          devices: devices.map((row) => ({ ...deviceFrom(row), token: text(row, "token") })),
          visits: visits.map((row) => ({
            visit: text(row, "visit"),
            person: text(row, "person"),
            expiresAt: integer(row, "expires_at"),
          })),
        };
      }),
    ...openCodes({ read, write, tenant, changed }),
    revoke: (which, at) =>
      write(async (sql) => {
        const column = "device" in which ? "id" : "person";
        const id = "device" in which ? which.device : which.person;
        const whose = "person" in which ? "SELECT $2" : "SELECT person FROM mpm.device WHERE tenant = $1 AND id = $2";
        // Who makes a code holds this, too.
        await sql.run(`SELECT 1 FROM mpm.person WHERE tenant = $1 AND id = (${whose}) FOR UPDATE`, [tenant, id]);
        const devices = await sql.run(
          `UPDATE mpm.device SET revoked_at = $3 WHERE tenant = $1 AND ${column} = $2 AND revoked_at IS NULL`,
          [tenant, id, at],
        );
        let people = 0;
        if ("person" in which) {
          people = await sql.run(
            "UPDATE mpm.person SET revoked_at = $3 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL",
            [tenant, id, at],
          );
        }
        // Whoever had the device's token may have signed browsers in and made codes by it: its person does so anew. Codes
        // come first: one that is just being used makes this wait, and then the browser that it signs in is seen.
        for (const owned of ["code WHERE person", "code WHERE made_by", "visit WHERE person"])
          await sql.run(`DELETE FROM mpm.${owned} = (${whose}) AND tenant = $1`, [tenant, id]);
        await changed(sql);
        return { devices, people };
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
    note: (entries) =>
      write(async (sql) => {
        const list = (of: (entry: (typeof entries)[number]) => string | number | undefined) =>
          entries.map((entry) => of(entry) ?? null);
        await sql.run(
          `INSERT INTO mpm.audit (tenant, at, person, device, action, session, owner, about)
           SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])`,
          [
            tenant,
            list(({ at }) => Math.round(at)),
            list(({ person }) => person),
            list(({ device }) => device),
            list(({ action }) => action),
            list(({ session }) => session && storable(session)),
            list(({ owner }) => owner),
            list(({ about }) => about && storable(about)),
          ],
        );
      }),
    dropNoted: (before, limit) =>
      write((sql) =>
        sql.run(
          `DELETE FROM mpm.audit a USING (SELECT place, at FROM mpm.audit WHERE tenant = $1 ORDER BY place LIMIT $3) oldest
           WHERE a.tenant = $1 AND a.place = oldest.place AND oldest.at < $2`,
          [tenant, before, limit],
        ),
      ),
    noted: (limit, before) =>
      read(async (sql) => {
        const found = await sql.rows(
          `SELECT * FROM mpm.audit WHERE tenant = $1 AND ($2::bigint IS NULL OR place < $2) ORDER BY place DESC LIMIT $3`,
          [tenant, before ?? null, limit],
        );
        return found.map(entryFrom);
      }),
    activity: ({ since, until, person }, pricing) =>
      read(async (sql) => {
        const span = [tenant, Math.ceil(since), Math.floor(until), person ?? null];
        const of = (table: string) => `${table}.tenant = $1 AND ($4::text IS NULL OR ${table}.user_id = $4)`;
        const counted = await sql.rows(
          `SELECT e.user_id AS person, count(*) AS events, count(e.failed) AS failures, count(DISTINCT e.session) AS sessions,
             max(e.t) AS last_at FROM mpm.event e WHERE ${of("e")} AND e.t BETWEEN $2 AND $3 GROUP BY e.user_id`,
          span,
        );
        const answers = await sql.rows(
          `SELECT a.user_id AS person, a.model, max(a.t) AS t, sum(a.input) AS input, sum(a.output) AS output,
             sum(a.cache_read) AS cache_read, sum(a.cache_write) AS cache_write, sum(a.cache_write_hour) AS cache_write_hour
           FROM mpm.answer a WHERE ${of("a")} AND a.t BETWEEN $2 AND $3 GROUP BY a.user_id, a.model, a.t / 86400000`,
          span,
        );
        const costs = new Map<string, number>();
        for (const row of answers) {
          const hour = integer(row, "cache_write_hour");
          const tokens = {
            input: integer(row, "input"),
            output: integer(row, "output"),
            cacheRead: integer(row, "cache_read"),
            cacheWrite: integer(row, "cache_write"),
            ...(hour > 0 ? { cacheWriteHour: hour } : {}),
          };
          const cost = pricing.cost(text(row, "model"), tokens, integer(row, "t"));
          const id = text(row, "person");
          if (cost !== undefined) costs.set(id, (costs.get(id) ?? 0) + cost);
        }
        const ids = new Set([...counted.map((row) => text(row, "person")), ...costs.keys()]);
        return [...ids].map((id): PersonActivity => {
          const row = counted.find((one) => text(one, "person") === id);
          const cost = costs.get(id);
          return {
            person: id,
            sessions: row ? integer(row, "sessions") : 0,
            events: row ? integer(row, "events") : 0,
            failures: row ? integer(row, "failures") : 0,
            ...(row ? { lastAt: integer(row, "last_at") } : {}),
            ...(cost === undefined ? {} : { cost }),
          };
        });
      }, true),
    isFenced: () =>
      read(async (sql) => {
        const [role] = await sql.rows(
          "SELECT rolsuper OR rolbypassrls AS passes FROM pg_roles WHERE rolname = current_user",
        );
        return role?.["passes"] === false;
      }),
  };
}

function entryFrom(row: Columns): AuditEntry {
  const optional = (name: string) => {
    const value = maybeText(row, name);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    place: integer(row, "place"),
    at: integer(row, "at"),
    action: text(row, "action"),
    ...optional("person"),
    ...optional("device"),
    ...optional("session"),
    ...optional("owner"),
    ...optional("about"),
  };
}
