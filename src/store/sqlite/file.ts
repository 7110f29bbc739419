// The file of the store: opened, migrated, and set aside where it is damaged.
// - WAL: readers never wait for the writer, and a kill at any moment leaves the last commit.
// - A file that SQLite cannot read is set aside under another name, never deleted; one of a newer version is left alone.

import { chmodSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ReasonOf } from "../../contract/reasons.ts";
import { done, failed, type Result } from "../../contract/result.ts";
import { errorMessage } from "../../platform/error.ts";
import {
  ASIDE,
  resultCode,
  SQLITE_BUSY,
  SQLITE_CONSTRAINT,
  SQLITE_CORRUPT,
  SQLITE_FULL,
  SQLITE_LOCKED,
  SQLITE_MISMATCH,
  SQLITE_NOTADB,
  SQLITE_TOOBIG,
  setAside,
} from "../../platform/sqlite.ts";
import type { StoreTrouble } from "../port.ts";
import { migrate, SCHEMA_VERSION, schemaVersion } from "./migrations.ts";

/** Of a new file: several events fit into one. */
const PAGE_BYTES = 8192;
/** 32 MiB: under load a page is written many times to the log, and once to the file. */
const CHECKPOINT_PAGES = 4096;
/** How long a statement waits for another process, ms. */
export const BUSY_MS = 2000;

export type OpenTrouble = ReasonOf<"store_newer"> | StoreTrouble;

/** Opens the file, and another in its place if it is damaged. `now`: ms since 1970. */
export function openFile(file: string, now: number): Result<DatabaseSync, OpenTrouble> {
  let opened = open(file);
  if (!opened.ok && opened.reason.code === "store_damaged") {
    setAside(file, now);
    opened = open(file);
  }
  return opened;
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
    return failed(troubleOf(error) ?? { code: "store_unavailable", cause: errorMessage(error) });
  }
}

/** What an error of node:sqlite says of the store; undefined where it is about what was to be stored. */
export function troubleOf(error: unknown): StoreTrouble | undefined {
  const code = resultCode(error);
  if (code === 0 || !(error instanceof Error)) return undefined;
  const cause = error.message;
  switch (code) {
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
