// What errors of node:sqlite mean, and what is done with a damaged database: it is set aside, never deleted.

import { existsSync, renameSync } from "node:fs";

/** Primary result codes. */
export const SQLITE_BUSY = 5;
export const SQLITE_LOCKED = 6;
export const SQLITE_CORRUPT = 11;
export const SQLITE_FULL = 13;
export const SQLITE_TOOBIG = 18;
export const SQLITE_CONSTRAINT = 19;
export const SQLITE_MISMATCH = 20;
export const SQLITE_NOTADB = 26;

/** The primary result code of an error of node:sqlite; 0 for any other error. */
export function resultCode(error: unknown): number {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : 0;
}

/** Whether an error says that another process holds the lock. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY;
}

/** Whether an error says that the file is damaged, or no database. */
export function isCorrupt(error: unknown): boolean {
  return [SQLITE_CORRUPT, SQLITE_NOTADB].includes(resultCode(error));
}

/** What follows the name of a file that was set aside; then the time, ms since 1970. */
export const ASIDE = ".corrupt-";

/** Gives a damaged database, with what SQLite keeps beside it, another name, and returns that. `now`: ms since 1970. */
export function setAside(file: string, now: number): string {
  const aside = `${file}${ASIDE}${now}`;
  for (const suffix of ["", "-wal", "-shm"]) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  return aside;
}
