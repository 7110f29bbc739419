// Transactions, and the sessions that they change: read and kept in memory, written with the commit.
// - What another process has committed meanwhile is seen: what is remembered is then read anew.
// - A transaction that fails leaves nothing behind, in memory neither.

import type { DatabaseSync } from "node:sqlite";
import type { Session } from "../../session/state.ts";
import { integer } from "../columns.ts";
import type { Sessions } from "./sessions.ts";

/** Sessions whose state is kept in memory; older ones are read from the store when they show again. */
const MAX_CACHED = 2000;

export interface Transactions {
  /** Runs the work as one transaction and answers what it does and which sessions it changed. Throws what SQLite says. */
  run<T>(work: (sessions: WorkingSessions) => T): { readonly value: T; readonly sessions: readonly string[] };
  /** Events in the store. */
  readonly events: number;
  /** The newest position; 0 in a store that never had an event. */
  readonly newest: number;
}

/** Sessions within a transaction. */
export interface WorkingSessions {
  find(id: string): Session | undefined;
  put(session: Session): void;
  /** The session is there no more. */
  drop(id: string): void;
  /** So many events more, the newest at this position. */
  added(count: number, newest: number): void;
  removed(count: number): void;
}

export function openTransactions(db: DatabaseSync, sessions: Sessions): Transactions {
  const dataVersion = db.prepare("PRAGMA data_version");
  const countEvents = db.prepare("SELECT count(*) AS count, coalesce(max(n), 0) AS newest FROM event");
  const lastPosition = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'event'");
  const cache = new Map<string, Session>();
  const changed = new Set<string>();
  let version = -1;
  let events = 0;
  let newest = 0;

  const lookAgain = () => {
    const now = integer(dataVersion.get(), "data_version");
    if (now === version) return;
    version = now;
    cache.clear();
    const count = countEvents.get();
    events = integer(count, "count");
    newest = Math.max(integer(count, "newest"), Number(lastPosition.get()?.["seq"] ?? 0));
  };
  const working: WorkingSessions = {
    find(id) {
      const known = cache.get(id) ?? sessions.find(id);
      if (known) cache.set(id, known);
      return known;
    },
    put(session) {
      cache.set(session.id, session);
      changed.add(session.id);
    },
    drop(id) {
      cache.delete(id);
      changed.delete(id);
      sessions.remove(id);
    },
    added(count, last) {
      events += count;
      newest = last;
    },
    removed(count) {
      events -= count;
    },
  };
  const forget = () => {
    cache.clear();
    changed.clear();
    version = -1; // the counts have seen what was not kept, too
  };

  lookAgain();
  return {
    run(work) {
      try {
        db.exec("BEGIN IMMEDIATE");
        lookAgain();
        const value = work(working);
        for (const id of changed) {
          const session = cache.get(id);
          if (session) sessions.keep(session);
        }
        db.exec("COMMIT");
        const ids = [...changed];
        changed.clear();
        if (cache.size > MAX_CACHED)
          for (const id of [...cache.keys()].slice(0, cache.size - MAX_CACHED)) cache.delete(id);
        return { value, sessions: ids };
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        forget();
        throw error;
      }
    },
    get events() {
      return events;
    },
    get newest() {
      return newest;
    },
  };
}
