// A filter and a range as one SELECT over the events.
// - Filters take what people see: a project by its name, a tool in any case, an agent by its type.
// - A filter that bounds time, session or project bounds `n` first: a search walks through nothing beyond.
// - A search asks its index once, and then for the event of each match: never the index for each event of a session.

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { type Columns, integer, maybeText } from "../columns.ts";
import type { Filter, Range } from "../port.ts";
import { type Alternative, matchOf } from "../words.ts";
import type { Projects } from "./projects.ts";

/** Of a project with more of all sessions than this, events are found sooner by walking through all. */
const LARGE_SHARE = 0.1;
/** A span with so many events bounds nothing: to count them would take longer than it saves. */
const MAX_COUNTED = 200_000;

export interface Query {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** Writes a SELECT of columns of `e` (event) and `b` (body); undefined where nothing can be found. */
export type Select = (
  columns: string,
  filter: Filter,
  range: Range,
  search: readonly Alternative[] | undefined,
) => Query | undefined;

/** The conditions so far. */
interface Draft {
  readonly search: readonly Alternative[] | undefined;
  /** The column of `n`. */
  readonly cursor: string;
  readonly where: string[];
  readonly values: SQLInputValue[];
}

/** Adds conditions; false: nothing can fulfil them. */
type Step = (draft: Draft, filter: Filter, range: Range) => boolean;

export function openSelect(db: DatabaseSync, projects: Projects): Select {
  const steps: readonly Step[] = [
    bySearch,
    byRange,
    bySession(db),
    byName(db, "event"),
    byName(db, "tool"),
    byAgent(db),
    byProject(db, projects),
    byTime(db),
  ];
  return (columns, filter, range, search) => {
    const draft: Draft = { search, cursor: search ? "s.rowid" : "e.n", where: [], values: [] };
    if (!steps.every((step) => step(draft, filter, range))) return undefined;
    const order = range.after === undefined ? "DESC" : "ASC";
    const from = search ? "search s CROSS JOIN event e ON e.n = s.rowid" : "event e";
    const join = /\bb\./.test(columns) ? "JOIN body b ON b.n = e.n" : "";
    const condition = draft.where.length > 0 ? `WHERE ${draft.where.join(" AND ")}` : "";
    return {
      sql: `SELECT ${columns} FROM ${from} ${join} ${condition} ORDER BY ${draft.cursor} ${order} LIMIT ?`,
      values: [...draft.values, range.limit],
    };
  };
}

function and({ where, values }: Draft, condition: string, ...more: readonly SQLInputValue[]): true {
  where.push(condition);
  values.push(...more);
  return true;
}

const marks = (values: readonly unknown[]) => values.map(() => "?").join();

/** Bounds `n` by the columns `low` and `high`, which are null where there is nothing in between. */
function bound(draft: Draft, bounds: Columns | undefined): boolean {
  const { low, high } = { low: bounds?.["low"], high: bounds?.["high"] };
  if (typeof low !== "number" || typeof high !== "number") return false;
  return and(draft, `${draft.cursor} BETWEEN ? AND ?`, low, high);
}

const bySearch: Step = (draft) => {
  if (!draft.search) return true;
  return draft.search.length > 0 && and(draft, "s.text MATCH ?", matchOf(draft.search));
};

const byRange: Step = (draft, _, { after, before }) => {
  if (after !== undefined) and(draft, `${draft.cursor} > ?`, after);
  return before === undefined || and(draft, `${draft.cursor} < ?`, before);
};

function bySession(db: DatabaseSync): Step {
  // One at a time, each is the first of its index; both in one query would walk through all of it.
  const bounds = db.prepare(`SELECT (SELECT min(n) FROM event WHERE session = :session) AS low,
    (SELECT max(n) FROM event WHERE session = :session) AS high`);
  return (draft, { session }) => {
    if (session === undefined) return true;
    and(draft, "e.session = ?", session);
    return draft.search === undefined || bound(draft, bounds.get({ session }));
  };
}

/** Finds the names in the column that are given, in any case, several with commas between; reads one index entry a name. */
function byName(db: DatabaseSync, column: "tool" | "event"): Step {
  const names = db.prepare(`WITH RECURSIVE names (name) AS (
    SELECT min(${column}) FROM event WHERE ${column} IS NOT NULL
    UNION ALL SELECT (SELECT min(${column}) FROM event WHERE ${column} IS NOT NULL AND ${column} > name) FROM names WHERE name IS NOT NULL
  ) SELECT name FROM names WHERE name COLLATE NOCASE IN (SELECT trim(value) FROM json_each(?))`);
  return (draft, filter) => {
    const given = filter[column];
    if (given === undefined) return true;
    const [only, ...more] = names.all(JSON.stringify(given.split(","))).flatMap((row) => maybeText(row, "name") ?? []);
    if (only === undefined) return false;
    // Failures are few, and so are the events of a session: they are walked through, and not all events of a name.
    const name = filter.failed || filter.session !== undefined ? `+e.${column}` : `e.${column}`;
    return and(draft, `${name} IN (?${more.map(() => ", ?").join("")})`, only, ...more);
  };
}

function byAgent(db: DatabaseSync): Step {
  const isId = db.prepare("SELECT 1 FROM event WHERE agent = ? LIMIT 1");
  return (draft, { agent, failed }) => {
    if (failed !== undefined) and(draft, failed ? "e.failed = 1" : "e.failed IS NULL");
    if (agent === undefined) return true;
    if (isId.get(agent)) return and(draft, "e.agent = ?", agent);
    return and(draft, "e.agent IS NOT NULL AND e.agent_type = ? COLLATE NOCASE", agent);
  };
}

/** Events of the project's sessions. */
function byProject(db: DatabaseSync, projects: Projects): Step {
  const all = db.prepare("SELECT count(*) AS count FROM session");
  return (draft, { project }) => {
    if (project === undefined) return true;
    const paths = projects.find(project);
    const sessions = `SELECT id FROM session WHERE project IN (${marks(paths)})`;
    const count = db.prepare(`SELECT count(*) AS count FROM (${sessions})`).get(...paths);
    if (integer(count, "count") === 0) return false;
    const isLarge = integer(count, "count") > LARGE_SHARE * integer(all.get(), "count");
    const column = draft.search || isLarge ? "+e.session" : "e.session"; // with a plus, no index of it is used
    and(draft, `${column} IN (${sessions})`, ...paths);
    if (!draft.search || isLarge) return true;
    const bounds = db.prepare(`SELECT min(low) AS low, max(high) AS high FROM (SELECT
      (SELECT min(n) FROM event WHERE session = s.id) AS low, (SELECT max(n) FROM event WHERE session = s.id) AS high
      FROM (${sessions}) s)`);
    return bound(draft, bounds.get(...paths));
  };
}

function byTime(db: DatabaseSync): Step {
  const bounds = db.prepare(`SELECT min(n) AS low, max(n) AS high, count(*) AS count
    FROM (SELECT n FROM event WHERE t BETWEEN ? AND ? LIMIT ${MAX_COUNTED})`);
  return (draft, { since, until }) => {
    if (since === undefined && until === undefined) return true;
    const [from, to] = [since ?? 0, until ?? Number.MAX_SAFE_INTEGER];
    and(draft, "+e.t BETWEEN ? AND ?", from, to);
    const found = bounds.get(from, to);
    return integer(found, "count") === MAX_COUNTED || bound(draft, found);
  };
}
