// The file of the store: opened, migrated, and set aside where it is damaged.
// - WAL: readers never wait for the writer, and a kill at any moment leaves the last commit.
// - A file that SQLite cannot read is set aside under another name, never deleted; one of a newer version is left alone.

import { chmodSync, existsSync, readdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ReasonOf } from "../../contract/reasons.ts";
import { done, failed, type Result } from "../../contract/result.ts";
import type { StoreTrouble } from "../port.ts";
import { migrate, SCHEMA_VERSION, schemaVersion } from "./migrations.ts";

/** Of a new file: several events fit into one. */
const PAGE_BYTES = 8192;
/** 32 MiB: under load a page is written many times to the log, and once to the file. */
const CHECKPOINT_PAGES = 4096;
/** How long a statement waits for another process, ms. */
export const BUSY_MS = 2000;

/** What follows the name of a file that was set aside; then the time, ms since 1970. */
const ASIDE = ".corrupt-";

export type OpenTrouble = ReasonOf<"store_newer"> | StoreTrouble;

/** Opens the file, and another in its place if it is damaged. `now`: ms since 1970. */
export function openFile(file: string, now: number): Result<DatabaseSync, OpenTrouble> {
  let opened = open(file);
  if (!opened.ok && opened.reason.code === "store_damaged") {
    setFileAside(file, now);
    opened = open(file);
  }
  return opened;
}

/** Gives a damaged file, and what SQLite keeps beside it, another name, which is returned. */
export function setFileAside(file: string, now: number): string {
  const aside = `${file}${ASIDE}${now}`;
  for (const suffix of ["", "-wal", "-shm"]) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  return aside;
}

/** The latest file that was set aside and is there still. */
export function lastSetAside(file: string): string | undefined {
  const prefix = `${basename(file)}${ASIDE}`;
  const times = readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .filter((time) => Number.isFinite(time)); // not -wal, -shm
  return times.length === 0 ? undefined : `${file}${ASIDE}${Math.max(...times)}`;
}

/** The files of stores that were set aside before a time, ms since 1970. */
export function setAsideBefore(file: string, before: number): string[] {
  const prefix = `${basename(file)}${ASIDE}`;
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && Number.parseInt(name.slice(prefix.length), 10) < before)
    .map((name) => join(dirname(file), name));
}

function open(file: string): Result<DatabaseSync, OpenTrouble> {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file, { timeout: BUSY_MS });
    chmodSync(file, 0o600);
    const version = schemaVersion(db);
    if (version > SCHEMA_VERSION) {
      db.close();
      return failed({ code: "store_newer", file, version });
    }
    db.exec(
      `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
        PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -16384`,
    );
    migrate(db);
    // What a damaged file fails at.
    for (const table of ["event", "session", "body"]) db.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get();
    return done(db);
  } catch (error) {
    db?.close();
    return failed(troubleOf(error) ?? { code: "store_unavailable", cause: messageOf(error) });
  }
}

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_TOOBIG = 18;
const SQLITE_CONSTRAINT = 19;
const SQLITE_MISMATCH = 20;
const SQLITE_NOTADB = 26;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What an error of node:sqlite says of the store; undefined where it is about what was to be stored. */
export function troubleOf(error: unknown): StoreTrouble | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
  const cause = error.message;
  switch (error.errcode & 0xff) {
    case SQLITE_TOOBIG:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return undefined;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return { code: "store_damaged", cause };
    case SQLITE_FULL:
      return { code: "store_full", cause };
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return { code: "store_busy", cause };
    default:
      return { code: "store_unavailable", cause };
  }
}
