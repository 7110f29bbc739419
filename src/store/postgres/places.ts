// Where the events of a team lie: which weeks have which positions, and when that was. It is read for all of the team: of
// others' events it tells no more than how far their count has come, and the hour.

import { type Columns, integer } from "../columns.ts";
import type { Reached } from "../port.ts";
import { UNMARKED_FROM } from "./blocks.ts";
import type { Database } from "./connection.ts";
import type { Scope } from "./scope.ts";
import { weeksOf } from "./weeks.ts";

const HOUR_MS = 3_600_000;

/** Events of a week, or of several where the clocks of monitors differ, so that their positions lie among each other. */
export interface Stretch {
  readonly weeks: readonly number[];
  /** The first and the last position. */
  readonly first: number;
  readonly last: number;
  /** When the first and the last of them happened, ms since 1970. */
  readonly since: number;
  readonly until: number;
  /** About how many events it has. */
  readonly size: number;
  /** Whether all of its words are in blocks with marks (marks.ts). */
  readonly isMarked: boolean;
}

/** All that there is, the oldest first. */
export const placesOf = (database: Database, { tenant }: Scope): Promise<readonly Stretch[]> =>
  database.read({ tenant, user: "" }, async (sql) => {
    const end = (column: string, order: string) =>
      `(SELECT e.${column} FROM mpm.event e WHERE e.week = w.week AND e.tenant = $1 ORDER BY e.${column} ${order} LIMIT 1)`;
    const found = await sql.rows(
      `SELECT w.week, ${end("n", "ASC")} AS first, ${end("n", "DESC")} AS last, ${end("t", "ASC")} AS since, ${end("t", "DESC")} AS until,
         (SELECT c.reltuples::float8 FROM pg_class c WHERE c.oid = to_regclass('mpm.event_w' || w.week)) AS size,
         EXISTS (SELECT 1 FROM mpm.words o WHERE o.week = w.week AND o.tenant = $1 AND o.id >= '${UNMARKED_FROM}') AS unmarked
       FROM unnest($2::integer[]) AS w (week)`,
      [tenant, await weeksOf(sql)],
    );
    const stretches: Stretch[] = [];
    const ordered = found.flatMap((row) => (row["first"] === null ? [] : stretchFrom(row)));
    for (const stretch of ordered.sort((a, b) => a.first - b.first)) {
      const last = stretches.at(-1);
      if (last && last.last > stretch.first) stretches.splice(-1, 1, joined(last, stretch));
      else stretches.push(stretch);
    }
    return stretches;
  });

const stretchFrom = (row: Columns): Stretch => ({
  weeks: [integer(row, "week")],
  first: integer(row, "first"),
  last: integer(row, "last"),
  since: integer(row, "since"),
  until: integer(row, "until"),
  size: integer(row, "size"),
  isMarked: row["unmarked"] === false,
});

const joined = (a: Stretch, b: Stretch): Stretch => ({
  weeks: [...a.weeks, ...b.weeks],
  first: a.first,
  last: Math.max(a.last, b.last),
  since: Math.min(a.since, b.since),
  until: Math.max(a.until, b.until),
  size: a.size + b.size,
  isMarked: a.isMarked && b.isMarked,
});

/** About when what lies at a position happened. */
export const timeAt = (database: Database, { tenant }: Scope, n: number): Promise<Reached> =>
  database.read({ tenant, user: "" }, async (sql) => {
    const [found] = await sql.rows(
      "SELECT e.t FROM mpm.event e WHERE e.tenant = $1 AND e.n >= $2 ORDER BY e.n LIMIT 1",
      [tenant, n],
    );
    return { n, ...(found ? { t: Math.floor(integer(found, "t") / HOUR_MS) * HOUR_MS } : {}) };
  });
