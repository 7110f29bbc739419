// One batch of events as one transaction: all of it is kept, or none of it.
// - The sessions of a transaction are locked first, in one order: what two processes know of a session is one after the other.
// - Positions are taken last, just before the commit, and held through it: they become visible in their order, and what
//   takes time (bodies, the index of words, states) is written side by side. docs/decisions/postgresql.md says why.

import type { Session } from "../../session/state.ts";
import { integer, text } from "../columns.ts";
import type { Appended, Outcome } from "../port.ts";
import { type Block, blocksOf, insertBlocks } from "./blocks.ts";
import { lockSessions } from "./changes.ts";
import { type Database, isWithoutPartition, type Statements } from "./connection.ts";
import { marksOf } from "./marks.ts";
import { mustBeCurrent } from "./migrations.ts";
import { openPartitions } from "./partitions.ts";
import type { Scope } from "./scope.ts";
import { keepSessions, type Owned, openKnownStates, refreshOwned } from "./sessions.ts";
import type { OwnedChange } from "./tail.ts";
import { keepLeft } from "./turns.ts";
import { type Fresh, type Given, type Understood, understand } from "./understand.ts";
import { BETWEEN, eventLists, INSERT_EVENTS, storable } from "./values.ts";
import { weekOf } from "./weeks.ts";

interface Parts {
  readonly database: Database;
  readonly scope: Scope;
  readonly now: () => number;
  readonly committed: (changed: OwnedChange) => Promise<void>;
}

export interface Append {
  /** Stores the batch. Rejects with what PostgreSQL says, and then nothing of it is kept. */
  all(batch: readonly Given[]): Promise<Appended>;
  /** Reads all states anew from here on. */
  doubt(): void;
}

/** What a transaction has stored. */
interface Stored extends OwnedChange {
  readonly outcomes: readonly Outcome[];
  /** The states as they are now, and what tells them from what others write. */
  readonly states: readonly Owned[];
  readonly version: string;
}

export function openAppend({ database, scope, now, committed }: Parts): Append {
  const { user } = scope;
  const states = openKnownStates();
  const partitions = openPartitions(database, scope);

  const store = async (sql: Statements, batch: readonly Given[], week: number): Promise<Stored> => {
    const ids = batch.map(({ envelope: { session_id: session } }) => session);
    await mustBeCurrent(sql);
    await lockSessions(sql, scope, ids);
    const there = await refreshOwned(sql, scope, ids.map(storable), states);
    const ownerOf = new Map(there.map(({ session: { id }, owner }) => [id, owner]));
    const outcomes = await judge(sql, scope, week, batch, ownerOf);
    const given = batch.filter((_, index) => outcomes[index]?.kind === "stored");
    if (given.length === 0) return { outcomes, rows: [], owners: [], sessions: [], states: [], version: "" };
    const understood = await understand(sql, scope, given, new Map(there.map(({ session }) => [session.id, session])));
    const { fresh, left, sessions } = understood;
    const projects = new Map(sessions.map(({ id, project }) => [id, project]));
    const blocks = blocksOf(
      fresh.map((event) => ({
        ...event,
        marks: marksOf(event, event.owner, projects.get(event.envelope.session_id) ?? ""),
      })),
    );
    await insertBodies(sql, scope, week, fresh);
    await insertBlocks(sql, scope, week, blocks);
    const version = await keepSessions(sql, scope, sessions, ownerOf);
    await keepLeft(sql, scope, left, ownerOf);
    const first = await insertEvents(sql, scope, week, understood, blocks);
    const owned = sessions.map((session: Session) => ({ session, owner: ownerOf.get(session.id) ?? user }));
    return {
      outcomes,
      rows: fresh.map(({ row }, index) => ({ n: first + index, ...row })),
      owners: fresh.map(({ owner }) => owner),
      sessions: owned.map(({ session: { id }, owner }) => ({ id, owner })),
      states: owned,
      version,
    };
  };

  return {
    async all(batch) {
      const week = weekOf(now());
      const write = async () => {
        await partitions.prepare(week);
        return database.write(scope, (sql) => store(sql, batch, week));
      };
      const stored = await write().catch((error: unknown) => {
        if (!isWithoutPartition(error)) throw error;
        partitions.doubt();
        return write();
      });
      for (const one of stored.states) states.set(one, stored.version);
      const { rows, owners, sessions, outcomes } = stored;
      if (rows.length > 0) await committed({ rows, owners, sessions });
      partitions.stored(week, rows.length).catch(() => {}); // autovacuum does it later
      return { outcomes, rows };
    },
    doubt: () => states.clear(),
  };
}

/** What becomes of each event; ids of those that are to be stored are taken. `ownerOf` learns whose new sessions are. */
async function judge(
  sql: Statements,
  scope: Scope,
  week: number,
  batch: readonly Given[],
  ownerOf: Map<string, string>,
): Promise<Outcome[]> {
  const judged = batch.map(({ envelope: { id, session_id: session }, owner }) => {
    const its = ownerOf.get(session) ?? owner;
    ownerOf.set(session, its);
    return { id: storable(id), session, owner, isTaken: its !== owner };
  });
  const owners = new Map(judged.flatMap(({ id, owner, isTaken }) => (isTaken ? [] : [[id, owner] as const])));
  const fresh = await takeIds(sql, scope, week, owners);
  return judged.map(({ id, session, isTaken }) => {
    if (isTaken) return { kind: "refused", reason: { code: "session_taken", session } };
    return { kind: fresh.delete(id) ? "stored" : "repeated" };
  });
}

/** Takes the ids that no event has yet, each with its owner; they are held to the commit. */
async function takeIds(
  sql: Statements,
  { tenant }: Scope,
  week: number,
  owners: ReadonlyMap<string, string>,
): Promise<Set<string>> {
  if (owners.size === 0) return new Set();
  const taken = await sql.rows(
    `INSERT INTO mpm.known (tenant, user_id, id, week) SELECT $1, unnest($2::text[]), unnest($3::text[]), $4
     ON CONFLICT DO NOTHING RETURNING id`,
    [tenant, [...owners.values()], [...owners.keys()], week],
  );
  return new Set(taken.map((row) => text(row, "id")));
}

async function insertBodies(sql: Statements, { tenant }: Scope, week: number, fresh: readonly Fresh[]): Promise<void> {
  await sql.run(
    `INSERT INTO mpm.body (tenant, user_id, week, id, json)
     SELECT $1, owner, $4, id, json FROM unnest($2::text[], $3::text[], string_to_array($5, '${BETWEEN}')) AS given (owner, id, json)`,
    [
      tenant,
      fresh.map(({ owner }) => owner),
      fresh.map(({ row }) => storable(row.id)),
      week,
      fresh.map(({ json }) => json).join(BETWEEN),
    ],
  );
}

/** Answers the position of the first one. */
async function insertEvents(
  sql: Statements,
  { tenant }: Scope,
  week: number,
  { fresh }: Understood,
  blocks: readonly Block[],
): Promise<number> {
  const owners = fresh.map(({ owner }) => owner);
  const bytes = fresh.reduce((sum, { row }) => sum + row.bytes, 0);
  const ofEach = blocks.flatMap(({ id, ids }) => ids.map(() => id));
  const [taken] = await sql.rows(INSERT_EVENTS, [
    ...[tenant, owners, week, fresh.length, bytes],
    ...[blocks.map(({ id }) => id), blocks.map(({ first }) => first)],
    ...eventLists(fresh, ofEach),
  ]);
  return integer(taken, "n") - fresh.length + 1;
}
