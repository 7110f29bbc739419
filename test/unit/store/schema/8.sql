CREATE TABLE answer ( id TEXT NOT NULL UNIQUE, t INTEGER NOT NULL, session TEXT NOT NULL, project TEXT NOT NULL, model TEXT NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, cache_read INTEGER NOT NULL, cache_write INTEGER NOT NULL, cache_write_hour INTEGER NOT NULL );

CREATE INDEX answer_session ON answer (session);

CREATE INDEX answer_time ON answer (t);

CREATE TABLE body (n INTEGER PRIMARY KEY, json TEXT NOT NULL);

CREATE TABLE bookmark (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE consumer (name TEXT PRIMARY KEY, n INTEGER NOT NULL, missed INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE event ( n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, t INTEGER NOT NULL, session TEXT NOT NULL, seq INTEGER NOT NULL, event TEXT NOT NULL, tool TEXT, agent TEXT, agent_type TEXT, call TEXT, prompt TEXT, failed INTEGER, ms REAL, kind TEXT, child TEXT, background INTEGER, text TEXT, file TEXT, project TEXT, bytes INTEGER NOT NULL , source TEXT);

CREATE INDEX event_agent ON event (agent, n) WHERE agent IS NOT NULL;

CREATE INDEX event_end ON event (t, tool, failed, ms) WHERE event IN ('PostToolUse', 'PostToolUseFailure');

CREATE INDEX event_event ON event (event, n);

CREATE INDEX event_failed ON event (n) WHERE failed = 1;

CREATE INDEX event_file ON event (t, file, tool) WHERE file IS NOT NULL;

CREATE INDEX event_session ON event (session, n);

CREATE INDEX event_time ON event (t, event, failed);

CREATE INDEX event_tool ON event (tool, n) WHERE tool IS NOT NULL;

CREATE TABLE forgotten (session TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE hour (hour INTEGER PRIMARY KEY, json TEXT NOT NULL);

CREATE TABLE project (path TEXT PRIMARY KEY, repository TEXT) WITHOUT ROWID;

CREATE TABLE rebuild (session TEXT PRIMARY KEY, part TEXT) WITHOUT ROWID;

CREATE VIRTUAL TABLE search USING fts5 (text, content = '', contentless_delete = 1, tokenize = "unicode61");

CREATE TABLE session ( id TEXT PRIMARY KEY, first_at INTEGER NOT NULL, last_at INTEGER NOT NULL, state TEXT NOT NULL, host TEXT NOT NULL, project TEXT NOT NULL, gaps INTEGER NOT NULL, words TEXT NOT NULL , cost REAL, signals INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;

CREATE INDEX session_last ON session (last_at, id, first_at, project, state, host);

CREATE INDEX session_project ON session (project, last_at, first_at);

CREATE INDEX session_signals ON session (last_at, id) WHERE signals > 0;

CREATE TABLE "session_state" (id TEXT PRIMARY KEY, last_at INTEGER NOT NULL, state TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE turn ( session TEXT NOT NULL, number INTEGER NOT NULL, started_at INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (session, number) ) WITHOUT ROWID;

CREATE TABLE wait ( session TEXT NOT NULL, id INTEGER NOT NULL, kind TEXT NOT NULL, tool TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, outcome TEXT NOT NULL, PRIMARY KEY (session, id) ) WITHOUT ROWID;

CREATE INDEX wait_since ON wait (since, until);
