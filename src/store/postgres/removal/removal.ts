// Removing for good: by age, by size, and what is to be forgotten; from every place, in small steps.
// - A session goes with its last event, and with it its turns, its answers and what it is found by.
// - A week of which everything is too old goes with its partitions, at once; so does one that has become empty.
// - The size is what the envelopes take, and as much again for their indexes: files shrink long after rows are gone.

import { integer, text } from "../../columns.ts";
import type { Forget, Limits, Removed } from "../../port.ts";
import { allRemoved, type Because, NOTHING_REMOVED } from "../../removal.ts";
import type { Database, Statements } from "../connection.ts";
import { findProjects } from "../projects.ts";
import { type Scope, within } from "../scope.ts";
import type { OwnedChange } from "../tail.ts";
import { storable } from "../values.ts";
import { removeEvents } from "./events.ts";
import { removeOld, sweep } from "./rest.ts";
import { dropEmptyWeeks, dropOldWeek } from "./weeks.ts";

/** Events removed in one step; of a small store, beyond its size, only a part of it. */
const STEP = 2000;
const PART = 20;
/** Measured: with its indexes and the words, an envelope takes twice its size. */
const SIZE_FACTOR = 2;
const SWEEP_EVERY_MS = 10 * 60_000;

export interface Removal {
  retain(limits: Limits): Promise<Removed>;
  forget(which: Forget): Promise<Removed>;
}

export interface RemovalParts {
  readonly database: Database;
  readonly scope: Scope;
  /** ms since 1970 */
  readonly now: () => number;
  /** Told of sessions that changed or are there no more. */
  readonly committed: (changed: OwnedChange) => Promise<void>;
}

/** Size of what a tenant has, as it is limited. */
export async function sizeOf(
  sql: Statements,
  { tenant }: Scope,
): Promise<{ events: number; bytes: number; newest: number }> {
  const [found] = await sql.rows("SELECT n, events, bytes FROM mpm.counter WHERE tenant = $1", [tenant]);
  if (!found) return { events: 0, bytes: 0, newest: 0 };
  return {
    events: integer(found, "events"),
    bytes: integer(found, "bytes") * SIZE_FACTOR,
    newest: integer(found, "n"),
  };
}

export function openRemoval(parts: RemovalParts): Removal {
  const { database, scope, now } = parts;
  /** When it was last looked for what else may go. */
  let sweptAt = Number.NEGATIVE_INFINITY;

  const remove = async (because: Because, { before, maxBytes }: Limits): Promise<Removed> => {
    const week = await dropOldWeek(parts, because, before);
    if (week.events > 0) {
      sweptAt = Number.NEGATIVE_INFINITY;
      return week;
    }
    const old = await removeEvents(parts, because, {
      condition: "e.t < $1 ORDER BY e.t",
      values: [before],
      limit: STEP,
    });
    if (old.events > 0) return old;
    const rest = await removeOld(parts, before);
    if (rest.answers + rest.sessions > 0) return rest;
    const { events, bytes } = await database.read(scope, (sql) => sizeOf(sql, scope));
    if (bytes <= maxBytes) {
      if (now() - sweptAt >= SWEEP_EVERY_MS) {
        sweptAt = now();
        await dropEmptyWeeks(parts);
        while (await sweep(parts));
      }
      return rest;
    }
    return removeEvents(parts, because, {
      condition: "true ORDER BY e.n",
      values: [],
      limit: Math.min(STEP, Math.ceil(events / PART)),
    });
  };
  const removeSessions = async (ids: readonly string[]): Promise<Removed> => {
    let sum = NOTHING_REMOVED;
    for (const id of ids)
      for (;;) {
        const step = await removeEvents(parts, "asked", { condition: "e.session = $1", values: [id], limit: STEP });
        if (step.events === 0) break;
        sum = allRemoved(sum, step);
      }
    return sum;
  };

  return {
    retain: (limits) => remove("limit", limits),
    async forget(which) {
      if ("session" in which) return removeSessions([storable(which.session)]);
      if ("project" in which) {
        const ids = await database.read(scope, async (sql) => {
          const paths = await findProjects(sql, scope, which.project);
          return sql.rows(`SELECT s.id FROM mpm.session s WHERE ${within(scope, "s")} AND s.project = ANY ($1)`, [
            paths,
          ]);
        });
        return removeSessions(ids.map((row) => text(row, "id")));
      }
      let sum = NOTHING_REMOVED;
      for (;;) {
        const step = await remove("asked", { before: which.before, maxBytes: Number.POSITIVE_INFINITY });
        if (step.events + step.sessions + step.answers === 0) return sum;
        sum = allRemoved(sum, step);
      }
    },
  };
}
