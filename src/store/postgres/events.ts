// Events read back, by pages over `n`.
// - A search goes from one week to the next in the order that is asked for, and stops as soon as the page is full. Within a
//   week, few events that the index of words finds are gathered and then ordered; where it finds many, events are looked
//   through in their order, which soon comes by enough of them. The planner, which knows too little of words, chooses nothing.

import type { StoredEnvelope } from "../../contract/envelope.ts";
import type { FoundEnvelope, FoundRow } from "../../contract/routes.ts";
import { TIMELINE_COLUMNS, type TimelineRow } from "../../contract/timeline.ts";
import { integer, ROW_LENGTH, rowColumns, rowFrom, text } from "../columns.ts";
import { atom, searchOf, snippetIn, storedEnvelope } from "../found.ts";
import type { Filter, Range } from "../port.ts";
import type { Alternative } from "../words.ts";
import type { Database, Statements } from "./connection.ts";
import { findProjects } from "./projects.ts";
import { type Scope, within } from "./scope.ts";
import { storable } from "./values.ts";
import { queryOf } from "./words.ts";

/** Rows a portion of a timeline. */
const PORTION = 1000;
/** So many of the newest events are looked through first: a word that is everywhere is found there soonest. */
const WALKED = 200;

/**
 * Events of a week that have the words are gathered up to the number from which on looking through the week in order comes
 * by a page of them sooner. Measured: looking at one takes about 1.7 times as long as gathering one.
 */
const LOOKED_TO_GATHERED = 1.7;
const gatheredOf = (inWeek: number, limit: number): number => Math.ceil(Math.sqrt(inWeek * limit * LOOKED_TO_GATHERED));
/** So many sessions of a project are named in a search; of more, each event's session is looked up. */
const NAMED_SESSIONS = 5000;

export const BODY = "JOIN mpm.body b ON b.week = e.week AND b.tenant = e.tenant AND b.id = e.id";

export async function findRows(sql: Statements, scope: Scope, filter: Filter, range: Range): Promise<FoundRow[]> {
  const search = searchOf(filter);
  const found = await find(sql, scope, rowColumns("e."), filter, range, search);
  return found.map((values) => {
    const row = rowFrom(values);
    return search ? { ...row, ...snippetIn(storedEnvelope(values[ROW_LENGTH]), search) } : row;
  });
}

export async function findEnvelopes(
  sql: Statements,
  scope: Scope,
  filter: Filter,
  range: Range,
): Promise<FoundEnvelope[]> {
  const search = searchOf(filter);
  const found = await find(sql, scope, search ? "e.n" : "e.n, b.json", filter, range, search);
  return found.map(([n, json]) => {
    const envelope = storedEnvelope(json);
    const stored = { ...envelope, n: Number(n) };
    return search ? { ...stored, ...snippetIn(envelope, search) } : stored;
  });
}

export async function findEnvelope(sql: Statements, scope: Scope, id: string): Promise<StoredEnvelope | undefined> {
  const [found] = await sql.lists(
    `SELECT e.n, b.json FROM mpm.known k JOIN mpm.event e ON e.week = k.week AND e.tenant = k.tenant AND e.id = k.id ${BODY}
     WHERE ${within(scope, "k")} AND k.id = $1`,
    [storable(id)],
  );
  return found && { ...storedEnvelope(found[1]), n: Number(found[0]) };
}

export async function* readTimeline(
  database: Database,
  scope: Scope,
  session: string,
): AsyncGenerator<readonly TimelineRow[]> {
  for (let after = 0; ; ) {
    const found = await database.read(scope, (sql) =>
      sql.lists(
        `SELECT ${TIMELINE_COLUMNS.join(", ")} FROM mpm.event e WHERE ${within(scope, "e")} AND e.session = $1 AND e.n > $2
         ORDER BY e.n LIMIT ${PORTION}`,
        [storable(session), after],
      ),
    );
    const rows = found.map((row) => row.map(atom));
    if (rows.length > 0) yield rows;
    const n = rows.at(-1)?.[0];
    if (rows.length < PORTION || typeof n !== "number") return;
    after = n;
  }
}

type Lists = readonly (readonly unknown[])[];

/** Lists of the columns, and behind them the envelope where words are searched for. */
async function find(
  sql: Statements,
  scope: Scope,
  columns: string,
  filter: Filter,
  range: Range,
  search: readonly Alternative[] | undefined,
): Promise<Lists> {
  const values: unknown[] = [];
  const conditions = await conditionsOf(sql, scope, filter, range, values, search !== undefined);
  const where = [within(scope, "e"), ...conditions].join(" AND ");
  const direction = range.after === undefined ? "DESC" : "ASC";
  const limit = `$${values.push(range.limit)}`;
  if (!search)
    return sql.lists(
      `SELECT ${columns} FROM mpm.event e ${columns.includes("b.") ? BODY : ""} WHERE ${where}
       ORDER BY e.n ${direction} LIMIT ${limit}`,
      values,
    );
  if (search.length === 0) return [];
  const query = `$${values.push(queryOf(search))}::tsquery`;
  const walk = (inWeek: string, events: string) => `SELECT ${columns}, b.json, e.n FROM (${events}) e
     JOIN LATERAL (SELECT w.words FROM mpm.words w
       WHERE w.week = e.week AND w.tenant = e.tenant AND w.id = e.id${inWeek} OFFSET 0) w ON w.words @@ ${query}
     ${BODY} ORDER BY e.n ${direction} LIMIT ${limit}`;
  const walked = await sql.lists(
    walk("", `SELECT * FROM mpm.event e WHERE ${where} ORDER BY e.n ${direction} LIMIT ${WALKED}`),
    values,
  );
  if (walked.length >= range.limit) return walked;
  const asked = values.slice(0, -1);
  const ids = `$${asked.length + 1}::text[]`;
  const gather = (week: number) => `WITH page AS MATERIALIZED (
      SELECT e.* FROM unnest(${ids}) AS found (id)
      CROSS JOIN LATERAL (SELECT * FROM mpm.event e WHERE e.week = ${week} AND e.id = found.id AND ${where} OFFSET 0) e
      ORDER BY e.n ${direction} LIMIT ${limit}
    ) SELECT ${columns}, b.json, e.n FROM page e ${BODY} AND b.week = ${week} ORDER BY e.n ${direction}`;
  const sizes = await sizesOf(sql);
  return inWeeks(sql, scope, range, async (week) => {
    const most = gatheredOf(sizes.get(week) ?? 0, range.limit);
    const found = await sql.lists(
      `SELECT w.id FROM mpm.words w WHERE w.week = ${week} AND ${within(scope, "w")} AND w.words @@ $1::tsquery LIMIT ${most + 1}`,
      [queryOf(search)],
    );
    if (found.length === 0) return [];
    if (found.length <= most) return sql.lists(gather(week), [...asked, found.map(([id]) => id)]);
    const events = `SELECT * FROM mpm.event e WHERE e.week = ${week} AND ${where} ORDER BY e.n ${direction}`;
    return sql.lists(walk(` AND w.week = ${week}`, events), values);
  });
}

/** Week after week until the page is full, and no event of another week can come before its last. */
async function inWeeks(
  sql: Statements,
  { tenant }: Scope,
  { after, limit }: Range,
  ask: (week: number) => Promise<Lists>,
): Promise<Lists> {
  const isAscending = after !== undefined;
  const weeks = await weeksOf(sql);
  const ordered = isAscending ? weeks.reverse() : weeks;
  const place = (row: readonly unknown[] | undefined) => Number(row?.at(-1));
  let found: Lists = [];
  for (const week of ordered) {
    if (found.length >= limit) {
      const [nearest] = await sql.lists(
        `SELECT ${isAscending ? "min" : "max"}(e.n) FROM mpm.event e WHERE e.week = $1 AND e.tenant = $2`,
        [week, tenant],
      );
      const n = nearest?.[0];
      if (typeof n !== "number") continue;
      if (isAscending ? n > place(found.at(-1)) : n < place(found.at(-1))) break;
    }
    found = [...found, ...(await ask(week))]
      .sort((a, b) => (isAscending ? place(a) - place(b) : place(b) - place(a)))
      .slice(0, limit);
  }
  return found;
}

/** About how many events each week has, at least some thousands: a young partition is not counted yet. */
async function sizesOf(sql: Statements): Promise<ReadonlyMap<number, number>> {
  const found = await sql.rows(`SELECT substring(c.relname FROM 'event_w([0-9]+)')::integer AS week,
      greatest(c.reltuples, 100000)::float8 AS events
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'mpm.event'::regclass`);
  return new Map(found.map((row) => [integer(row, "week"), integer(row, "events")]));
}

/** Numbers of the weeks that have a partition, the latest first. */
export async function weeksOf(sql: Statements): Promise<number[]> {
  const found = await sql.rows(`SELECT substring(c.relname FROM 'event_w([0-9]+)')::integer AS week
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'mpm.event'::regclass ORDER BY week DESC`);
  return found.map((row) => integer(row, "week"));
}

async function conditionsOf(
  sql: Statements,
  scope: Scope,
  { session, event, tool, agent, project, failed, since, until }: Filter,
  { after, before }: Range,
  values: unknown[],
  /** Each event is looked at by itself: its session is looked up, and not all sessions of a project. */
  isEach: boolean,
): Promise<string[]> {
  const where: string[] = [];
  const and = (condition: (mark: string) => string, value: unknown) => where.push(condition(`$${values.push(value)}`));
  const names = (given: string) => given.split(",").map((name) => storable(name.trim().toLowerCase()));
  if (after !== undefined) and((mark) => `e.n > ${mark}`, after);
  if (before !== undefined) and((mark) => `e.n < ${mark}`, before);
  if (session !== undefined) and((mark) => `e.session = ${mark}`, storable(session));
  if (event !== undefined) and((mark) => `lower(e.event) = ANY (${mark})`, names(event));
  if (tool !== undefined) and((mark) => `lower(e.tool) = ANY (${mark})`, names(tool));
  if (agent !== undefined)
    and(
      (mark) => `e.agent IS NOT NULL AND (e.agent = ${mark} OR lower(e.agent_type) = lower(${mark}))`,
      storable(agent),
    );
  if (failed !== undefined) where.push(failed ? "e.failed = 1" : "e.failed IS NULL");
  if (since !== undefined) and((mark) => `e.t >= ${mark}`, Math.ceil(since));
  if (until !== undefined) and((mark) => `e.t <= ${mark}`, Math.floor(until));
  if (project !== undefined) {
    const paths = await findProjects(sql, scope, project);
    const named = isEach ? await sessionsOf(sql, scope, paths) : undefined;
    if (named) and((mark) => `e.session = ANY (${mark})`, named);
    else if (isEach)
      and(
        (mark) =>
          `(SELECT s.project FROM mpm.session s WHERE s.tenant = e.tenant AND s.id = e.session) = ANY (${mark})`,
        paths,
      );
    else
      and(
        (mark) =>
          `e.session IN (SELECT s.id FROM mpm.session s WHERE s.tenant = e.tenant AND s.project = ANY (${mark}))`,
        paths,
      );
  }
  return where;
}

/** Ids of the sessions of projects; undefined where they are too many to be named. */
async function sessionsOf(sql: Statements, scope: Scope, paths: readonly string[]): Promise<string[] | undefined> {
  const found = await sql.rows(
    `SELECT s.id FROM mpm.session s WHERE ${within(scope, "s")} AND s.project = ANY ($1) LIMIT ${NAMED_SESSIONS + 1}`,
    [paths],
  );
  return found.length > NAMED_SESSIONS ? undefined : found.map((row) => text(row, "id"));
}
