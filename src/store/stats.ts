// GET /api/stats: what a time span held, from indexed columns alone.

import type { Config } from "../config/config.ts";
import type { EventRow } from "../contract/row.ts";
import type { Statistics, TokenStatistics, ToolStatistics } from "../contract/statistics.ts";
import type { Store } from "./store.ts";

const STEPS = 48;
const MIN_STEP_MS = 60_000;
const SLOWEST = 20;
const MAX_FILES = 50;
const MILLION = 1_000_000;
/** Histogram: [0] below 1 ms, then a step for each half power of ten, up to an hour and more. */
const BUCKETS = 15;

export interface Span {
  /** ms since 1970 */
  readonly since: number;
  readonly until: number;
  readonly project?: string;
}

/** @param asked since 0: from the first event that is stored */
export function statistics(store: Store, prices: Config["prices"], asked: Span): Statistics {
  const { db } = store;
  const { first } = db.prepare("SELECT min(t) AS first FROM event").get() as { first: number | null };
  const span = { ...asked, since: asked.since === 0 ? Math.min(first ?? 0, asked.until) : asked.since };
  const where = `t BETWEEN ? AND ?${span.project === undefined ? "" : " AND project = ?"}`;
  const values = [span.since, span.until, ...(span.project === undefined ? [] : [span.project])];
  const all = <T>(sql: string) => db.prepare(sql).all(...values) as T[];

  const step = Math.max(MIN_STEP_MS, Math.ceil((span.until - span.since) / STEPS));
  const length = Math.max(1, Math.ceil((span.until - span.since) / step));
  const events = new Array<number>(length).fill(0);
  const failures = new Array<number>(length).fill(0);
  const grid = all<{ place: number; events: number; failures: number | null }>(
    `SELECT (t - ${span.since}) / ${step} AS place, count(*) AS events, sum(failed) AS failures FROM event WHERE ${where} GROUP BY place`,
  );
  for (const { place, events: count, failures: failed } of grid) {
    const at = Math.min(length - 1, place);
    events[at] = (events[at] ?? 0) + count;
    failures[at] = (failures[at] ?? 0) + (failed ?? 0);
  }
  const ends = db.prepare(
    `SELECT tool, failed, ms FROM event WHERE ${where} AND event IN ('PostToolUse', 'PostToolUseFailure')`,
  );
  ends.setReturnArrays(true);
  const tools = toolsOf(ends.all(...values) as unknown as End[]);
  const sum = (of: readonly number[]) => of.reduce((total, value) => total + value, 0);
  return {
    since: span.since,
    until: span.until,
    events: sum(events),
    sessions:
      all<{ count: number }>(`SELECT count(DISTINCT session) AS count FROM event WHERE ${where}`)[0]?.count ?? 0,
    calls: sum(tools.map(({ calls }) => calls)),
    failures: sum(failures),
    tools,
    slowest: slowest(store, span),
    waits: waitsOf(
      store,
      all(`SELECT n, session, agent, tool, t FROM event WHERE ${where} AND event = 'PermissionRequest' ORDER BY n`),
      span.until,
    ),
    activity: { step, events, failures },
    files: all<{ file: string; reads: number; edits: number }>(
      `SELECT file, sum(tool = 'Read') AS reads, sum(tool <> 'Read') AS edits FROM event
       WHERE ${where} AND file IS NOT NULL AND event = 'PostToolUse' GROUP BY file ORDER BY count(*) DESC LIMIT ${MAX_FILES}`,
    ),
    tokens: tokensOf(store, prices, span),
  };
}

function slowest(store: Store, { since, until, project }: Span): EventRow[] {
  const found = store.db
    .prepare(`SELECT n FROM event WHERE t BETWEEN ? AND ? AND event IN ('PostToolUse', 'PostToolUseFailure') AND ms IS NOT NULL
      ${project === undefined ? "" : "AND project = ?"} ORDER BY ms DESC LIMIT ${SLOWEST}`)
    .all(since, until, ...(project === undefined ? [] : [project])) as { n: number }[];
  return found.flatMap(({ n }) => store.rows({}, { after: n - 1, limit: 1 }));
}

type End = readonly [tool: string | null, failed: number | null, ms: number | null];

function toolsOf(ends: readonly End[]): ToolStatistics[] {
  const byTool = new Map<string, { calls: number; failures: number; durations: number[] }>();
  for (const [tool, failed, ms] of ends) {
    const name = tool ?? "(none)";
    let one = byTool.get(name);
    if (!one) {
      one = { calls: 0, failures: 0, durations: [] };
      byTool.set(name, one);
    }
    one.calls++;
    if (failed) one.failures++;
    if (ms !== null) one.durations.push(ms);
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

interface Request {
  readonly n: number;
  readonly session: string;
  readonly agent: string | null;
  readonly tool: string | null;
  readonly t: number;
}

/** PermissionRequest has no tool_use_id: the wait ends with the next end in the same session and agent. */
function waitsOf({ db }: Store, requests: readonly Request[], until: number): Statistics["waits"] {
  // Requests are few among the events: each is followed on its own.
  const next = db.prepare(
    `SELECT event, t FROM event WHERE session = ? AND n > ? AND agent IS ? AND event IN ('PermissionRequest', ${WAIT_ENDS}) ORDER BY n LIMIT 1`,
  );
  const byTool = new Map<string, number[]>();
  for (const { n, session, agent, tool, t } of requests) {
    const end = next.get(session, n, agent) as { event: string; t: number } | undefined;
    if (!end || end.event === "PermissionRequest" || end.t > until) continue;
    const name = tool ?? "(none)";
    const waits = byTool.get(name) ?? [];
    waits.push(end.t - t);
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

interface Usage {
  readonly session: string;
  readonly model: string;
  readonly input: number;
  readonly output: number;
  readonly cache_read: number;
  readonly cache_write: number;
  readonly project: string | null;
}

function tokensOf(store: Store, prices: Config["prices"], { since, until, project }: Span): TokenStatistics[] {
  const rows = store.db
    .prepare(`SELECT u.*, s.state ->> 'project' AS project FROM usage u JOIN session s ON s.id = u.session
      WHERE s.last_at >= ? AND s.state ->> 'firstAt' <= ?`)
    .all(since, until) as unknown as Usage[];
  return rows
    .filter((row) => project === undefined || row.project === project)
    .map((row) => {
      const price = prices[row.model];
      const cost =
        price &&
        (row.input * price.input +
          row.output * price.output +
          row.cache_read * (price.cacheRead ?? 0) +
          row.cache_write * (price.cacheWrite ?? price.input)) /
          MILLION;
      return {
        model: row.model,
        session: row.session,
        project: row.project ?? "",
        input: row.input,
        output: row.output,
        cacheRead: row.cache_read,
        cacheWrite: row.cache_write,
        ...(cost === undefined ? {} : { cost }),
      };
    });
}
