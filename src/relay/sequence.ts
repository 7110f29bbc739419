// The relay's memory, relay.db: which `seq` an event was given, the last one of each session, and the counters.
// - A number is written down before the event leaves, so that a repeat after any crash carries the same one.
// - It belongs to the event, by its id: a name in the spool may be used again.
// - The database is locked for as long as the relay lives: whoever cannot lock it is not the relay of this home.
// - One that cannot be read is set aside, never deleted.

import { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { type CounterName, Counters } from "../contract/relay-status.ts";
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

/** `given` is what the numbers of events are kept in; its name is as old as the file. */
const TABLES = `PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
  BEGIN EXCLUSIVE;
  CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS given (id TEXT PRIMARY KEY, name TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  COMMIT`;

const Given = z.array(z.object({ id: z.string(), name: z.string(), seq: z.number() }));
const COUNTER_NAMES: readonly CounterName[] = [
  "received",
  "forwarded",
  "repeated",
  "rejected",
  "cut",
  "dropped",
  "discarded",
];
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

function sequenceIn(db: DatabaseSync, stillThere: (name: string) => boolean, now: () => number): Sequence {
  const take = db.prepare(
    `INSERT INTO session VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET seq = seq + excluded.seq, at = excluded.at RETURNING seq AS last`,
  );
  // A list at a time, as JSON: a call for each row would cost more than the row.
  const remember = db.prepare("INSERT INTO given SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)");
  const forgetAll = db.prepare("DELETE FROM given WHERE id IN (SELECT value FROM json_each(?))");
  const count = db.prepare("INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");

  /** What stands in `given`, but for what is settled: as many as are in flight, or were when a relay was killed. */
  const numbers = new Map<string, number>();
  /** Ids whose numbers are needed no longer. */
  let settled: string[] = [];
  for (const { id, name, seq } of Given.parse(db.prepare("SELECT id, name, seq FROM given").all()))
    if (stillThere(name)) numbers.set(id, seq);
    else settled.push(id);
  const counters = readCounters(db);
  let saved = { ...counters };

  const transaction = (work: () => void): void => {
    db.exec("BEGIN IMMEDIATE");
    try {
      if (settled.length > 0) forgetAll.run(JSON.stringify(settled)); // first: what was rejected may come again
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
  const number = (events: readonly Numbered[]): Map<string, number> => {
    const given = new Map<string, number>();
    for (const [session, ids] of Map.groupBy(events, (event) => event.session)) {
      const { last } = Last.parse(take.get(session, ids.length, now()));
      for (const [index, { id }] of ids.entries()) given.set(id, last - ids.length + 1 + index);
    }
    remember.run(JSON.stringify(events.map(({ id, name }) => [id, name, given.get(id)])));
    return given;
  };
  return {
    counters,
    assign(events) {
      const fresh = [...new Map(events.map((event) => [event.id, event])).values()].filter(
        ({ id }) => !numbers.has(id),
      );
      let given = new Map<string, number>();
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
      for (const [id, seq] of given) numbers.set(id, seq);
      return events.map(({ id }) => numbers.get(id) ?? 0);
    },
    forget({ id }) {
      numbers.delete(id);
      settled.push(id);
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
