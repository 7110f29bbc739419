// The relay's memory, relay.db: which `seq` an event was given, the last one of each session, and the counters.
// - A number is written down before the event leaves, so that a repeat after any crash carries the same one.
// - It belongs to the event, by its id: a name in the spool may be used again.
// - The database is locked for as long as the relay lives: whoever cannot lock it is not the relay of this home.
// - One that cannot be read is set aside, never deleted.

import { DatabaseSync } from "node:sqlite";
import * as z from "zod/mini";
import { COUNTERS, Counters } from "../contract/relay-status.ts";
import { isBusy, isCorrupt, setAside } from "../platform/sqlite.ts";

/** An event in the spool: its name there, and its id. */
export interface Spooled {
  readonly name: string;
  readonly id: string;
}

export interface Numbered extends Spooled {
  readonly session: string;
}

export interface Sequence {
  /** Gives each event its number, in order, in one transaction; an event that has one keeps it. */
  assign(events: readonly Numbered[]): number[];
  /** Says that an event needs its number no longer; written with the next `assign` or `save`. */
  forget(event: Spooled): void;
  readonly counters: Counters;
  /** Writes down what has changed. */
  save(): void;
  close(): void;
}

export type OpenedSequence =
  /** `setAside`: where the damaged one is whose place this one has taken. */
  | { readonly kind: "opened"; readonly sequence: Sequence; readonly setAside?: string }
  /** Another relay of this home lives. */
  | { readonly kind: "held" };

/** Two that start at once can be in each other's way for a moment; one that lives keeps its lock for longer. */
const LOCK_WAIT_MS = 250;

export interface SequenceOptions {
  /** relay.db */
  readonly file: string;
  /** Whether an entry is still in the spool. */
  readonly stillThere: (name: string) => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Opens and locks the relay's memory. Throws what SQLite says where the file is neither locked nor damaged. */
export function openSequence(options: SequenceOptions): OpenedSequence {
  try {
    return { kind: "opened", sequence: open(options) };
  } catch (error) {
    if (isBusy(error)) return { kind: "held" };
    if (!isCorrupt(error)) throw error;
    const aside = setAside(options.file, options.now());
    return { kind: "opened", sequence: open(options), setAside: aside };
  }
}

/**
 * `batch` is what the numbers of events are kept in: those that were given in one go, in one row, until all of them are
 * settled. A row for each, as `given` had until 0.2.0, took a tenth of the relay's time.
 */
const TABLES = `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  BEGIN EXCLUSIVE;
  CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS batch (number INTEGER PRIMARY KEY, events TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS given (id TEXT PRIMARY KEY, name TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO batch (events) SELECT json_group_array(json_array(id, name, seq)) FROM given HAVING count(*) > 0;
  DELETE FROM given;
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  COMMIT`;

const Rows = z.array(z.object({ number: z.number(), events: z.string() }));
const Events = z.array(z.tuple([z.string(), z.string(), z.number()]));
const COUNTER_NAMES = COUNTERS.map(([name]) => name);
const Count = z.array(z.object({ name: z.string(), value: z.number() }));
const Last = z.object({ last: z.number() });

function open({ file, stillThere, now }: SequenceOptions): Sequence {
  const db = new DatabaseSync(file, { timeout: LOCK_WAIT_MS });
  try {
    db.exec(TABLES);
    return sequenceIn(db, stillThere, now);
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The number of an event, and with how many it was given that still need theirs. */
interface Given {
  readonly seq: number;
  readonly batch: { readonly number: number; left: number };
}

function sequenceIn(db: DatabaseSync, stillThere: (name: string) => boolean, now: () => number): Sequence {
  const take = db.prepare(
    `INSERT INTO session VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET seq = seq + excluded.seq, at = excluded.at RETURNING seq AS last`,
  );
  const remember = db.prepare("INSERT INTO batch (events) VALUES (?)");
  const forgetBatch = db.prepare("DELETE FROM batch WHERE number = ?");
  const count = db.prepare("INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");

  /** What stands in `batch`, but for what is settled: as many as are in flight, or were when a relay was killed. */
  const numbers = new Map<string, Given>();
  /** Batches that are needed no longer. */
  let settled: number[] = [];
  // The latest first: an event that was forgotten and came again has the number that it was given then.
  for (const { number, events } of Rows.parse(
    db.prepare("SELECT number, events FROM batch ORDER BY number DESC").all(),
  )) {
    const there = Events.parse(JSON.parse(events)).filter(([id, name]) => !numbers.has(id) && stillThere(name));
    const batch = { number, left: there.length };
    for (const [id, , seq] of there) numbers.set(id, { seq, batch });
    if (there.length === 0) settled.push(number);
  }
  const counters = readCounters(db);
  let saved = { ...counters };

  const transaction = (work: () => void): void => {
    db.exec("BEGIN IMMEDIATE");
    try {
      for (const batch of settled) forgetBatch.run(batch);
      work();
      for (const name of COUNTER_NAMES) if (counters[name] !== saved[name]) count.run(name, counters[name]);
      db.exec("COMMIT");
      settled = [];
      saved = { ...counters };
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  };
  /** Gives numbers to events that have none; all of a session at once. */
  const number = (events: readonly Numbered[]): Map<string, Given> => {
    const given = new Map<string, Given>();
    const batch = { number: 0, left: events.length };
    for (const [session, ids] of Map.groupBy(events, (event) => event.session)) {
      const { last } = Last.parse(take.get(session, ids.length, now()));
      for (const [index, { id }] of ids.entries()) given.set(id, { seq: last - ids.length + 1 + index, batch });
    }
    const kept = remember.run(JSON.stringify(events.map(({ id, name }) => [id, name, given.get(id)?.seq])));
    batch.number = Number(kept.lastInsertRowid);
    return given;
  };
  return {
    counters,
    assign(events) {
      const fresh = [...new Map(events.map((event) => [event.id, event])).values()].filter(
        ({ id }) => !numbers.has(id),
      );
      let given = new Map<string, Given>();
      const before = counters.received;
      try {
        transaction(() => {
          if (fresh.length > 0) given = number(fresh);
          counters.received += fresh.length;
        });
      } catch (error) {
        counters.received = before;
        throw error;
      }
      for (const [id, its] of given) numbers.set(id, its);
      return events.map(({ id }) => numbers.get(id)?.seq ?? 0);
    },
    forget({ id }) {
      const batch = numbers.get(id)?.batch;
      if (!batch || !numbers.delete(id)) return;
      batch.left--;
      if (batch.left === 0) settled.push(batch.number);
    },
    save() {
      if (settled.length > 0 || COUNTER_NAMES.some((name) => counters[name] !== saved[name])) transaction(() => {});
    },
    close() {
      try {
        this.save();
      } finally {
        db.close();
      }
    },
  };
}

function readCounters(db: DatabaseSync): Counters {
  const rows = Count.parse(db.prepare("SELECT name, value FROM counter").all());
  const zero = COUNTER_NAMES.map((name) => [name, 0] as const);
  return Counters.parse(Object.fromEntries([...zero, ...rows.map(({ name, value }) => [name, value] as const)]));
}
