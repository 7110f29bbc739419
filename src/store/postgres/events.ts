// Events read back, by pages over `n`.

import type { StoredEnvelope } from "../../contract/envelope.ts";
import type { FoundEnvelope, FoundRow } from "../../contract/routes.ts";
import { TIMELINE_COLUMNS, type TimelineRow } from "../../contract/timeline.ts";
import { ROW_LENGTH, rowColumns, rowFrom, text } from "../columns.ts";
import { atom, searchOf, snippetIn, storedEnvelope } from "../found.ts";
import type { Filter, Range } from "../port.ts";
import type { Alternative } from "../words.ts";
import type { Database, Statements } from "./connection.ts";
import { findProjects } from "./projects.ts";
import { type Scope, within } from "./scope.ts";
import { BODY, type Lists, searchEvents } from "./search.ts";
import { storable } from "./values.ts";

/** Rows a portion of a timeline. */
const PORTION = 1000;
/** So many sessions of a project are named in a search; of more, each event's session is looked up. */
const NAMED_SESSIONS = 5000;

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
  const isOfSession = filter.session !== undefined;
  if (search) return searchEvents({ sql, scope, columns, where, values, isOfSession, range, search });
  return sql.lists(
    `SELECT ${columns} FROM mpm.event e ${columns.includes("b.") ? BODY : ""} WHERE ${where}
     ORDER BY e.n ${range.after === undefined ? "DESC" : "ASC"} LIMIT $${values.length + 1}`,
    [...values, range.limit],
  );
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
