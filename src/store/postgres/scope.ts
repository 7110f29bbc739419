// Whose part of a shared database a store is: everything that is read or written stays within it.
// - Each statement names the tenant, and the users where they are limited. Each transaction says the same to the database
//   (`mpm.tenant`, `mpm.users`), so that row-level security can hold where a statement forgot.

import pg from "pg";

export interface Scope {
  readonly tenant: string;
  /** Owner of what is written. */
  readonly user: string;
  /** Ids of the users whose events may be read; absent: all of the tenant. */
  readonly users?: readonly string[];
}

/** Of a database that one team, or one person, has for itself. */
export const DEFAULT_SCOPE: Scope = { tenant: "default", user: "" };

/** What `mpm.users` is where nobody is excluded. */
export const ALL_USERS = "*";

/** The condition that rows of a table lie within the scope; `alias` names the table in the statement. */
export function within({ tenant, users }: Scope, alias: string): string {
  const own = `${alias}.tenant = ${pg.escapeLiteral(tenant)}`;
  return users ? `${own} AND ${alias}.user_id = ANY (${array(users)})` : own;
}

/** The statement that tells the transaction its scope, and what else holds in it. */
export function announce({ tenant, users }: Scope, settings: Readonly<Record<string, string | number>>): string {
  const set = (name: string, value: string) => `set_config('${name}', ${value}, true)`;
  return `SELECT ${[
    set("mpm.tenant", pg.escapeLiteral(tenant)),
    set("mpm.users", users ? `${array(users)}::text` : `'${ALL_USERS}'`),
    ...Object.entries(settings).map(([name, value]) => set(name, `'${value}'`)),
  ].join(", ")}`;
}

const array = (values: readonly string[]) => `ARRAY[${values.map(pg.escapeLiteral).join()}]::text[]`;
