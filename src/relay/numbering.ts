// The relay's memory: which seq an entry was given, the last seq of each session, and the counters.
// - A number is written down before the event leaves, so that a repeat after any crash carries the same one.
// - It belongs to the event, by its id: a name may be used again.
// - The database is locked for as long as the relay lives: whoever cannot lock it is not the relay of this home.
// - One that cannot be read is set aside, never deleted.

import { existsSync, renameSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { Counters } from "../contract/relay-status.ts";

/** What is in the spool: its name there, and the id of the event. */
export interface Known {
  readonly name: string;
  readonly id: string;
}

export interface Numbering {
  /** Gives each entry its number, in order, in one transaction; an entry that has one keeps it. */
  assign(entries: readonly (Known & { readonly session: string })[]): number[];
  /** The entry needs its number no longer; written with the next `assign` or `save`. */
  forget(entry: Known): void;
  readonly counters: Counters;
  /** Writes down what has changed. */
  save(): void;
  close(): void;
}

export type Opened =
  | { readonly kind: "opened"; readonly numbering: Numbering; readonly setAside?: string }
  /** Another relay of this home lives. */
  | { readonly kind: "taken" };

/** Two that start at once can be in each other's way for a moment; one that lives keeps its lock for longer. */
const LOCK_WAIT_MS = 250;

const COUNTERS = ["received", "forwarded", "repeated", "rejected", "cut", "dropped", "discarded"] as const;

/** @param file relay.db @param stillThere whether an entry is still in the spool @param now ms since 1970 */
export function openNumbering(file: string, stillThere: (name: string) => boolean, now: () => number): Opened {
  try {
    return open(file, stillThere, now);
  } catch (error) {
    if (isBusy(error)) return { kind: "taken" };
    if (!isCorrupt(error)) throw error;
    const setAside = `${file}.corrupt-${now()}`;
    for (const suffix of ["", "-wal", "-shm"])
      if (existsSync(file + suffix)) renameSync(file + suffix, setAside + suffix);
    return { ...open(file, stillThere, now), setAside };
  }
}

function open(
  file: string,
  stillThere: (name: string) => boolean,
  now: () => number,
): { kind: "opened"; numbering: Numbering } {
  const db = new DatabaseSync(file, { timeout: LOCK_WAIT_MS });
  try {
    db.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      BEGIN EXCLUSIVE;
      CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS given (id TEXT PRIMARY KEY, name TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
      COMMIT`);
  } catch (error) {
    db.close();
    throw error;
  }
  const known = db.prepare("SELECT seq FROM given WHERE id = ?");
  const next = db.prepare(
    "INSERT INTO session VALUES (?, 1, ?) ON CONFLICT (id) DO UPDATE SET seq = seq + 1, at = excluded.at RETURNING seq",
  );
  const remember = db.prepare("INSERT INTO given VALUES (?, ?, ?)");
  const forgetOne = db.prepare("DELETE FROM given WHERE id = ?");
  const count = db.prepare("INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value");

  const given = db.prepare("SELECT id, name FROM given").all() as unknown as Known[];
  /** Ids whose numbers are needed no longer. */
  let done = given.filter(({ name }) => !stillThere(name)).map(({ id }) => id);
  const counters = readCounters(db.prepare("SELECT name, value FROM counter"));
  let saved = JSON.stringify(counters);

  const transaction = <T>(work: () => T): T => {
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      for (const id of done) forgetOne.run(id);
      for (const name of COUNTERS) count.run(name, counters[name] ?? 0);
      db.exec("COMMIT");
      done = [];
      saved = JSON.stringify(counters);
      return result;
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  };
  const numbering: Numbering = {
    counters,
    assign: (entries) =>
      transaction(() =>
        entries.map(({ name, id, session }) => {
          const before = known.get(id) as { seq: number } | undefined;
          if (before) return before.seq;
          const { seq } = next.get(session, now()) as { seq: number };
          remember.run(id, name, seq);
          counters.received++;
          return seq;
        }),
      ),
    forget: ({ id }) => {
      done.push(id);
    },
    save: () => {
      if (done.length > 0 || saved !== JSON.stringify(counters)) transaction(() => undefined);
    },
    close: () => {
      try {
        numbering.save();
      } finally {
        db.close();
      }
    },
  };
  return { kind: "opened", numbering };
}

function readCounters(all: StatementSync): Counters {
  const rows = all.all() as { name: string; value: number }[];
  const zero = Object.fromEntries(COUNTERS.map((name) => [name, 0]));
  return Counters.parse({ ...zero, ...Object.fromEntries(rows.map(({ name, value }) => [name, value])) });
}

const SQLITE_BUSY = 5;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const code = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) & 0xff;
const isBusy = (error: unknown) => code(error) === SQLITE_BUSY;
const isCorrupt = (error: unknown) => code(error) === SQLITE_CORRUPT || code(error) === SQLITE_NOTADB;
