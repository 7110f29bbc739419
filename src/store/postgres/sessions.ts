// Sessions: found by narrow columns, kept whole as JSON beside them.

import { randomBytes } from "node:crypto";
import type { SessionOrder, SessionSummary } from "../../contract/session.ts";
import { readSession, type Session } from "../../session/state.ts";
import { summaryOf } from "../../session/summary.ts";
import type { Columns } from "../columns.ts";
import { integer, text } from "../columns.ts";
import { readPlace, writePlace } from "../place.ts";
import type { SessionFilter, SessionPage } from "../port.ts";
import { fold } from "../words.ts";
import type { Statements } from "./connection.ts";
import { findProjects } from "./projects.ts";
import { type Scope, within } from "./scope.ts";
import { BETWEEN, storable } from "./values.ts";

/** So much of what is searched for is looked at, characters. */
const MAX_WANTED = 1000;
/** As many sessions tell whether the beginning of an id stands for one. */
const AMBIGUOUS = 2;
/** Sorts behind everything that an id may go on with. */
const LAST = "\u{10ffff}";

/** A session and whose it is. */
export interface Owned {
  readonly session: Session;
  readonly owner: string;
}

export async function findOwned(sql: Statements, scope: Scope, ids: readonly string[]): Promise<Owned[]> {
  const found = await sql.rows(
    `SELECT s.user_id, s.json FROM mpm.session s WHERE ${within(scope, "s")} AND s.id = ANY ($1)`,
    [ids],
  );
  return found.map(ownedFrom);
}

export async function findSessions(sql: Statements, scope: Scope, ids: readonly string[]): Promise<Session[]> {
  return (await findOwned(sql, scope, ids)).map(({ session }) => session);
}

/**
 * States that this process has read or written, each with what tells it from what others write: read again where another
 * one has. That is the transaction, and a mark of its own: after a failover, transactions are numbered again, and monitors
 * of before schema 5 make no mark.
 */
export interface KnownStates {
  get(id: string): { readonly owned: Owned; readonly version: string } | undefined;
  set(owned: Owned, version: string): void;
  clear(): void;
}

/** States that are held in memory; one takes some kB. */
const MAX_KNOWN = 5000;

export function openKnownStates(): KnownStates {
  const known = new Map<string, { readonly owned: Owned; readonly version: string }>();
  return {
    get: (id) => known.get(id),
    set(owned, version) {
      const { id } = owned.session;
      known.delete(id); // to its end: the first one is the one that was not used for longest
      known.set(id, { owned, version });
      const [oldest] = known.keys();
      if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
    },
    clear: () => known.clear(),
  };
}

const VERSION = "s.xmin::text || ' ' || s.written";
const MARK_BYTES = 9;

/** As `findOwned`, where only what others have written meanwhile is read. */
export async function refreshOwned(
  sql: Statements,
  scope: Scope,
  ids: readonly string[],
  states: KnownStates,
): Promise<Owned[]> {
  const wanted = [...new Set(ids)];
  // As they are now: until the answer is here, others may clear them, or push them out.
  const before = new Map(wanted.map((id) => [id, states.get(id)]));
  const found = await sql.rows(
    `SELECT s.id, s.user_id, ${VERSION} AS version, CASE WHEN ${VERSION} = given.version THEN NULL ELSE s.json END AS json
     FROM unnest($1::text[], $2::text[]) AS given (id, version) JOIN mpm.session s ON ${within(scope, "s")} AND s.id = given.id`,
    [wanted, wanted.map((id) => before.get(id)?.version ?? "")],
  );
  return found.map((row) => {
    const same = row["json"] === null ? before.get(text(row, "id")) : undefined;
    if (same) return same.owned;
    const owned = ownedFrom(row);
    states.set(owned, text(row, "version"));
    return owned;
  });
}

const ownedFrom = (row: Columns): Owned => ({ session: sessionFrom(row), owner: text(row, "user_id") });

/** As others see it: whose it is, where that is said at all. */
const toldOf = ({ session, owner }: Owned, now: number): SessionSummary => ({
  ...summaryOf(session, now),
  ...(owner === "" ? {} : { person: owner }),
});

export class UnreadableState extends Error {}

function sessionFrom(row: Columns): Session {
  const session = readSession(JSON.parse(text(row, "json")));
  if (!session) throw new UnreadableState("the state of a session cannot be read");
  return session;
}

/** Keeps sessions, and the projects that they are of; one that is there stays its owner's. Answers what tells them from what others write. */
export async function keepSessions(
  sql: Statements,
  scope: Scope,
  sessions: readonly Session[],
  owners: ReadonlyMap<string, string> = new Map(),
): Promise<string> {
  if (sessions.length === 0) return "";
  const paths = [...new Set(sessions.map(({ project }) => storable(project)))].sort();
  const list = <T>(of: (session: Session) => T): T[] => sessions.map(of);
  const mark = randomBytes(MARK_BYTES).toString("base64url");
  const [kept] = await sql.rows(
    `WITH projects AS (
       INSERT INTO mpm.project (tenant, user_id, path) SELECT $1, $14, unnest($15::text[]) ON CONFLICT DO NOTHING
     ), kept AS (INSERT INTO mpm.session (tenant, user_id, id, first_at, last_at, state, host, project, gaps, words, cost, json, written)
     SELECT $1, given.*, $13 FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[],
       $9::bigint[], $10::text[], $11::float8[], string_to_array($12, '${BETWEEN}')) AS given
     ON CONFLICT (tenant, id) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at, state = excluded.state,
       host = excluded.host, project = excluded.project, gaps = excluded.gaps, words = excluded.words,
       cost = excluded.cost, json = excluded.json, written = excluded.written)
     SELECT pg_current_xact_id()::xid::text || ' ' || $13 AS version`,
    [
      scope.tenant,
      list(({ id }) => owners.get(id) ?? scope.user),
      list(({ id }) => storable(id)),
      list(({ firstAt }) => Math.round(firstAt)),
      list(({ lastAt }) => Math.round(lastAt)),
      list(({ state }) => state),
      list(({ host }) => storable(host)),
      list(({ project }) => storable(project)),
      list(({ gaps }) => gaps),
      list(wordsOf),
      list(({ cost }) => cost ?? null),
      list((session) => JSON.stringify(session)).join(BETWEEN),
      mark,
      scope.user,
      paths,
    ],
  );
  return text(kept, "version");
}

/** What a session is found by. */
function wordsOf({ id, project, title, firstPrompt, prompt }: Session): string {
  const words = [id, project, title, firstPrompt, prompt === firstPrompt ? undefined : prompt];
  return storable(fold(words.filter(Boolean).join(" ")));
}

export async function oneSession(
  sql: Statements,
  scope: Scope,
  id: string,
  now: number,
): Promise<SessionSummary | undefined> {
  const [found] = await findOwned(sql, scope, [id]);
  return found && toldOf(found, now);
}

/** Up to two ids that begin so; the one that is exactly this alone. */
export async function identify(sql: Statements, scope: Scope, beginning: string): Promise<string[]> {
  const found = await sql.rows(
    `SELECT s.id FROM mpm.session s WHERE ${within(scope, "s")} AND s.id BETWEEN $1 AND $2 ORDER BY s.id LIMIT ${AMBIGUOUS}`,
    [storable(beginning), `${storable(beginning)}${LAST}`],
  );
  const ids = found.map((row) => text(row, "id"));
  return ids[0] === beginning ? [beginning] : ids;
}

/** What the order goes by, the highest first. */
const RANKS: Readonly<Record<SessionOrder, string>> = {
  latest: "s.last_at",
  cost: "coalesce(s.cost, 0::float8)",
};

export async function pageOfSessions(
  sql: Statements,
  scope: Scope,
  filter: SessionFilter,
  now: number,
): Promise<SessionPage> {
  const values: unknown[] = [];
  const where = [within(scope, "s"), ...(await conditionsOf(sql, scope, filter, values))];
  const [count] = await sql.rows(`SELECT count(*) AS count FROM mpm.session s WHERE ${where.join(" AND ")}`, values);
  const { order = "latest" } = filter;
  const from = filter.before === undefined ? undefined : readPlace(filter.before, order);
  const rank = RANKS[order];
  if (from) where.push(`(${rank}, s.id) < ($${values.push(from.rank)}, $${values.push(from.id)})`);
  const found = await sql.rows(
    `SELECT s.id, s.user_id, ${rank} AS rank, s.json FROM mpm.session s WHERE ${where.join(" AND ")}
     ORDER BY ${rank} DESC, s.id DESC LIMIT $${values.push(filter.limit + 1)}`,
    values,
  );
  const page = found.slice(0, filter.limit);
  const last = page.at(-1);
  return {
    sessions: page.map((row) => toldOf(ownedFrom(row), now)),
    next:
      found.length > filter.limit && last ? writePlace({ rank: integer(last, "rank"), id: text(last, "id") }) : null,
    total: integer(count, "count"),
  };
}

async function conditionsOf(
  sql: Statements,
  scope: Scope,
  { ids, states, project, host, person, since, until, minCost, minMs, gaps, signals, q }: SessionFilter,
  values: unknown[],
): Promise<string[]> {
  const where: string[] = [];
  const and = (condition: (mark: string) => string, value: unknown) => where.push(condition(`$${values.push(value)}`));
  if (ids) and((mark) => `s.id = ANY (${mark})`, ids.map(storable));
  if (states) and((mark) => `s.state = ANY (${mark})`, states);
  if (project !== undefined) and((mark) => `s.project = ANY (${mark})`, await findProjects(sql, scope, project));
  if (host !== undefined) and((mark) => `s.host = ${mark}`, storable(host));
  if (person !== undefined) and((mark) => `s.user_id = ${mark}`, storable(person));
  if (since !== undefined) and((mark) => `s.last_at >= ${mark}`, Math.ceil(since));
  if (until !== undefined) and((mark) => `s.first_at <= ${mark}`, Math.floor(until));
  if (minCost !== undefined) and((mark) => `s.cost >= ${mark}`, minCost);
  if (minMs !== undefined) and((mark) => `s.last_at - s.first_at >= ${mark}`, Math.ceil(minMs));
  if (gaps !== undefined) where.push(gaps ? "s.gaps > 0" : "s.gaps = 0");
  if (signals !== undefined) where.push(signals ? "s.signals" : "NOT s.signals");
  const wanted = storable(fold(q ?? "").slice(0, MAX_WANTED));
  for (const word of wanted.split(/\s+/).filter(Boolean)) and((mark) => `strpos(s.words, ${mark}) > 0`, word);
  return where;
}
