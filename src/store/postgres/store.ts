// The store in a PostgreSQL database that any number of monitors share.
// - `append` is one transaction: all of a batch is kept, or none of it.
// - One connection pool a process; a store for each scope on it.

import type { ReasonOf } from "../../contract/reasons.ts";
import { done, failed, type Result } from "../../contract/result.ts";
import type { Log } from "../../platform/log.ts";
import { integer, maybeText } from "../columns.ts";
import { storedEnvelope } from "../found.ts";
import type { Pricing, Store, StoreTrouble } from "../port.ts";
import type { TeamStore } from "../team.ts";
import { runAlone } from "./alone.ts";
import { readAnswers } from "./answers.ts";
import { claim, keepClaimed } from "./claims.ts";
import { connect, type Database, troubleOf } from "./connection.ts";
import { allConsumers } from "./consumers.ts";
import { findEnvelope, findEnvelopes, findRows, readTimeline } from "./events.ts";
import { migrate, olderVersion } from "./migrations.ts";
import { allProjects } from "./projects.ts";
import { startRebuild } from "./rebuild.ts";
import { openRemoval, sizeOf } from "./removal/removal.ts";
import { DEFAULT_SCOPE, type Scope, within } from "./scope.ts";
import { findSessions, identify, oneSession, pageOfSessions } from "./sessions.ts";
import { statistics } from "./statistics.ts";
import { openTail, type Tail } from "./tail.ts";
import { openTeam } from "./team.ts";
import { startsOf, turnsOf } from "./turns.ts";
import { storable } from "./values.ts";
import { openWriter } from "./writer.ts";

export interface PostgresOptions {
  /** postgres://user@host/database; a password may stand in it, in PGPASSWORD or in ~/.pgpass. */
  readonly url: string;
  /** ms since 1970 */
  readonly now: () => number;
  /** Whose part of the database; absent: that of who has it alone. */
  readonly scope?: Scope;
  /** Absent: what goes wrong beside the questions is said nowhere. */
  readonly log?: Log;
  /** Absent: sessions are kept without their costs. */
  readonly pricing?: Pricing;
  /** A visitor, which leaves the schema of an older version to the monitors that work with it. */
  readonly visits?: true;
}

export interface PostgresStore extends Store {
  /** The same part of the database, seen as somebody else; it is closed with this one. */
  as(who: Omit<Scope, "tenant">): Store;
  /** Who belongs to the team that the database is of. */
  readonly team: TeamStore;
}

const UNPRICED: Pricing = { key: "", cost: () => undefined };

export type OpenTrouble = ReasonOf<"store_newer" | "store_older"> | StoreTrouble;

/** Opens the database and leads its schema to this version, unless it only visits. */
export async function openPostgres(options: PostgresOptions): Promise<Result<PostgresStore, OpenTrouble>> {
  const database = connect(options.url);
  try {
    const older = options.visits && (await olderVersion(database));
    if (older !== undefined) {
      await database.close();
      return failed({ code: "store_older", file: "PostgreSQL", version: older });
    }
    const migrated = await migrate(database);
    if (migrated.ok) return done(sharedStore(database, options));
    await database.close();
    return migrated;
  } catch (error) {
    await database.close();
    const cause = error instanceof Error ? error.message : String(error);
    return failed(troubleOf(error) ?? { code: "store_unavailable", cause });
  }
}

function sharedStore(database: Database, options: PostgresOptions): PostgresStore {
  const own = options.scope ?? DEFAULT_SCOPE;
  const tail = openTail(database, own.tenant);
  const endRebuild = options.visits ? async () => {} : startRebuild(database, own, options.log);
  const open = (scope: Scope): Store => storeOf(database, tail, scope, options);
  return {
    ...open(own),
    team: openTeam(database, own),
    as: ({ user, users }) => open({ tenant: own.tenant, user, ...(users ? { users } : {}) }),
    async close() {
      await Promise.all([endRebuild(), tail.close()]);
      await database.close();
      return {};
    },
  };
}

/** Whether so long has passed from now on. */
function overAfter(ms: number): () => boolean {
  const begun = performance.now();
  return () => performance.now() - begun >= ms;
}

function storeOf(database: Database, tail: Tail, scope: Scope, { now, log, pricing }: PostgresOptions): Store {
  const parts = { database, scope, now, committed: tail.committed };
  const writer = openWriter({ ...parts, pricing: pricing ?? UNPRICED });
  const removal = openRemoval(parts);
  /** Why those who listen would not be told of what is stored now. */
  const listening = () =>
    tail.ready().then(
      () => undefined,
      (error: unknown) => troubleOf(error) ?? Promise.reject(error),
    );
  return {
    async append(batch, owners) {
      const trouble = await listening();
      return trouble ? { outcomes: [], rows: [], trouble } : writer.append(batch, owners);
    },
    async keep(batch) {
      const trouble = await listening();
      return trouble
        ? { outcomes: [], rows: [], trouble }
        : writer.append(batch.map(({ json }) => storedEnvelope(json)));
    },
    record: async (facts) => (await listening()) ?? writer.record(facts),
    bookmark: (name) =>
      database.read(scope, async (sql) => {
        const [found] = await sql.rows("SELECT value FROM mpm.bookmark WHERE tenant = $1 AND name = $2", [
          scope.tenant,
          storable(name),
        ]);
        return maybeText(found, "value");
      }),
    async rows(filter, range) {
      await tail.ready(); // whoever listens, and reads what came before, misses nothing in between
      return (await findRows(database, scope, filter, range)).events;
    },
    envelopes: async (filter, range) => (await findEnvelopes(database, scope, filter, range)).events,
    searchRows: (filter, range, withinMs) => findRows(database, scope, filter, range, overAfter(withinMs)),
    searchEnvelopes: (filter, range, withinMs) => findEnvelopes(database, scope, filter, range, overAfter(withinMs)),
    envelope: (id) => database.read(scope, (sql) => findEnvelope(sql, scope, id)),
    timeline: (session) => readTimeline(database, scope, session),
    sessions: (filter) => database.read(scope, (sql) => pageOfSessions(sql, scope, filter, now())),
    session: (id) => database.read(scope, (sql) => oneSession(sql, scope, storable(id), now())),
    identify: (beginning) => database.read(scope, (sql) => identify(sql, scope, beginning)),
    projects: () => database.read(scope, (sql) => allProjects(sql, scope)),
    turns: (id, stretch) =>
      database.read(scope, async (sql) => {
        const [session] = await findSessions(sql, scope, [storable(id)]);
        return session ? turnsOf(sql, scope, session, now(), stretch) : [];
      }),
    turnStarts: (id) =>
      database.read(scope, async (sql) => {
        const [session] = await findSessions(sql, scope, [storable(id)]);
        return session ? startsOf(sql, scope, session) : [];
      }),
    answers: (span) => readAnswers(database, scope, span),
    statistics: (span) => database.read(scope, (sql) => statistics(sql, scope, span), "long"),
    figures: () =>
      database.read(scope, async (sql) => {
        const [found] = await sql.rows(
          `SELECT coalesce(sum(s.gaps), 0) AS gaps FROM mpm.session s WHERE ${within(scope, "s")} AND s.gaps > 0`,
        );
        return { ...(await sizeOf(sql, scope)), gaps: integer(found, "gaps") };
      }),
    subscribe: (listener, whose) => tail.subscribe(scope, listener, whose),
    consumers: () => database.read(scope, (sql) => allConsumers(sql, scope)),
    advance: writer.advance,
    dismiss: writer.dismiss,
    alone: (name, begin) => runAlone(database, scope, name, begin, log),
    claim: (names) => database.write(scope, (sql) => claim(sql, scope, names)),
    keepClaimed: (names) => database.write(scope, (sql) => keepClaimed(sql, scope, names)),
    retain: removal.retain,
    forget: removal.forget,
    close: async () => ({}),
  };
}
