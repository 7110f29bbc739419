// The store in one SQLite file: monitor.db.
// - `append` is one transaction: all of a batch is kept, or none of it.
// - Short reads are answered here; what takes long (search, statistics) is read in a thread of its own.

import type { DatabaseSync } from "node:sqlite";
import { done, type Result } from "../../contract/result.ts";
import type { Change, Store } from "../port.ts";
import { openEvents } from "./events.ts";
import { lastSetAside, type OpenTrouble, openFile, setFileAside } from "./file.ts";
import { openProjects } from "./projects.ts";
import { openReader } from "./reader.ts";
import { openSessions } from "./sessions.ts";
import { openWriter } from "./writer.ts";

export interface SqliteOptions {
  /** Path of monitor.db. */
  readonly file: string;
  /** ms since 1970 */
  readonly now: () => number;
}

export function openSqlite({ file, now }: SqliteOptions): Result<Store, OpenTrouble> {
  const opened = openFile(file, now());
  return opened.ok ? done(storeOf(opened.value, file, now)) : opened;
}

function storeOf(db: DatabaseSync, file: string, now: () => number): Store {
  const listeners = new Set<(change: Change) => void>();
  const projects = openProjects(db);
  const sessions = openSessions(db, projects);
  const events = openEvents(db, projects);
  const writer = openWriter(db, sessions, (change) => {
    for (const listener of listeners) listener(change);
  });
  const reader = openReader(file);
  const setAside = lastSetAside(file);
  let damaged = false;

  return {
    async append(batch) {
      const appended = writer.append(batch);
      damaged ||= appended.trouble?.code === "store_damaged";
      return appended;
    },
    record: async (facts) => writer.record(facts),
    bookmark: async (name) => writer.bookmark(name),
    rows: async (filter, range) =>
      filter.q === undefined ? events.rows(filter, range) : reader.ask("rows", filter, range),
    envelopes: async (filter, range) =>
      filter.q === undefined ? events.envelopes(filter, range) : reader.ask("envelopes", filter, range),
    envelope: async (id) => events.envelope(id),
    timeline: events.timeline,
    sessions: async (filter) => sessions.page(filter, now()),
    session: async (id) => sessions.one(id, now()),
    identify: async (beginning) => sessions.identify(beginning),
    projects: async () => projects.all(),
    statistics: (span) => reader.ask("statistics", span),
    figures: async () => ({
      events: writer.events,
      newest: writer.newest,
      gaps: sessions.gaps(),
      bytes: writer.bytes(),
      ...(setAside === undefined ? {} : { setAside }),
    }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    retain: async (limits) => writer.retain(limits),
    async close() {
      await reader.close();
      try {
        db.exec("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)");
      } catch {
        // The log is written back when the file is opened again.
      } finally {
        db.close();
      }
      return damaged ? { setAside: setFileAside(file, now()) } : {};
    },
  };
}
