// Who belongs to a team, all of it at once.

import { ContentLevel } from "../../contract/team.ts";
import { integer, maybeText, text } from "../columns.ts";
import type { Roster } from "../team.ts";
import type { Statements } from "./connection.ts";
import { deviceFrom, personFrom } from "./people.ts";

export async function readRoster(sql: Statements, tenant: string): Promise<Roster | undefined> {
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
}
