// Events read back, by pages over `n`.

import type { StoredEnvelope } from "../../contract/envelope.ts";
import type { FoundEnvelope, FoundRow } from "../../contract/routes.ts";
import { TIMELINE_COLUMNS, type TimelineRow } from "../../contract/timeline.ts";
import { ROW_LENGTH, rowColumns, rowFrom } from "../columns.ts";
import { atom, searchOf, snippetIn, storedEnvelope } from "../found.ts";
import type { Filter, Found, Range } from "../port.ts";
import type { Alternative } from "../words.ts";
import { type Database, isWithoutTable, type Statements } from "./connection.ts";
import { wantedMarks } from "./marks.ts";
import { placesOf, type Stretch, timeAt } from "./places.ts";
import { findProjects } from "./projects.ts";
import { type Scope, within } from "./scope.ts";
import { BODY, type Searched, searchEvents } from "./search.ts";
import { storable } from "./values.ts";

/** Rows a portion of a timeline. */
const PORTION = 1000;
/** Goes on until `isOver`, where words are searched for. */
export async function findRows(
  database: Database,
  scope: Scope,
  filter: Filter,
  range: Range,
  isOver = () => false,
): Promise<Found<FoundRow>> {
  const search = searchOf(filter);
  const { lists, reached } = await find(database, scope, rowColumns("e."), { filter, range, search, isOver });
  const events = lists.map((values) => {
    const row = rowFrom(values);
    return search ? { ...row, ...snippetIn(storedEnvelope(values[ROW_LENGTH]), search) } : row;
  });
  return { events, ...(await reachedAt(database, scope, reached)) };
}

export async function findEnvelopes(
  database: Database,
  scope: Scope,
  filter: Filter,
  range: Range,
  isOver = () => false,
): Promise<Found<FoundEnvelope>> {
  const search = searchOf(filter);
  const columns = search ? "e.n" : "e.n, b.json";
  const { lists, reached } = await find(database, scope, columns, { filter, range, search, isOver });
  const events = lists.map(([n, json]) => {
    const envelope = storedEnvelope(json);
    const stored = { ...envelope, n: Number(n) };
    return search ? { ...stored, ...snippetIn(envelope, search) } : stored;
  });
  return { events, ...(await reachedAt(database, scope, reached)) };
}

const reachedAt = async (database: Database, scope: Scope, n: number | undefined) =>
  n === undefined ? {} : { reached: await timeAt(database, scope, n) };

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

interface AskedFor {
  readonly filter: Filter;
  readonly range: Range;
  readonly search: readonly Alternative[] | undefined;
  readonly isOver: () => boolean;
}

/** Lists of the columns, and behind them the envelope where words are searched for. */
async function find(database: Database, scope: Scope, columns: string, asked: AskedFor): Promise<Searched> {
  try {
    return await findOnce(database, scope, columns, asked);
  } catch (error) {
    if (!isWithoutTable(error)) throw error;
    return findOnce(database, scope, columns, asked); // a week went while it was searched
  }
}

async function findOnce(
  database: Database,
  scope: Scope,
  columns: string,
  { filter, range, search, isOver }: AskedFor,
): Promise<Searched> {
  const stretches = search ? fitting(await placesOf(database, scope), filter) : [];
  return database.read(scope, async (sql) => {
    const values: unknown[] = [];
    const paths = filter.project === undefined ? undefined : await findProjects(sql, scope, filter.project);
    const conditions = conditionsOf(filter, range, paths, values, search !== undefined);
    const where = [within(scope, "e"), ...conditions].join(" AND ");
    if (search) {
      const newest = Math.max(0, ...stretches.map((stretch) => stretch.until));
      const marks = wantedMarks(scope, filter, paths, newest);
      const isOfSession = filter.session !== undefined;
      const limits = { where, values, marks, isOfSession, stretches, range };
      return searchEvents({ sql, scope, columns, ...limits, search, begun: new Set(), isOver });
    }
    const lists = await sql.lists(
      `SELECT ${columns} FROM mpm.event e ${columns.includes("b.") ? BODY : ""} WHERE ${where}
       ORDER BY e.n ${range.after === undefined ? "DESC" : "ASC"} LIMIT $${values.length + 1}`,
      [...values, range.limit],
    );
    return { lists };
  });
}

/** Where something may have happened in the time that is asked for; the newest is always among them. */
const fitting = (stretches: readonly Stretch[], { since = 0, until = Number.POSITIVE_INFINITY }: Filter) =>
  stretches.filter((stretch) => stretch === stretches.at(-1) || (stretch.until >= since && stretch.since <= until));

/** @param projects paths, where those of a project are asked for */
function conditionsOf(
  { session, event, tool, agent, failed, since, until }: Filter,
  { after, before }: Range,
  projects: readonly string[] | undefined,
  values: unknown[],
  /** Each event is looked at by itself: its session is looked up, and not all sessions of a project. */
  isEach: boolean,
): string[] {
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
  if (projects)
    and(
      (mark) =>
        isEach
          ? `(SELECT s.project FROM mpm.session s WHERE s.tenant = e.tenant AND s.id = e.session) = ANY (${mark})`
          : `e.session IN (SELECT s.id FROM mpm.session s WHERE s.tenant = e.tenant AND s.project = ANY (${mark}))`,
      projects,
    );
  return where;
}
