// Writing: batches of events, facts about sessions, bookmarks and consumers. One transaction each.
// - The sessions of a transaction are locked first, in one order: what two processes know of a session is one after the other.
// - Positions are taken last, just before the commit, and held through it: they become visible in their order, and what
//   takes time (bodies, the index of words, states) is written side by side. docs/decisions/postgresql.md says why.

import { createHash } from "node:crypto";
import type { Envelope } from "../../contract/envelope.ts";
import type { EventRow } from "../../contract/row.ts";
import { reduce } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { integer, text } from "../columns.ts";
import { type Extracted, extract, headOf } from "../extract.ts";
import type { Appended, Consumer, Fact, Outcome, Pricing, SessionFacts, StoreTrouble } from "../port.ts";
import { addAnswers } from "./answers.ts";
import { blocksOf, insertBlocks } from "./blocks.ts";
import { type Database, Overtaken, type Statements, troubleOf } from "./connection.ts";
import { mustBeCurrent, PARTITION_OPTIONS, SCHEMA_LOCK, WEEKLY } from "./migrations.ts";
import type { Scope } from "./scope.ts";
import { findOwned, keepSessions, type Owned, openKnownStates, refreshOwned } from "./sessions.ts";
import type { OwnedChange, OwnedSession } from "./tail.ts";
import { keepLeft, type Left, leave } from "./turns.ts";
import { eventLists, INSERT_EVENTS, storable } from "./values.ts";
import { weekOf } from "./weeks.ts";

/** Events of a week that a process has stored when its partitions are analysed. */
const ANALYSED_AT: readonly number[] = [2000, 20_000, 200_000];

export interface WriterParts {
  readonly database: Database;
  readonly scope: Scope;
  readonly pricing: Pricing;
  /** ms since 1970 */
  readonly now: () => number;
  /** Told of what a commit has changed, before the answer. */
  readonly committed: (changed: OwnedChange) => Promise<void>;
}

export interface Writer {
  append(batch: readonly Envelope[], owners?: readonly string[]): Promise<Appended>;
  record(facts: readonly SessionFacts[]): Promise<StoreTrouble | undefined>;
  advance(name: string, n: number): Promise<StoreTrouble | undefined>;
  dismiss(name: string): Promise<StoreTrouble | undefined>;
}

/** An event about to be stored. */
interface Fresh extends Extracted {
  readonly envelope: Envelope;
  readonly json: string;
  readonly owner: string;
}

/** An event and whose it is. */
interface Given {
  readonly envelope: Envelope;
  readonly owner: string;
}

export function openWriter({ database, scope, pricing, now, committed }: WriterParts): Writer {
  const { tenant, user } = scope;
  const states = openKnownStates();
  let ready = -1;
  /** Events of this week by this process. */
  let written = 0;

  /** Makes place for the events of this week and the next, once. */
  const prepare = async (week: number): Promise<void> => {
    if (ready === week) return;
    await database.write(scope, async (sql) => {
      await sql.run("INSERT INTO mpm.counter VALUES ($1, 0, 0, 0, 0) ON CONFLICT DO NOTHING", [tenant]);
      const names = [week, week + 1].flatMap((each) => WEEKLY.map((table) => `${table}_w${each}`));
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
        const [, table, number] = /^([a-z]+)_w(\d+)$/.exec(name) ?? [];
        const options = table === "words" ? PARTITION_OPTIONS.words : "";
        await sql.run(`CREATE TABLE mpm.${name} PARTITION OF mpm.${table} FOR VALUES IN (${number}) ${options}`);
      }
    });
    ready = week;
    written = 0;
  };

  /**
   * Tells the planner what a young partition holds, of which it knows nothing until autovacuum comes by. It is for
   * statistics and filters alone: an event, and what a search finds, are read by their indexes without it.
   */
  const analyse = async (week: number, count: number): Promise<void> => {
    const before = written;
    written += count;
    if (!ANALYSED_AT.some((at) => before < at && written >= at)) return;
    await database.write(scope, async (sql) => {
      for (const table of WEEKLY) await sql.run(`ANALYZE mpm.${table}_w${week}`);
      await sql.run("ANALYZE mpm.session");
    });
  };

  const addAll = async (batch: readonly Given[]): Promise<Appended> => {
    const week = weekOf(now());
    await prepare(week);
    const { outcomes, rows, owners, sessions, kept } = await database.write(scope, async (sql) => {
      await mustBeCurrent(sql);
      const ids = batch.map(({ envelope: { id } }) => storable(id));
      await lockSessions(
        sql,
        scope,
        batch.map(({ envelope: { session_id: session } }) => session),
      );
      const there = await refreshOwned(
        sql,
        scope,
        batch.map(({ envelope: { session_id: session } }) => storable(session)),
        states,
      );
      const ownerOf = new Map(there.map(({ session: { id }, owner }) => [id, owner]));
      const known = new Set(
        (await sql.rows("SELECT id FROM mpm.known WHERE tenant = $1 AND id = ANY ($2)", [tenant, ids])).map((row) =>
          text(row, "id"),
        ),
      );
      const outcomes = batch.map(({ envelope: { id, session_id: session }, owner }): Outcome => {
        const its = ownerOf.get(session) ?? owner;
        ownerOf.set(session, its);
        if (its !== owner) return { kind: "refused", reason: { code: "session_taken", session } };
        const isKnown = known.has(storable(id));
        known.add(storable(id));
        return { kind: isKnown ? "repeated" : "stored" };
      });
      const given = batch.filter((_, index) => outcomes[index]?.kind === "stored");
      if (given.length === 0) return { outcomes, rows: [], owners: [], sessions: [], kept: undefined };
      const told = await tell(sql, given, new Map(there.map(({ session }) => [session.id, session])));
      const blocks = blocksOf(told.fresh);
      await insertBodies(sql, scope, week, told.fresh);
      await insertBlocks(sql, scope, week, blocks);
      const version = await keepSessions(sql, scope, told.sessions, ownerOf);
      await keepLeft(sql, scope, told.left, ownerOf);
      const bytes = told.fresh.reduce((sum, { row }) => sum + row.bytes, 0);
      const owners = told.fresh.map(({ owner }) => owner);
      const [taken] = await sql.rows(INSERT_EVENTS, [
        ...[
          tenant,
          owners,
          week,
          told.fresh.length,
          bytes,
          blocks.map(({ id }) => id),
          blocks.map(({ first }) => first),
        ],
        ...eventLists(
          told.fresh,
          blocks.flatMap(({ id, ids }) => ids.map(() => id)),
        ),
      ]);
      const first = integer(taken, "n") - told.fresh.length + 1;
      const rows = told.fresh.map(({ row }, index) => ({ n: first + index, ...row }));
      const sessions = told.sessions.map(({ id }) => ({ id, owner: ownerOf.get(id) ?? user }));
      const ownedBy = (session: Session) => ({ session, owner: ownerOf.get(session.id) ?? user });
      return { outcomes, rows, owners, sessions, kept: { version, states: told.sessions.map(ownedBy) } };
    });
    for (const one of kept?.states ?? []) states.set(one, kept?.version ?? "");
    if (rows.length > 0) await committed({ rows, owners, sessions });
    analyse(week, rows.length).catch(() => {}); // autovacuum does it later
    return { outcomes, rows };
  };
  /** What the events make of their sessions, of which some are there already. */
  const tell = async (sql: Statements, given: readonly Given[], sessions: Map<string, Session>) => {
    const wanted = [...new Set(given.map(({ envelope: { session_id: id } }) => id))];
    const forgotten = await forgottenOf(
      sql,
      scope,
      wanted.filter((id) => !sessions.has(id)),
    );
    const left: Left = { turns: [], waits: [] };
    const touched = new Set(wanted);
    const fresh = given.map(({ envelope: event, owner }): Fresh => {
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
      return { ...extracted, envelope, json, owner };
    });
    return { fresh, left, sessions: [...sessions.values()].filter(({ id }) => touched.has(id)) };
  };
  /** Each alone: one that cannot be kept must not hold up the others for ever. */
  const addEach = async (batch: readonly Given[]): Promise<Appended> => {
    const outcomes: Outcome[] = [];
    const rows: EventRow[] = [];
    for (const one of batch) {
      const added = await append([one]);
      outcomes.push(...added.outcomes);
      rows.push(...added.rows);
      if (added.trouble) return { outcomes, rows, trouble: added.trouble };
    }
    return { outcomes, rows };
  };
  const append = async (batch: readonly Given[]): Promise<Appended> => {
    try {
      return await addAll(batch);
    } catch (error) {
      const trouble = troubleOf(error);
      states.clear();
      if (trouble) return { outcomes: [], rows: [], trouble };
      if (batch.length > 1) return addEach(batch);
      const cause = error instanceof Error ? error.message : String(error);
      return { outcomes: batch.map(() => ({ kind: "refused", reason: { code: "unstorable", cause } })), rows: [] };
    }
  };
  /** Runs the work as a transaction that may change sessions; what the store cannot do is a value. */
  const attempt = async (
    work: (sql: Statements) => Promise<readonly OwnedSession[]>,
  ): Promise<StoreTrouble | undefined> => {
    try {
      const changed = await database.write(scope, async (sql) => {
        await mustBeCurrent(sql);
        const sessions = await work(sql);
        await touch(sql, scope, sessions);
        return sessions;
      });
      if (changed.length > 0) await committed({ rows: [], owners: [], sessions: changed });
      return undefined;
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble) return trouble;
      throw error;
    }
  };
  const learn = async (sql: Statements, { session, owner }: Owned, fact: Fact, left: Left): Promise<Session> => {
    if (fact.kind === "answers") return addAnswers(sql, { ...scope, user: owner }, pricing, session, fact.answers);
    const step = reduce(session, fact);
    leave(left, session, step);
    return step.session;
  };

  return {
    append: (batch, owners) => append(batch.map((envelope, index) => ({ envelope, owner: owners?.[index] ?? user }))),
    record: (batch) =>
      attempt(async (sql) => {
        const ids = [...new Set(batch.map(({ session }) => session))];
        await lockSessions(sql, scope, ids);
        const sessions = new Map((await findOwned(sql, scope, ids.map(storable))).map((one) => [one.session.id, one]));
        const left: Left = { turns: [], waits: [] };
        for (const { session: id, facts, bookmark } of batch) {
          let known = sessions.get(id);
          if (!known) continue;
          for (const fact of facts) known = { ...known, session: await learn(sql, known, fact, left) };
          sessions.set(id, known);
          if (bookmark)
            await sql.run(
              `INSERT INTO mpm.bookmark VALUES ($1, $2, $3, $4)
               ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value`,
              [tenant, user, storable(bookmark.name), storable(bookmark.value)],
            );
        }
        const all = [...sessions.values()];
        const owners = new Map(all.map(({ session, owner }) => [session.id, owner]));
        await keepSessions(
          sql,
          scope,
          all.map(({ session }) => session),
          owners,
        );
        await keepLeft(sql, scope, left, owners);
        return all.map(({ session: { id }, owner }) => ({ id, owner }));
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
export async function touch(sql: Statements, { tenant }: Scope, sessions: readonly OwnedSession[]): Promise<void> {
  if (sessions.length === 0) return;
  await sql.run(
    `WITH taken AS (UPDATE mpm.counter SET touch = touch + 1 WHERE tenant = $1 RETURNING touch)
     INSERT INTO mpm.touched (tenant, user_id, touch, session)
     SELECT $1, given.owner, taken.touch, given.id FROM taken, unnest($2::text[], $3::text[]) AS given (owner, id)`,
    [tenant, sessions.map(({ owner }) => owner), sessions.map(({ id }) => storable(id))],
  );
}

/** Between two texts of JSON: JSON.stringify writes no such character. What is in a list is escaped, and read again, at a cost. */
const BETWEEN = "\u001e";

async function insertBodies(sql: Statements, { tenant }: Scope, week: number, fresh: readonly Fresh[]): Promise<void> {
  const owned = [tenant, fresh.map(({ owner }) => owner), fresh.map(({ row }) => storable(row.id)), week];
  const added = await sql.run(
    "INSERT INTO mpm.known (tenant, user_id, id, week) SELECT $1, unnest($2::text[]), unnest($3::text[]), $4 ON CONFLICT DO NOTHING",
    owned,
  );
  if (added < fresh.length) throw new Overtaken("known");
  await sql.run(
    `INSERT INTO mpm.body (tenant, user_id, week, id, json)
     SELECT $1, owner, $4, id, json FROM unnest($2::text[], $3::text[], string_to_array($5, $6)) AS given (owner, id, json)`,
    [...owned, fresh.map(({ json }) => json).join(BETWEEN), BETWEEN],
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
