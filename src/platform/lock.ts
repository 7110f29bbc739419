// Locks that end with their process, however that ends: SQLite's, held by the kernel on an open file.
// - No pid is written or believed: a number that has passed on to a stranger cannot be mistaken for the holder.

import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isBusy } from "./sqlite.ts";

export interface Lock {
  release(): void;
}

/** Takes a lock, waiting for at most so many milliseconds; undefined while another process has it. The file is made, 0600. */
export function tryLock(file: string, waitMs: number): Lock | undefined {
  closeSync(openSync(file, "a", 0o600));
  const db = new DatabaseSync(file, { timeout: waitMs });
  try {
    db.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE"); // no journal: no second file beside it
    return { release: () => db.close() };
  } catch (error) {
    db.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** Whether another process has the lock, or keeps the database for itself; this process must not. */
export function isHeld(file: string): boolean {
  if (!existsSync(file)) return false;
  const db = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  try {
    db.prepare("PRAGMA schema_version").get();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    db.close();
  }
}

/** Runs the work while this process has the lock; undefined where another one kept it for longer than the patience. */
export async function withLock<T>(
  file: string,
  patienceMs: number,
  work: () => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  const lock = tryLock(file, patienceMs);
  if (!lock) return undefined;
  try {
    return { value: await work() };
  } finally {
    lock.release();
  }
}
