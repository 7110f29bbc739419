// The schema of monitor.db as numbered steps, forward only: step k leads from version k - 1 to version k.
// - A step that was released never changes; a new store takes them all. A step and its number are committed together:
//   an interrupted migration has happened whole, or not at all.
// - A column of a row that no step makes fails test/unit/store/migrations.test.ts.

import type { DatabaseSync } from "node:sqlite";
import { fold } from "../words.ts";

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

/**
 * Sessions are found by narrow columns, and what is kept of one stands apart. Tokens are kept by answer: the sums of
 * before stay as answers of their own until the session's transcripts, whose bookmarks go, have been read anew. Turns are
 * kept as they end: `rebuild` names the sessions that are to be told anew from their events (rebuild.ts).
 */
const ANSWERS = `
  ALTER TABLE event ADD COLUMN source TEXT;
  ALTER TABLE session RENAME TO session_state;
  DROP INDEX session_last;
  CREATE TABLE session (
    id TEXT PRIMARY KEY,
    first_at INTEGER NOT NULL, last_at INTEGER NOT NULL,
    state TEXT NOT NULL, host TEXT NOT NULL, project TEXT NOT NULL,
    gaps INTEGER NOT NULL, words TEXT NOT NULL
  ) WITHOUT ROWID;
  INSERT INTO session SELECT id, coalesce(state ->> 'firstAt', last_at), last_at, coalesce(state ->> 'state', 'idle'),
      coalesce(state ->> 'host', ''), coalesce(state ->> 'project', ''), coalesce(state ->> 'gaps', 0),
      fold(id || ' ' || concat_ws(' ', state ->> 'project', state ->> 'title', state ->> 'prompt'))
    FROM session_state;
  CREATE INDEX session_last ON session (last_at, id, first_at, project, state, host);
  CREATE INDEX session_project ON session (project, last_at, first_at);
  CREATE TABLE project (path TEXT PRIMARY KEY, repository TEXT) WITHOUT ROWID;
  INSERT INTO project SELECT DISTINCT project, NULL FROM session;
  CREATE TABLE answer (
    id TEXT NOT NULL UNIQUE,
    t INTEGER NOT NULL, session TEXT NOT NULL, project TEXT NOT NULL, model TEXT NOT NULL,
    input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL, cache_write_hour INTEGER NOT NULL
  );
  INSERT INTO answer SELECT 'sum ' || u.session || ' ' || u.model, s.last_at, u.session, s.project,
      u.model, u.input, u.output, u.cache_read, u.cache_write, 0
    FROM usage u JOIN session s ON s.id = u.session;
  CREATE INDEX answer_session ON answer (session);
  CREATE INDEX answer_time ON answer (t);
  DROP TABLE usage;
  DROP TABLE transcript;
  CREATE TABLE bookmark (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE turn (
    session TEXT NOT NULL, number INTEGER NOT NULL, started_at INTEGER NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (session, number)
  ) WITHOUT ROWID;
  CREATE TABLE rebuild (session TEXT PRIMARY KEY) WITHOUT ROWID;
  INSERT INTO rebuild SELECT id FROM session;
  CREATE TABLE forgotten (session TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE consumer (name TEXT PRIMARY KEY, n INTEGER NOT NULL, missed INTEGER NOT NULL) WITHOUT ROWID;
`;

/** Waits are kept as they end. Those that ended before are told from the events of sessions in which somebody was asked. */
const WAITS = `
  CREATE TABLE wait (
    session TEXT NOT NULL, id INTEGER NOT NULL,
    kind TEXT NOT NULL, tool TEXT NOT NULL,
    since INTEGER NOT NULL, until INTEGER NOT NULL, outcome TEXT NOT NULL,
    PRIMARY KEY (session, id)
  ) WITHOUT ROWID;
  CREATE INDEX wait_since ON wait (since, until);
  ALTER TABLE rebuild ADD COLUMN part TEXT;
  INSERT OR IGNORE INTO rebuild SELECT DISTINCT session, 'waits' FROM event
    WHERE event IN ('PermissionRequest', 'Elicitation', 'Notification')
      OR (event = 'PreToolUse' AND tool IN ('AskUserQuestion', 'ExitPlanMode'));
`;

/** What a session cost, US dollars: summed from its answers by the prices of now (costs.ts). */
const COSTS = `
  ALTER TABLE session ADD COLUMN cost REAL;
`;

/** Signals are kept with their sessions. Those of before are told from the events of sessions that may have some. */
const SIGNALS = `
  INSERT OR IGNORE INTO rebuild SELECT session, 'signals' FROM event
    WHERE event = 'PostToolUseFailure' OR event = 'UserPromptSubmit' OR (event = 'PostToolUse' AND file IS NOT NULL)
    GROUP BY session HAVING count(*) >= 3;
`;

/** How many signals a session has, so that those with some are found. */
const SIGNAL_COUNTS = `
  ALTER TABLE session ADD COLUMN signals INTEGER NOT NULL DEFAULT 0;
  UPDATE session SET signals = s.count FROM (
    SELECT id, json_array_length(state, '$.signals') AS count FROM session_state WHERE instr(state, '"signals":[') > 0
  ) s WHERE s.id = session.id AND s.count > 0;
  CREATE INDEX session_signals ON session (last_at, id) WHERE signals > 0;
`;

/**
 * The index of words is written for many events at once, and it is kept how far it goes (search-index.ts). What is added at
 * once is kept in memory up to 8 MiB, and eight parts are merged instead of four.
 */
const INDEXED = `
  INSERT OR REPLACE INTO bookmark SELECT 'indexed', coalesce(max(n), 0) FROM event;
  INSERT INTO search (search, rank) VALUES ('automerge', 8), ('hashsize', 8388608);
`;

/** What the events of an hour come to, by project, as JSON (hours.ts). An hour that is not there is counted when it is asked for. */
const HOURS = `
  CREATE TABLE hour (hour INTEGER PRIMARY KEY, json TEXT NOT NULL);
`;

export const MIGRATIONS: readonly string[] = [TABLES, ANSWERS, WAITS, COSTS, SIGNALS, SIGNAL_COUNTS, INDEXED, HOURS];
export const SCHEMA_VERSION = MIGRATIONS.length;

/** The version of the file's schema; 0 in a new file. */
export function schemaVersion(db: DatabaseSync): number {
  const version = db.prepare("PRAGMA user_version").get()?.["user_version"];
  return typeof version === "number" ? version : 0;
}

/** Leads the file to a version, step by step. Throws what SQLite says. */
export function migrate(db: DatabaseSync, to = SCHEMA_VERSION): void {
  db.function("fold", { deterministic: true }, (text) => fold(String(text)));
  for (let version = schemaVersion(db); version < to; version++) {
    db.exec("BEGIN IMMEDIATE");
    try {
      // Another process may have taken the step while this one waited.
      if (schemaVersion(db) === version) db.exec(`${MIGRATIONS[version]}; PRAGMA user_version = ${version + 1}`);
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }
}
