// What a span of time held: the sum of its hours, of which those that were counted before are kept (hours.ts).

import type { DatabaseSync } from "node:sqlite";
import type { EventRow } from "../../contract/row.ts";
import type { TokenStatistics } from "../../contract/statistics.ts";
import { integer, rowColumns, rowFrom, text } from "../columns.ts";
import type { Counted, Span } from "../port.ts";
import { stepsOf } from "../steps.ts";
import { countSpan, type Hour } from "./hours.ts";
import type { Projects } from "./projects.ts";
import { list } from "./values.ts";
import { waitsOf } from "./waits.ts";

/** Statistics, and the hours that were counted for them. */
export interface Summed {
  readonly statistics: Counted;
  readonly hours: readonly Hour[];
}

/** Counts what happened in the span; `since` 0 is the first event that is stored. */
export function statistics(db: DatabaseSync, projects: Projects, asked: Span): Summed {
  const since = asked.since === 0 ? Math.min(firstTime(db) ?? 0, asked.until) : asked.since;
  const span: Span = { ...asked, since };
  const { until } = span;
  const paths = span.project === undefined ? undefined : projects.find(span.project);
  const { counts, counted } = countSpan(db, span, paths);
  const tools = counts.tools();
  const activity = counts.activity(stepsOf(since, until));
  const sum = (of: readonly number[]) => of.reduce((total, value) => total + value, 0);
  return {
    statistics: {
      since,
      until,
      events: sum(activity.events),
      sessions: sessionsOf(db, span, paths),
      calls: sum(tools.map(({ calls }) => calls)),
      failures: sum(activity.failures),
      tools,
      slowest: rowsAt(db, counts.slowest()),
      waits: waitsOf(db, span, paths),
      activity,
      files: counts.files(),
      tokens: tokensOf(db, span, paths),
    },
    hours: counted,
  };
}

const marks = (values: readonly unknown[]) => values.map(() => "?").join();

/** Sessions that had an event in the span: one that began or ended in it had, one that goes beyond it may not. */
function sessionsOf(db: DatabaseSync, { since, until }: Span, paths: readonly string[] | undefined): number {
  const project = paths ? ` AND project IN (${marks(paths)})` : "";
  const found = db
    .prepare(`SELECT count(*) AS count FROM session s WHERE last_at >= ? AND first_at <= ?${project} AND (last_at <= ?
      OR first_at >= ? OR EXISTS (SELECT 1 FROM event WHERE session = s.id AND t BETWEEN ? AND ?))`)
    .get(since, until, ...(paths ?? []), until, since, since, until);
  return integer(found, "count");
}

/** When the first event happened that is stored. */
function firstTime(db: DatabaseSync): number | undefined {
  const first = db.prepare("SELECT min(t) AS first FROM event").get()?.["first"];
  return typeof first === "number" ? first : undefined;
}

function rowsAt(db: DatabaseSync, positions: readonly number[]): EventRow[] {
  const select = db.prepare(`SELECT ${rowColumns("e.")} FROM event e WHERE n = ?`);
  select.setReturnArrays(true);
  return positions.flatMap((n) => {
    const row = select.get(n);
    return row ? [rowFrom(list(row))] : [];
  });
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
