// The relay's memory, relay.db: which `seq` an event was given, the last one of each session, and the counters.
// - A number is written down before the event leaves, so that a repeat after any crash carries the same one.
// - It belongs to the event, by its id: a name in the spool may be used again.
// - The database is locked for as long as the relay lives: whoever cannot lock it is not the relay of this home.
// - One that cannot be read is set aside, never deleted.

import { DatabaseSync } from "node:sqlite";
import * as z from "zod";
import { COUNTERS, Counters } from "../contract/relay-status.ts";
import { isBusy, isCorrupt, setAside } from "../platform/sqlite.ts";

/** An event in the spool: its name there, and its id. */
export interface Spooled {
  readonly name: string;
  readonly id: string;
}

export interface Sequence {
  /** Gives each event its number, in order, in one transaction; an event that has one keeps it. */
  assign(events: readonly (Spooled & { readonly session: string })[]): number[];
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

const Seq = z.object({ seq: z.number() });
const Given = z.array(z.object({ id: z.string(), name: z.string() }));
const Count = z.array(z.object({ name: z.string(), value: z.number() }));

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
  const numberOf = db.prepare("SELECT seq FROM given WHERE id = ?");
  const nextNumber = db.prepare(
    "INSERT INTO session VALUES (?, 1, ?) ON CONFLICT (id) DO UPDATE SET seq = seq + 1, at = excluded.at RETURNING seq",
  );
  const remember = db.prepare("INSERT INTO given VALUES (?, ?, ?)");
  const forgetOne = db.prepare("DELETE FROM given WHERE id = ?");
  const count = db.prepare("INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");

  const given = Given.parse(db.prepare("SELECT id, name FROM given").all());
  /** Ids whose numbers are needed no longer. */
  let settled = given.filter(({ name }) => !stillThere(name)).map(({ id }) => id);
  const counters = readCounters(db);
  let saved = JSON.stringify(counters);

  const transaction = <T>(work: () => T): T => {
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      for (const id of settled) forgetOne.run(id);
      for (const [name, value] of Object.entries(counters)) count.run(name, value);
      db.exec("COMMIT");
      settled = [];
      saved = JSON.stringify(counters);
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  };
  const numberFor = ({ name, id, session }: Spooled & { readonly session: string }): number => {
    const before = numberOf.get(id);
    if (before) return Seq.parse(before).seq;
    const { seq } = Seq.parse(nextNumber.get(session, now()));
    remember.run(id, name, seq);
    counters.received++;
    return seq;
  };
  const save = (): void => {
    if (settled.length > 0 || saved !== JSON.stringify(counters)) transaction(() => undefined);
  };
  return {
    counters,
    assign: (events) => transaction(() => events.map(numberFor)),
    forget: ({ id }) => void settled.push(id),
    save,
    close() {
      try {
        save();
      } finally {
        db.close();
      }
    },
  };
}

function readCounters(db: DatabaseSync): Counters {
  const rows = Count.parse(db.prepare("SELECT name, value FROM counter").all());
  const zero = Object.keys(COUNTERS).map((name) => [name, 0] as const);
  return Counters.parse(Object.fromEntries([...zero, ...rows.map(({ name, value }) => [name, value] as const)]));
}
