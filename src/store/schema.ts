// The store's tables, and how its file is opened.
// - What lists need stands in narrow indexed columns; the envelope itself stands apart, read only when asked for.
// - WAL: readers never wait for the writer, and a kill at any moment leaves the last commit.
// - A file that SQLite cannot read is set aside under another name, never deleted.

import { chmodSync, existsSync, readdirSync, renameSync } from "node:fs";
import { basename, dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

const VERSION = 1;
/** Of a new file: several events fit into one. */
const PAGE_BYTES = 8192;
/** 32 MiB: under load a page is written many times to the log, and once to the file. */
const CHECKPOINT_PAGES = 4096;

const TABLES = `
  CREATE TABLE event (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    t INTEGER NOT NULL,
    session TEXT NOT NULL,
    seq INTEGER NOT NULL,
    event TEXT NOT NULL,
    tool TEXT, agent TEXT, agent_type TEXT, call TEXT, prompt TEXT,
    failed INTEGER, ms REAL, kind TEXT, child TEXT, background INTEGER,
    text TEXT, file TEXT, project TEXT,
    bytes INTEGER NOT NULL
  );
  CREATE INDEX event_session ON event (session, n);
  CREATE INDEX event_event ON event (event, n);
  CREATE INDEX event_tool ON event (tool, n) WHERE tool IS NOT NULL;
  CREATE INDEX event_agent ON event (agent, n) WHERE agent IS NOT NULL;
  CREATE INDEX event_failed ON event (n) WHERE failed = 1;
  CREATE INDEX event_time ON event (t, event, failed);
  CREATE INDEX event_end ON event (t, tool, failed, ms) WHERE event IN ('PostToolUse', 'PostToolUseFailure');
  CREATE INDEX event_file ON event (t, file, tool) WHERE file IS NOT NULL;
  CREATE TABLE body (n INTEGER PRIMARY KEY, json TEXT NOT NULL);
  CREATE TABLE session (id TEXT PRIMARY KEY, last_at INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX session_last ON session (last_at);
  CREATE TABLE usage (
    session TEXT NOT NULL, model TEXT NOT NULL,
    input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL,
    PRIMARY KEY (session, model)
  ) WITHOUT ROWID;
  CREATE TABLE transcript (file TEXT PRIMARY KEY, bookmark TEXT NOT NULL) WITHOUT ROWID;
  CREATE VIRTUAL TABLE search USING fts5 (text, content = '', contentless_delete = 1, tokenize = "unicode61");
`;

/** What follows the name of a file that was set aside; then the time, ms since 1970. */
const ASIDE = ".corrupt-";

/**
 * Opens the file, and another in its place if it is damaged.
 * @param file monitor.db @param use reads in it what it needs; may throw what SQLite says @param now ms since 1970
 */
export function openDatabase<T>(file: string, use: (db: DatabaseSync) => T, now: number): T {
  const attempt = () => {
    const db = open(file);
    try {
      return use(db);
    } catch (error) {
      db.close();
      throw error;
    }
  };
  try {
    return attempt();
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    setDatabaseAside(file, now);
    return attempt();
  }
}

/** Gives a damaged file, and what SQLite keeps beside it, another name. @returns it */
export function setDatabaseAside(file: string, now: number): string {
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

function open(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 2000 });
  try {
    chmodSync(file, 0o600);
    db.exec(
      `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
        PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}; PRAGMA cache_size = -32768`,
    );
    const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
    if (version > VERSION)
      throw new Error(`${file} was written by a newer version of mpm (${version}); upgrade, or move it away`);
    if (version === 0) db.exec(`BEGIN; ${TABLES}; PRAGMA user_version = ${VERSION}; COMMIT`);
    const [check] = db.prepare("SELECT count(*) AS n FROM (SELECT n FROM event LIMIT 1)").all();
    if (!check) throw new Error(`${file} cannot be read`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Whether an error of node:sqlite says that the file is damaged. */
export function isCorrupt(error: unknown): boolean {
  const code = ((error as { errcode?: number }).errcode ?? 0) & 0xff;
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}
