-- The schema of version 1 as it was released (0.1.0). Never changed.
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
