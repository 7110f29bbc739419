// The store in one SQLite file: monitor.db.
// - `append` is one transaction: all of a batch is kept, or none of it.
// - Short reads are answered here; what takes long (search, statistics, filters in a large store) is read in a thread of its own.

import type { DatabaseSync } from "node:sqlite";
import { done, type Result } from "../../contract/result.ts";
import { setAside as setFileAside } from "../../platform/sqlite.ts";
import type { Appended, Change, Filter, Pricing, Store } from "../port.ts";
import { openAnswers } from "./answers.ts";
import { startCosts } from "./costs.ts";
import { openEvents } from "./events.ts";
import { lastSetAside, type OpenTrouble, openFile } from "./file.ts";
import { openHours } from "./hours.ts";
import { openProjects } from "./projects.ts";
import { openReader } from "./reader.ts";
import { openRebuild } from "./rebuild.ts";
import { openRemoval } from "./removal.ts";
import { openSearchIndex } from "./search-index.ts";
import { openSessions } from "./sessions.ts";
import { openTransactions } from "./transaction.ts";
import { openTurns } from "./turns.ts";
import { openWaits } from "./waits.ts";
import { openWriter } from "./writer.ts";

export interface SqliteOptions {
  /** Path of monitor.db. */
  readonly file: string;
  /** ms since 1970 */
  readonly now: () => number;
  /** Absent: sessions are kept without their costs. */
  readonly pricing?: Pricing;
}

/** To walk through more events than these takes long. */
const MANY_EVENTS = 100_000;

const UNPRICED: Pricing = { key: "", cost: () => undefined };

export function openSqlite(options: SqliteOptions): Result<Store, OpenTrouble> {
  const opened = openFile(options.file, options.now());
  return opened.ok ? done(storeOf(opened.value, options)) : opened;
}

function storeOf(db: DatabaseSync, { file, now, pricing }: SqliteOptions): Store {
  const listeners = new Set<(change: Change) => void>();
  const projects = openProjects(db);
  const sessions = openSessions(db, projects);
  const events = openEvents(db, projects);
  const turns = openTurns(db);
  const waits = openWaits(db);
  const answers = openAnswers(db, projects, pricing ?? UNPRICED);
  const transactions = openTransactions(db, sessions);
  const committed = (change: Change) => {
    for (const listener of listeners) listener(change);
  };
  const index = openSearchIndex(db, transactions);
  const hours = openHours(db);
  const writer = openWriter({ db, transactions, turns, waits, answers, index, hours, committed });
  const removal = openRemoval({ db, file, projects, transactions, index, hours, committed });
  const rebuild = openRebuild(db, transactions, turns, waits);
  const costs = pricing && startCosts(db, transactions, answers, pricing);
  const reader = openReader(file);
  let damaged = false;
  const noted = (appended: Appended): Appended => {
    damaged ||= appended.trouble?.code === "store_damaged";
    return appended;
  };
  /** Whether many events may have to be walked through: those of a session are found by their index. */
  const isLong = ({ session: _, q, ...more }: Filter) =>
    q !== undefined || (transactions.events > MANY_EVENTS && Object.values(more).some((value) => value !== undefined));

  const rows: Store["rows"] = async (filter, range) => {
    if (filter.q !== undefined) index.catchUp();
    return isLong(filter) ? reader.ask("rows", filter, range) : events.rows(filter, range);
  };
  const envelopes: Store["envelopes"] = async (filter, range) => {
    if (filter.q !== undefined) index.catchUp();
    return isLong(filter) ? reader.ask("envelopes", filter, range) : events.envelopes(filter, range);
  };
  return {
    append: async (batch) => noted(writer.append(batch)),
    keep: async (batch) => noted(writer.keep(batch)),
    record: async (facts) => writer.record(facts),
    bookmark: async (name) => writer.bookmark(name),
    rows,
    envelopes,
    // On one machine the index of words comes to the end of a search in its time.
    searchRows: async (filter, range) => ({ events: await rows(filter, range) }),
    searchEnvelopes: async (filter, range) => ({ events: await envelopes(filter, range) }),
    envelope: async (id) => events.envelope(id),
    timeline: events.timeline,
    sessions: async (filter) => sessions.page(filter, now()),
    session: async (id) => sessions.one(id, now()),
    identify: async (beginning) => sessions.identify(beginning),
    async turns(id, stretch) {
      rebuild.tell(id);
      const session = sessions.find(id);
      return session ? turns.of(session, (since) => answers.ofSession(id, since), now(), stretch) : [];
    },
    async turnStarts(id) {
      rebuild.tell(id);
      const session = sessions.find(id);
      return session ? turns.starts(session) : [];
    },
    projects: async () => projects.all(),
    answers: answers.read,
    async statistics(span) {
      const keep = hours.asked();
      const { statistics, hours: counted } = await reader.ask("statistics", span).catch((error) => {
        keep([]);
        throw error;
      });
      keep(counted);
      return statistics;
    },
    async figures() {
      const setAside = lastSetAside(file);
      const unindexed = index.missing();
      return {
        events: transactions.events,
        newest: transactions.newest,
        gaps: sessions.gaps(),
        bytes: removal.bytes(),
        ...(setAside === undefined ? {} : { setAside }),
        ...(rebuild.isRunning ? { migrating: true } : {}),
        ...(unindexed > 0 ? { unindexed } : {}),
      };
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    consumers: async () => writer.consumers(),
    advance: async (name, n) => writer.advance(name, n),
    dismiss: async (name) => writer.dismiss(name),
    async alone(_name, begin) {
      const running = await begin(); // nobody shares a file
      return () => running.close();
    },
    claim: async (names) => ({ own: names, undecided: [] }),
    keepClaimed: async () => {},
    retain: async (limits) => removal.retain(limits),
    forget: (which) => removal.forget(which),
    async close() {
      rebuild.close();
      costs?.close();
      const alone = await reader.close();
      index.close();
      try {
        if (alone) db.exec("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)"); // which waits for who still reads
      } catch {
        // The log is written back when the file is opened again.
      } finally {
        db.close();
      }
      return damaged ? { setAside: setFileAside(file, now()) } : {};
    },
  };
}
