// Writing: batches of events, facts about sessions, bookmarks and consumers. One transaction each.
// - The sessions of a transaction are locked first, in one order: what two processes know of a session is one after the other.
// - Positions are taken last, just before the commit, and held through it: they become visible in their order, and what
//   takes time (bodies, the index of words, states) is written side by side. docs/decisions/postgresql.md says why.

import { createHash } from "node:crypto";
import type { Envelope } from "../../contract/envelope.ts";
import type { EventRow } from "../../contract/row.ts";
import { reduce } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { type Extracted, extract, headOf, searchText } from "../extract.ts";
import type { Appended, Consumer, Fact, Outcome, Pricing, SessionFacts, StoreTrouble } from "../port.ts";
import { addAnswers } from "./answers.ts";
import { type Database, Overtaken, type Statements, troubleOf } from "./connection.ts";
import { SCHEMA_LOCK } from "./migrations.ts";
import type { Scope } from "./scope.ts";
import { findSessions, keepSessions } from "./sessions.ts";
import { keepLeft, type Left, leave } from "./turns.ts";
import { eventLists, INSERT_EVENTS, integer, storable, text } from "./values.ts";
import { vectorOf } from "./words.ts";

const WEEK_MS = 7 * 86_400_000;

export const weekOf = (ms: number): number => Math.floor(ms / WEEK_MS);

export interface WriterParts {
  readonly database: Database;
  readonly scope: Scope;
  readonly pricing: Pricing;
  /** ms since 1970 */
  readonly now: () => number;
  /** Told of what a commit has changed, before the answer. */
  readonly committed: (rows: readonly EventRow[], sessions: readonly string[]) => Promise<void>;
}

export interface Writer {
  append(batch: readonly Envelope[]): Promise<Appended>;
  record(facts: readonly SessionFacts[]): Promise<StoreTrouble | undefined>;
  advance(name: string, n: number): Promise<StoreTrouble | undefined>;
  dismiss(name: string): Promise<StoreTrouble | undefined>;
}

/** An event about to be stored. */
interface Fresh extends Extracted {
  readonly envelope: Envelope;
  readonly json: string;
}

export function openWriter({ database, scope, pricing, now, committed }: WriterParts): Writer {
  const { tenant, user } = scope;
  let ready = -1;

  /** Makes place for the events of this week and the next, once. */
  const prepare = async (week: number): Promise<void> => {
    if (ready === week) return;
    await database.write(scope, async (sql) => {
      await sql.run("INSERT INTO mpm.counter VALUES ($1, 0, 0, 0, 0) ON CONFLICT DO NOTHING", [tenant]);
      const names = [week, week + 1].flatMap((each) => [`event_w${each}`, `body_w${each}`]);
      const missing = async () => {
        const found = await sql.rows(
          "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass('mpm.' || name) IS NULL",
          [names],
        );
        return found.map((row) => text(row, "name"));
      };
      if ((await missing()).length === 0) return;
      await sql.run("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
      for (const name of await missing()) {
        const [, table, number] = /^(event|body)_w(\d+)$/.exec(name) ?? [];
        await sql.run(`CREATE TABLE mpm.${name} PARTITION OF mpm.${table} FOR VALUES IN (${number})`);
      }
    });
    ready = week;
  };

  const addAll = async (batch: readonly Envelope[]): Promise<Appended> => {
    const week = weekOf(now());
    await prepare(week);
    const { outcomes, rows, sessions } = await database.write(scope, async (sql) => {
      const ids = batch.map(({ id }) => storable(id));
      await lockSessions(
        sql,
        scope,
        batch.map(({ session_id: session }) => session),
      );
      const known = new Set(
        (await sql.rows("SELECT id FROM mpm.known WHERE tenant = $1 AND id = ANY ($2)", [tenant, ids])).map((row) =>
          text(row, "id"),
        ),
      );
      const outcomes: Outcome[] = batch.map(({ id }) => {
        const isKnown = known.has(storable(id));
        known.add(storable(id));
        return { kind: isKnown ? "repeated" : "stored" };
      });
      const given = batch.filter((_, index) => outcomes[index]?.kind === "stored");
      if (given.length === 0) return { outcomes, rows: [], sessions: [] };
      const told = await tell(sql, given);
      await insertBodies(sql, scope, week, told.fresh);
      await keepSessions(sql, scope, told.sessions);
      await keepLeft(sql, scope, told.left);
      const bytes = told.fresh.reduce((sum, { row }) => sum + row.bytes, 0);
      const [taken] = await sql.rows(INSERT_EVENTS, [
        ...[tenant, user, week, told.fresh.length, bytes],
        ...eventLists(told.fresh),
      ]);
      const first = integer(taken, "n") - told.fresh.length + 1;
      const rows = told.fresh.map(({ row }, index) => ({ n: first + index, ...row }));
      return { outcomes, rows, sessions: told.sessions.map(({ id }) => id) };
    });
    if (rows.length > 0) await committed(rows, sessions);
    return { outcomes, rows };
  };
  /** What the events make of their sessions. */
  const tell = async (sql: Statements, given: readonly Envelope[]) => {
    const wanted = [...new Set(given.map(({ session_id: id }) => id))];
    const sessions = new Map((await findSessions(sql, scope, wanted.map(storable))).map((one) => [one.id, one]));
    const forgotten = await forgottenOf(
      sql,
      scope,
      wanted.filter((id) => !sessions.has(id)),
    );
    const left: Left = { turns: [], waits: [] };
    const fresh = given.map((event): Fresh => {
      const before = sessions.get(event.session_id);
      const removed = before ? undefined : forgotten.get(event.session_id);
      const seq = event.seq || (before?.maxSeq ?? removed ?? 0) + 1;
      const envelope = event.seq ? event : { ...event, seq };
      const json = JSON.stringify(envelope);
      const extracted = extract(envelope, Buffer.byteLength(json));
      const step = reduce(before, {
        kind: "event",
        row: extracted.row,
        head: headOf(envelope, extracted.project),
        ...(removed === undefined ? {} : { forgotten: Math.min(removed, seq - 1) }),
      });
      leave(left, before, step);
      sessions.set(event.session_id, step.session);
      return { ...extracted, envelope, json };
    });
    return { fresh, left, sessions: [...sessions.values()] };
  };
  /** Each alone: one that cannot be kept must not hold up the others for ever. */
  const addEach = async (batch: readonly Envelope[]): Promise<Appended> => {
    const outcomes: Outcome[] = [];
    const rows: EventRow[] = [];
    for (const envelope of batch) {
      const added = await append([envelope]);
      outcomes.push(...added.outcomes);
      rows.push(...added.rows);
      if (added.trouble) return { outcomes, rows, trouble: added.trouble };
    }
    return { outcomes, rows };
  };
  const append = async (batch: readonly Envelope[]): Promise<Appended> => {
    try {
      return await addAll(batch);
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble) return { outcomes: [], rows: [], trouble };
      if (batch.length > 1) return addEach(batch);
      const cause = error instanceof Error ? error.message : String(error);
      return { outcomes: batch.map(() => ({ kind: "refused", reason: { code: "unstorable", cause } })), rows: [] };
    }
  };
  /** Runs the work as a transaction that may change sessions; what the store cannot do is a value. */
  const attempt = async (work: (sql: Statements) => Promise<readonly string[]>): Promise<StoreTrouble | undefined> => {
    try {
      const changed = await database.write(scope, async (sql) => {
        const sessions = await work(sql);
        await touch(sql, scope, sessions);
        return sessions;
      });
      if (changed.length > 0) await committed([], changed);
      return undefined;
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble) return trouble;
      throw error;
    }
  };
  const learn = async (sql: Statements, session: Session, fact: Fact, left: Left): Promise<Session> => {
    if (fact.kind === "answers") return addAnswers(sql, scope, pricing, session, fact.answers);
    const step = reduce(session, fact);
    leave(left, session, step);
    return step.session;
  };

  return {
    append,
    record: (batch) =>
      attempt(async (sql) => {
        const ids = [...new Set(batch.map(({ session }) => session))];
        await lockSessions(sql, scope, ids);
        const sessions = new Map((await findSessions(sql, scope, ids.map(storable))).map((one) => [one.id, one]));
        const left: Left = { turns: [], waits: [] };
        for (const { session: id, facts, bookmark } of batch) {
          let session = sessions.get(id);
          if (!session) continue;
          for (const fact of facts) session = await learn(sql, session, fact, left);
          sessions.set(id, session);
          if (bookmark)
            await sql.run(
              `INSERT INTO mpm.bookmark VALUES ($1, $2, $3, $4)
               ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value`,
              [tenant, user, storable(bookmark.name), storable(bookmark.value)],
            );
        }
        await keepSessions(sql, scope, [...sessions.values()]);
        await keepLeft(sql, scope, left);
        return [...sessions.keys()];
      }),
    advance: (name, n) =>
      attempt(async (sql) => {
        await sql.run(
          "INSERT INTO mpm.consumer VALUES ($1, $2, $3, $4, 0) ON CONFLICT (tenant, name) DO UPDATE SET n = excluded.n",
          [tenant, user, name, n],
        );
        return [];
      }),
    dismiss: (name) =>
      attempt(async (sql) => {
        await sql.run("DELETE FROM mpm.consumer WHERE tenant = $1 AND name = $2", [tenant, name]);
        return [];
      }),
  };
}

/** Holds the sessions to the end of the transaction, in the order of their hashes. */
export async function lockSessions(sql: Statements, { tenant }: Scope, ids: readonly string[]): Promise<void> {
  const keys = new Set(
    ids.map((id) => createHash("sha256").update(`${tenant}\0${id}`).digest().readBigInt64BE().toString()),
  );
  await sql.run("SELECT pg_advisory_xact_lock(key) FROM unnest($1::bigint[]) AS key", [[...keys].sort()]);
}

/** Says to all processes that sessions changed, or are there no more, without a new event. */
export async function touch(sql: Statements, { tenant, user }: Scope, sessions: readonly string[]): Promise<void> {
  if (sessions.length === 0) return;
  await sql.run(
    `WITH taken AS (UPDATE mpm.counter SET touch = touch + 1 WHERE tenant = $1 RETURNING touch)
     INSERT INTO mpm.touched (tenant, user_id, touch, session) SELECT $1, $2, taken.touch, given FROM taken, unnest($3::text[]) AS given`,
    [tenant, user, sessions.map(storable)],
  );
}

async function insertBodies(
  sql: Statements,
  { tenant, user }: Scope,
  week: number,
  fresh: readonly Fresh[],
): Promise<void> {
  const ids = fresh.map(({ row }) => storable(row.id));
  const added = await sql.run("INSERT INTO mpm.known SELECT $1, $2, unnest($3::text[]), $4 ON CONFLICT DO NOTHING", [
    tenant,
    user,
    ids,
    week,
  ]);
  if (added < ids.length) throw new Overtaken("known");
  await sql.run(
    `INSERT INTO mpm.body (tenant, user_id, week, id, json, words)
     SELECT $1, $2, $3, id, json, words::tsvector FROM unnest($4::text[], $5::text[], $6::text[]) AS given (id, json, words)`,
    [
      tenant,
      user,
      week,
      ids,
      fresh.map(({ json }) => json),
      fresh.map(({ envelope }) => vectorOf(searchText(envelope))),
    ],
  );
}

/** Nothing else is kept of sessions that were removed, and they are named by a hash. */
export const forgottenName = (session: string): string =>
  createHash("sha256").update(session).digest("hex").slice(0, 32);

async function forgottenOf(
  sql: Statements,
  { tenant }: Scope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const byName = new Map(ids.map((id) => [forgottenName(id), id]));
  const found = await sql.rows("SELECT session, seq FROM mpm.forgotten WHERE tenant = $1 AND session = ANY ($2)", [
    tenant,
    [...byName.keys()],
  ]);
  return new Map(found.map((row) => [byName.get(text(row, "session")) ?? "", integer(row, "seq")]));
}

export async function allConsumers(sql: Statements, { tenant }: Scope): Promise<Consumer[]> {
  const found = await sql.rows("SELECT name, n, missed FROM mpm.consumer WHERE tenant = $1 ORDER BY name", [tenant]);
  return found.map((row) => ({ name: text(row, "name"), n: integer(row, "n"), missed: integer(row, "missed") }));
}
