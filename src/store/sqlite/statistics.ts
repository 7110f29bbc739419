// What a span of time held, from indexed columns alone.

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { EventRow } from "../../contract/row.ts";
import type { Statistics, TokenStatistics, ToolStatistics } from "../../contract/statistics.ts";
import { integer, rowColumns, rowFrom, text } from "../columns.ts";
import type { Counted, Span } from "../port.ts";
import { stepsOf } from "../steps.ts";
import type { Projects } from "./projects.ts";
import { list } from "./values.ts";
import { waitsOf } from "./waits.ts";

const SLOWEST = 20;
const MAX_FILES = 50;
/** Histogram: [0] below 1 ms, then a step for each half power of ten, up to an hour and more. */
const BUCKETS = 15;

/** Counts what happened in the span; `since` 0 is the first event that is stored. */
export function statistics(db: DatabaseSync, projects: Projects, asked: Span): Counted {
  const since = asked.since === 0 ? Math.min(firstTime(db) ?? 0, asked.until) : asked.since;
  const span: Span = { ...asked, since };
  const scope = scopeOf(span, projects);
  const { until } = span;
  const tools = toolsOf(db, scope);
  const sum = (of: readonly number[]) => of.reduce((total, value) => total + value, 0);
  const activity = activityOf(db, scope, since, until);
  return {
    since,
    until,
    events: sum(activity.events),
    sessions: sessionsOf(db, span, scope.paths),
    calls: sum(tools.map(({ calls }) => calls)),
    failures: sum(activity.failures),
    tools,
    slowest: slowest(db, scope),
    waits: waitsOf(db, span, scope.paths),
    activity,
    files: filesOf(db, scope),
    tokens: tokensOf(db, span, scope.paths),
  };
}

/** The events that are counted. */
interface Scope {
  /** By time, the index that has all that a query needs; by project, through the project's sessions. */
  readonly from: (index: string) => string;
  readonly where: string;
  readonly values: readonly SQLInputValue[];
  readonly paths: readonly string[] | undefined;
}

function scopeOf({ since, until, project }: Span, projects: Projects): Scope {
  if (project === undefined) {
    const from = (index: string) => `event INDEXED BY ${index}`;
    return { from, where: "t BETWEEN ? AND ?", values: [since, until], paths: undefined };
  }
  const paths = projects.find(project);
  const sessions = `SELECT id FROM session WHERE project IN (${marks(paths)}) AND last_at >= ? AND first_at <= ?`;
  return {
    from: () => "event",
    where: `session IN (${sessions}) AND +t BETWEEN ? AND ?`,
    values: [...paths, since, until, since, until],
    paths,
  };
}

const marks = (values: readonly unknown[]) => values.map(() => "?").join();

function activityOf(db: DatabaseSync, scope: Scope, since: number, until: number): Statistics["activity"] {
  const { from, step, length } = stepsOf(since, until);
  const events = new Array<number>(length).fill(0);
  const failures = new Array<number>(length).fill(0);
  const grid = db
    .prepare(`SELECT (t - ${from}) / ${step} AS place, count(*) AS events, count(failed) AS failures
      FROM ${scope.from("event_time")} WHERE ${scope.where} GROUP BY place`)
    .all(...scope.values);
  for (const row of grid) {
    const at = Math.min(length - 1, integer(row, "place"));
    events[at] = (events[at] ?? 0) + integer(row, "events");
    failures[at] = (failures[at] ?? 0) + integer(row, "failures");
  }
  return { from, step, events, failures };
}

/** Sessions that had an event in the span: one that began or ended in it had, one that goes beyond it may not. */
function sessionsOf(db: DatabaseSync, { since, until }: Span, paths: readonly string[] | undefined): number {
  const project = paths ? ` AND project IN (${marks(paths)})` : "";
  const found = db
    .prepare(`SELECT count(*) AS count FROM session s WHERE last_at >= ? AND first_at <= ?${project} AND (last_at <= ?
      OR first_at >= ? OR EXISTS (SELECT 1 FROM event WHERE session = s.id AND t BETWEEN ? AND ?))`)
    .get(since, until, ...(paths ?? []), until, since, since, until);
  return integer(found, "count");
}

function filesOf(db: DatabaseSync, { from, where, values }: Scope): Statistics["files"] {
  return db
    .prepare(`SELECT file, sum(tool = 'Read') AS reads, sum(tool <> 'Read') AS edits FROM ${from("event_file")}
      WHERE ${where} AND file IS NOT NULL AND +event = 'PostToolUse' GROUP BY file ORDER BY count(*) DESC LIMIT ${MAX_FILES}`)
    .all(...values)
    .map((row) => ({
      file: text(row, "file"),
      reads: Number(row["reads"] ?? 0),
      edits: Number(row["edits"] ?? 0),
    }));
}

/** When the first event happened that is stored. */
function firstTime(db: DatabaseSync): number | undefined {
  const first = db.prepare("SELECT min(t) AS first FROM event").get()?.["first"];
  return typeof first === "number" ? first : undefined;
}

function slowest(db: DatabaseSync, { from, where, values }: Scope): EventRow[] {
  const found = db.prepare(`SELECT ${rowColumns("e.")} FROM (SELECT n FROM ${from("event_end")} WHERE ${where}
    AND event IN ('PostToolUse', 'PostToolUseFailure') AND ms IS NOT NULL ORDER BY ms DESC LIMIT ${SLOWEST}) f
    JOIN event e ON e.n = f.n ORDER BY e.ms DESC`);
  found.setReturnArrays(true);
  return found.all(...values).map((row) => rowFrom(list(row)));
}

function toolsOf(db: DatabaseSync, { from, where, values }: Scope): ToolStatistics[] {
  const ends = db.prepare(`SELECT tool, failed, ms FROM ${from("event_end")} WHERE ${where}
    AND event IN ('PostToolUse', 'PostToolUseFailure')`);
  ends.setReturnArrays(true);
  const byTool = new Map<string, { calls: number; failures: number; durations: number[] }>();
  for (const end of ends.all(...values)) {
    const [tool, failed, ms] = list(end);
    const name = typeof tool === "string" ? tool : "(none)";
    let one = byTool.get(name);
    if (!one) {
      one = { calls: 0, failures: 0, durations: [] };
      byTool.set(name, one);
    }
    one.calls++;
    if (failed) one.failures++;
    if (typeof ms === "number") one.durations.push(ms);
  }
  return [...byTool]
    .map(([tool, { calls, failures, durations }]) => {
      const sorted = Float64Array.from(durations).sort();
      const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
      const histogram = new Array<number>(BUCKETS).fill(0);
      for (const ms of sorted) {
        const bucket = ms < 1 ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log10(ms) * 2));
        histogram[bucket] = (histogram[bucket] ?? 0) + 1;
      }
      return { tool, calls, failures, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0, histogram };
    })
    .sort((a, b) => b.calls - a.calls);
}

/** Answers of the span, by model and session. */
function tokensOf(db: DatabaseSync, { since, until }: Span, paths: readonly string[] | undefined): TokenStatistics[] {
  const project = paths ? ` AND project IN (${marks(paths)})` : "";
  return db
    .prepare(`SELECT model, session, project, sum(input) AS input, sum(output) AS output, sum(cache_read) AS cache_read,
      sum(cache_write) AS cache_write FROM answer WHERE t BETWEEN ? AND ?${project} GROUP BY session, model`)
    .all(since, until, ...(paths ?? []))
    .map((row) => ({
      model: text(row, "model"),
      session: text(row, "session"),
      project: text(row, "project"),
      input: integer(row, "input"),
      output: integer(row, "output"),
      cacheRead: integer(row, "cache_read"),
      cacheWrite: integer(row, "cache_write"),
    }));
}
