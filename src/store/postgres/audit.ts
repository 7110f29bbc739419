// Who read what, written down and read again.

import type { AuditEntry } from "../../contract/team.ts";
import type { Columns } from "../columns.ts";
import { integer, maybeText, text } from "../columns.ts";
import type { TeamStore } from "../team.ts";
import type { Statements } from "./connection.ts";
import { storable } from "./values.ts";

type Entries = Parameters<TeamStore["note"]>[0];

export async function note(sql: Statements, tenant: string, entries: Entries): Promise<void> {
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
}

/** Removes of so many of the oldest entries those from before a time. Answers how many. */
export function dropNoted(sql: Statements, tenant: string, before: number, limit: number): Promise<number> {
  return sql.run(
    `DELETE FROM mpm.audit a USING (SELECT place, at FROM mpm.audit WHERE tenant = $1 ORDER BY place LIMIT $3) oldest
     WHERE a.tenant = $1 AND a.place = oldest.place AND oldest.at < $2`,
    [tenant, before, limit],
  );
}

/** The latest first. */
export async function noted(
  sql: Statements,
  tenant: string,
  limit: number,
  before: number | undefined,
): Promise<AuditEntry[]> {
  const found = await sql.rows(
    `SELECT * FROM mpm.audit WHERE tenant = $1 AND ($2::bigint IS NULL OR place < $2) ORDER BY place DESC LIMIT $3`,
    [tenant, before ?? null, limit],
  );
  return found.map(entryFrom);
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
