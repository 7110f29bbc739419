// What a span of time held, from indexed columns alone.

import type { EventRow } from "../../contract/row.ts";
import type { Statistics, TokenStatistics, ToolStatistics } from "../../contract/statistics.ts";
import { integer, rowColumns, rowFrom, text } from "../columns.ts";
import type { Counted, Span } from "../port.ts";
import { stepsOf } from "../steps.ts";
import type { Statements } from "./connection.ts";
import { findProjects } from "./projects.ts";
import { type Scope, within } from "./scope.ts";
import { waitsOf } from "./turns.ts";

const SLOWEST = 20;
const MAX_FILES = 50;
/** Histogram: [0] below 1 ms, then a step for each half power of ten, up to an hour and more. */
const BUCKETS = 15;
/** Where each step begins, ms: the first bucket is what is below the first. */
const STEPS_MS = Array.from({ length: BUCKETS - 1 }, (_, at) => 10 ** (at / 2));

/** The events that are counted: the span is $1 and $2, the project's paths $3. */
interface Counting {
  readonly scope: Scope;
  readonly events: string;
  readonly values: readonly unknown[];
  readonly paths: readonly string[] | undefined;
}

/** Counts what happened in the span; `since` 0 is the first event that is stored. */
export async function statistics(sql: Statements, scope: Scope, asked: Span): Promise<Counted> {
  const until = Math.floor(asked.until);
  const since = asked.since === 0 ? Math.min(await firstTime(sql, scope), until) : Math.ceil(asked.since);
  const paths = asked.project === undefined ? undefined : await findProjects(sql, scope, asked.project);
  const inProject = paths
    ? ` AND e.session IN (SELECT s.id FROM mpm.session s WHERE ${within(scope, "s")} AND s.project = ANY ($3))`
    : "";
  const events = `mpm.event e WHERE ${within(scope, "e")} AND e.t BETWEEN $1 AND $2${inProject}`;
  const counting: Counting = { scope, events, values: [since, until, ...(paths ? [paths] : [])], paths };
  const tools = await toolsOf(sql, counting);
  const activity = await activityOf(sql, counting, since, until);
  const sum = (of: readonly number[]) => of.reduce((total, value) => total + value, 0);
  return {
    since,
    until,
    events: sum(activity.events),
    sessions: await sessionsOf(sql, counting),
    calls: sum(tools.map(({ calls }) => calls)),
    failures: sum(activity.failures),
    tools,
    slowest: await slowest(sql, counting),
    waits: await waitsOf(sql, scope, { since, until }, paths),
    activity,
    files: await filesOf(sql, counting),
    tokens: await tokensOf(sql, counting),
  };
}

/** When the first event happened that is stored; 0 where there is none. */
async function firstTime(sql: Statements, scope: Scope): Promise<number> {
  const [found] = await sql.rows(`SELECT min(e.t) AS first FROM mpm.event e WHERE ${within(scope, "e")}`);
  const first = found?.["first"];
  return typeof first === "number" ? first : 0;
}

async function activityOf(
  sql: Statements,
  { events: counted, values }: Counting,
  since: number,
  until: number,
): Promise<Statistics["activity"]> {
  const { from, step, length } = stepsOf(since, until);
  const events = new Array<number>(length).fill(0);
  const failures = new Array<number>(length).fill(0);
  const grid = await sql.rows(
    `SELECT (e.t - ${from}) / ${step} AS place, count(*) AS events, count(e.failed) AS failures FROM ${counted} GROUP BY place`,
    values,
  );
  for (const row of grid) {
    const at = Math.min(length - 1, integer(row, "place"));
    events[at] = (events[at] ?? 0) + integer(row, "events");
    failures[at] = (failures[at] ?? 0) + integer(row, "failures");
  }
  return { from, step, events, failures };
}

/** Sessions that had an event in the span: one that began or ended in it had, one that goes beyond it may not. */
async function sessionsOf(sql: Statements, { scope, values, paths }: Counting): Promise<number> {
  const [found] = await sql.rows(
    `SELECT count(*) AS count FROM mpm.session s WHERE ${within(scope, "s")} AND s.last_at >= $1 AND s.first_at <= $2
      ${paths ? "AND s.project = ANY ($3)" : ""} AND (s.last_at <= $2 OR s.first_at >= $1 OR EXISTS (
        SELECT 1 FROM mpm.event e WHERE e.tenant = s.tenant AND e.session = s.id AND e.t BETWEEN $1 AND $2))`,
    values,
  );
  return integer(found, "count");
}

async function filesOf(sql: Statements, { events, values }: Counting): Promise<Statistics["files"]> {
  const found = await sql.rows(
    `SELECT e.file, count(*) FILTER (WHERE e.tool = 'Read') AS reads, count(*) FILTER (WHERE e.tool <> 'Read') AS edits
     FROM ${events} AND e.file IS NOT NULL AND e.event = 'PostToolUse' GROUP BY e.file ORDER BY count(*) DESC LIMIT ${MAX_FILES}`,
    values,
  );
  return found.map((row) => ({
    file: text(row, "file"),
    reads: integer(row, "reads"),
    edits: integer(row, "edits"),
  }));
}

const ENDED = "e.event IN ('PostToolUse', 'PostToolUseFailure')";

async function slowest(sql: Statements, { events, values }: Counting): Promise<EventRow[]> {
  const found = await sql.lists(
    `SELECT ${rowColumns("e.")} FROM ${events} AND ${ENDED} AND e.ms IS NOT NULL ORDER BY e.ms DESC LIMIT ${SLOWEST}`,
    values,
  );
  return found.map(rowFrom);
}

async function toolsOf(sql: Statements, { events, values }: Counting): Promise<ToolStatistics[]> {
  const bucket = `width_bucket(e.ms, ARRAY[${STEPS_MS.join()}]::double precision[])`;
  const histogram = Array.from({ length: BUCKETS }, (_, at) => `count(*) FILTER (WHERE ${bucket} = ${at}) AS b${at}`);
  const found = await sql.rows(
    `SELECT coalesce(e.tool, '(none)') AS name, count(*) AS calls, count(e.failed) AS failures,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY e.ms) AS p50, percentile_disc(0.95) WITHIN GROUP (ORDER BY e.ms) AS p95,
       percentile_disc(0.99) WITHIN GROUP (ORDER BY e.ms) AS p99, max(e.ms) AS most, ${histogram.join(", ")}
     FROM ${events} AND ${ENDED} GROUP BY name ORDER BY calls DESC`,
    values,
  );
  return found.map((row) => {
    const ms = (name: string) => Number(row[name] ?? 0);
    return {
      tool: text(row, "name"),
      calls: integer(row, "calls"),
      failures: integer(row, "failures"),
      p50: ms("p50"),
      p95: ms("p95"),
      p99: ms("p99"),
      max: ms("most"),
      histogram: Array.from({ length: BUCKETS }, (_, at) => integer(row, `b${at}`)),
    };
  });
}

/** Answers of the span, by model and session. */
async function tokensOf(sql: Statements, { scope, values, paths }: Counting): Promise<TokenStatistics[]> {
  const found = await sql.rows(
    `SELECT a.model, a.session, a.project, sum(a.input) AS input, sum(a.output) AS output, sum(a.cache_read) AS cache_read,
       sum(a.cache_write) AS cache_write FROM mpm.answer a WHERE ${within(scope, "a")} AND a.t BETWEEN $1 AND $2
       ${paths ? "AND a.project = ANY ($3)" : ""} GROUP BY a.session, a.project, a.model`,
    values,
  );
  return found.map((row) => ({
    model: text(row, "model"),
    session: text(row, "session"),
    project: text(row, "project"),
    input: integer(row, "input"),
    output: integer(row, "output"),
    cacheRead: integer(row, "cache_read"),
    cacheWrite: integer(row, "cache_write"),
  }));
}
