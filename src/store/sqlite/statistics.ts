// What a span of time held, from indexed columns alone.

import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { EventRow } from "../../contract/row.ts";
import type { Statistics, TokenStatistics, ToolStatistics } from "../../contract/statistics.ts";
import type { Counted, Span } from "../port.ts";
import { type Columns, integer, list, maybeText, rowColumns, rowFrom, text } from "./values.ts";

const STEPS = 48;
const MIN_STEP_MS = 60_000;
const SLOWEST = 20;
const MAX_FILES = 50;
/** Histogram: [0] below 1 ms, then a step for each half power of ten, up to an hour and more. */
const BUCKETS = 15;

/** Counts what happened in the span; `since` 0 is the first event that is stored. */
export function statistics(db: DatabaseSync, asked: Span): Counted {
  const since = asked.since === 0 ? Math.min(firstTime(db) ?? 0, asked.until) : asked.since;
  const span: Span = { ...asked, since };
  const where = `t BETWEEN ? AND ?${span.project === undefined ? "" : " AND project = ?"}`;
  const values: SQLInputValue[] = [since, span.until, ...(span.project === undefined ? [] : [span.project])];
  const all = (sql: string) => db.prepare(sql).all(...values);

  const step = Math.max(MIN_STEP_MS, Math.ceil((span.until - since) / STEPS));
  const length = Math.max(1, Math.ceil((span.until - since) / step));
  const events = new Array<number>(length).fill(0);
  const failures = new Array<number>(length).fill(0);
  const grid = all(
    `SELECT (t - ${since}) / ${step} AS place, count(*) AS events, count(failed) AS failures FROM event WHERE ${where} GROUP BY place`,
  );
  for (const row of grid) {
    const at = Math.min(length - 1, integer(row, "place"));
    events[at] = (events[at] ?? 0) + integer(row, "events");
    failures[at] = (failures[at] ?? 0) + integer(row, "failures");
  }
  const ends = db.prepare(
    `SELECT tool, failed, ms FROM event WHERE ${where} AND event IN ('PostToolUse', 'PostToolUseFailure')`,
  );
  ends.setReturnArrays(true);
  const tools = toolsOf(ends.all(...values));
  const sum = (of: readonly number[]) => of.reduce((total, value) => total + value, 0);
  const [sessions] = all(`SELECT count(DISTINCT session) AS count FROM event WHERE ${where}`);
  const files = all(
    `SELECT file, sum(tool = 'Read') AS reads, sum(tool <> 'Read') AS edits FROM event
     WHERE ${where} AND file IS NOT NULL AND event = 'PostToolUse' GROUP BY file ORDER BY count(*) DESC LIMIT ${MAX_FILES}`,
  );
  const requests = all(
    `SELECT n, session, agent, tool, t FROM event WHERE ${where} AND event = 'PermissionRequest' ORDER BY n`,
  );
  return {
    since,
    until: span.until,
    events: sum(events),
    sessions: integer(sessions, "count"),
    calls: sum(tools.map(({ calls }) => calls)),
    failures: sum(failures),
    tools,
    slowest: slowest(db, where, values),
    waits: waitsOf(db, requests, span.until),
    activity: { step, events, failures },
    files: files.map((row) => ({
      file: text(row, "file"),
      reads: Number(row["reads"] ?? 0),
      edits: Number(row["edits"] ?? 0),
    })),
    tokens: tokensOf(db, where, values),
  };
}

/** When the first event happened that is stored. */
function firstTime(db: DatabaseSync): number | undefined {
  const first = db.prepare("SELECT min(t) AS first FROM event").get()?.["first"];
  return typeof first === "number" ? first : undefined;
}

function slowest(db: DatabaseSync, where: string, values: readonly SQLInputValue[]): EventRow[] {
  const found = db.prepare(`SELECT ${rowColumns("e.")} FROM (SELECT n FROM event WHERE ${where}
    AND event IN ('PostToolUse', 'PostToolUseFailure') AND ms IS NOT NULL ORDER BY ms DESC LIMIT ${SLOWEST}) f
    JOIN event e ON e.n = f.n ORDER BY e.ms DESC`);
  found.setReturnArrays(true);
  return found.all(...values).map((row) => rowFrom(list(row)));
}

/** Ends of calls as lists of tool, failed and ms. */
function toolsOf(ends: readonly unknown[]): ToolStatistics[] {
  const byTool = new Map<string, { calls: number; failures: number; durations: number[] }>();
  for (const end of ends) {
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

const WAIT_ENDS =
  "'PostToolUse', 'PostToolUseFailure', 'PermissionDenied', 'PostToolBatch', 'Stop', 'UserPromptSubmit', 'SessionEnd'";

/** PermissionRequest has no tool_use_id: the wait ends with the next end in the same session and agent. */
function waitsOf(db: DatabaseSync, requests: readonly Columns[], until: number): Statistics["waits"] {
  // Requests are few among the events: each is followed on its own.
  const next = db.prepare(
    `SELECT event, t FROM event WHERE session = ? AND n > ? AND agent IS ? AND event IN ('PermissionRequest', ${WAIT_ENDS}) ORDER BY n LIMIT 1`,
  );
  const byTool = new Map<string, number[]>();
  for (const request of requests) {
    const end = next.get(text(request, "session"), integer(request, "n"), maybeText(request, "agent") ?? null);
    if (!end || text(end, "event") === "PermissionRequest" || integer(end, "t") > until) continue;
    const name = maybeText(request, "tool") ?? "(none)";
    const waits = byTool.get(name) ?? [];
    waits.push(integer(end, "t") - integer(request, "t"));
    byTool.set(name, waits);
  }
  return [...byTool].map(([tool, waits]) => {
    const sorted = waits.toSorted((a, b) => a - b);
    return {
      tool,
      count: waits.length,
      total: waits.reduce((sum, ms) => sum + ms, 0),
      p50: sorted[Math.floor(sorted.length / 2)] ?? 0,
    };
  });
}

/** Answers of the span, by model and session. */
function tokensOf(db: DatabaseSync, where: string, values: readonly SQLInputValue[]): TokenStatistics[] {
  return db
    .prepare(`SELECT model, session, project, sum(input) AS input, sum(output) AS output, sum(cache_read) AS cache_read,
      sum(cache_write) AS cache_write FROM answer WHERE ${where} GROUP BY session, model`)
    .all(...values)
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
