// The index of words: written for many events at once, a while after their commit.
// - One event at a time, or a group of a few hundred, most of the work goes into merging what each commit adds: indexing
//   two thousand at once takes half as long.
// - Nothing is searched before every event that is committed is indexed: whoever asks has it brought up to date first. Where it
//   cannot be written, as on a full disk, what is indexed is searched, and it is known how much is not.
// - How far it goes stands in the store, and is committed with it. After a crash, and where another process has stored
//   events, the rest is read from there.

import type { DatabaseSync } from "node:sqlite";
import { integer, text } from "../columns.ts";
import { searchText } from "../extract.ts";
import { storedEnvelope } from "../found.ts";
import type { Transactions } from "./transaction.ts";

/** Events that are indexed at once; it takes a tenth of a second. */
const BLOCK = 2048;
/** Characters of such events. */
const MAX_CHARACTERS = 5 * 1024 * 1024;
/** How long events wait for more, ms. */
const WAIT_MS = 2000;
/** After it could not be written, ms. */
const AGAIN_MS = 60_000;
const BOOKMARK = "indexed";

/** An event that was committed, and what of it is searched. */
export interface Indexed {
  readonly n: number;
  readonly text: string;
}

export interface SearchIndex {
  /** Has events indexed soon. */
  take(events: readonly Indexed[]): void;
  /** Indexes all that is committed. Throws what SQLite says. */
  complete(): void;
  /** The same, as far as it can be written now. */
  catchUp(): void;
  /** How many events are not indexed since it could not be written; 0 while it can be. */
  missing(): number;
  close(): void;
}

export function openSearchIndex(db: DatabaseSync, transactions: Transactions): SearchIndex {
  const insert = db.prepare("INSERT INTO search (rowid, text) VALUES (?, ?)");
  const bookmark = db.prepare("SELECT value FROM bookmark WHERE name = ?");
  const keep = db.prepare("INSERT OR REPLACE INTO bookmark VALUES (?, ?)");
  const count = db.prepare("SELECT count(*) AS count FROM event WHERE n > ?");
  const bodies = db.prepare(`SELECT n, json FROM body WHERE n > ? ORDER BY n LIMIT ${BLOCK}`);
  /** In the order of `n`. What is missing here is read from the store. */
  let waiting: Indexed[] = [];
  let characters = 0;
  let canWrite = true;
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;

  const done = () => Number(bookmark.get(BOOKMARK)?.["value"] ?? 0);
  /** Some of those behind a row that are not indexed, in order. */
  const next = (after: number): readonly Indexed[] => {
    const known = waiting.filter(({ n }) => n > after);
    if (known.length === integer(count.get(after), "count")) return known;
    return bodies
      .all(after)
      .map((row) => ({ n: integer(row, "n"), text: searchText(storedEnvelope(text(row, "json"))) }));
  };
  /** True if there may be more. */
  const step = (): boolean =>
    transactions.run(() => {
      const events = next(done());
      for (const event of events) insert.run(event.n, event.text);
      const last = events.at(-1);
      if (last) keep.run(BOOKMARK, String(last.n));
      return last !== undefined;
    }).value;
  const complete = () => {
    clearImmediate(soon);
    clearTimeout(timer);
    soon = undefined;
    timer = undefined;
    try {
      while (step());
      canWrite = true;
    } catch (error) {
      canWrite = false;
      throw error;
    } finally {
      waiting = []; // they are in the store
      characters = 0;
    }
  };
  const catchUp = () => {
    try {
      complete();
    } catch {
      later(AGAIN_MS); // a full disk, another writer
    }
  };
  const behind = () => integer(count.get(done()), "count");
  const later = (ms: number) => {
    timer ??= setTimeout(catchUp, ms).unref();
  };

  if (behind() > 0) later(WAIT_MS);
  return {
    take(events) {
      for (const event of events) {
        waiting.push(event);
        characters += event.text.length;
      }
      const blocks = Math.max(waiting.length / BLOCK, characters / MAX_CHARACTERS);
      if (blocks >= 2)
        catchUp(); // who stores does not let others have their turn
      else if (blocks >= 1)
        soon ??= setImmediate(catchUp); // once those who wait for the commit know of it
      else if (waiting.length > 0) later(WAIT_MS);
    },
    complete,
    catchUp,
    missing: () => (canWrite ? 0 : behind()),
    close() {
      catchUp();
      clearTimeout(timer);
    },
  };
}
