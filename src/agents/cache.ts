// $MPM_HOME/agents.db: what agent files held when they were last read, and the lock that lets one deployment at a time.
// - Only a shortcut: without it everything is read again, with equal results. Files with problems are never in it.
// - An entry counts only while inode, size and both times are the same, and only if the file had been left alone for a
//   moment when it was read (two changes within one tick of the clock look like one).
// - The lock is SQLite's, held by the kernel: it ends with its process, however that ends.

import { closeSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod/mini";
import { makeDirectory } from "../platform/directory.ts";
import { isBusy, isCorrupt, setAside } from "../platform/sqlite.ts";
import { VERSION } from "../platform/version.ts";
import type { Stamp } from "./files.ts";

/** To be raised when the same file would be read or deployed differently. */
const RULES = 2;
const SETTLED_MS = 100;
const LOCK_DEADLINE_MS = 10_000;
const FIRST_PAUSE_MS = 2;
const MAX_PAUSE_MS = 50;

export interface Known {
  /** The agent's name; "" for a file without one. */
  readonly name: string;
  /** Of what is deployed for a source, of the content for a deployed file. */
  readonly sha256: string;
}

export interface Cache {
  /** Why it is not used, where it is not. */
  readonly unavailable?: string;
  /** What the file held, if it is still the same. */
  get(path: string, stamp: Stamp): Known | undefined;
  put(path: string, stamp: Stamp, seen: Known): void;
  /** Keeps what was got or put since the start, forgets what else was below the roots, and gives up the lock. */
  close(): void;
}

/** Opens the cache for the files below absolute directories, and waits for its lock, ten seconds at most. */
export async function openCache(file: string, roots: readonly string[]): Promise<Cache> {
  const startedMs = Date.now();
  let db: DatabaseSync | undefined;
  try {
    db = await lock(file);
    return cacheIn(db, roots, startedMs);
  } catch (error) {
    db?.close();
    return { ...noCache, unavailable: (error as Error).message };
  }
}

export const noCache: Cache = { get: () => undefined, put: () => {}, close: () => {} };

async function lock(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await import("node:sqlite");
  makeDirectory(dirname(file));
  closeSync(openSync(file, "a", 0o600));
  const open = () => new DatabaseSync(file, { timeout: 0 });
  let db = open();
  const deadline = performance.now() + LOCK_DEADLINE_MS;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
    try {
      // The file is no loss: it need not survive a power cut, only a kill.
      db.exec("PRAGMA synchronous = OFF; BEGIN IMMEDIATE");
      return db;
    } catch (error) {
      const late = performance.now() > deadline;
      if (!isBusy(error) || late) db.close();
      if (isCorrupt(error)) {
        setAside(file, Date.now());
        db = open();
      } else if (!isBusy(error)) throw error;
      else if (late) throw new Error("another deployment has been under way for ten seconds");
    }
    await sleep(pause);
  }
}

const Seen = z.object({ path: z.string(), stamp: z.string(), name: z.string(), sha256: z.string() });

function cacheIn(db: DatabaseSync, roots: readonly string[], startedMs: number): Cache {
  db.exec(
    "CREATE TABLE IF NOT EXISTS seen (path TEXT PRIMARY KEY, stamp TEXT, name TEXT, sha256 TEXT) STRICT, WITHOUT ROWID",
  );
  const rules = `${VERSION} ${RULES}`;
  const [written] = db.prepare("SELECT stamp FROM seen WHERE path = ''").all();
  if (written?.["stamp"] !== rules) {
    db.exec("DELETE FROM seen");
    db.prepare("INSERT INTO seen (path, stamp) VALUES ('', ?)").run(rules);
  }
  const known = new Map<string, Known & { stamp: string }>();
  const below = db.prepare("SELECT path, stamp, name, sha256 FROM seen WHERE path >= ? AND path < ?");
  for (const root of roots)
    for (const row of below.all(`${root}/`, `${root}0`)) {
      const seen = Seen.safeParse(row); // one that does not fit is read again
      if (seen.success) known.set(seen.data.path, seen.data);
    }

  const used = new Set<string>();
  const added = new Map<string, Known & { stamp: string }>();
  return {
    get(path, stamp) {
      const seen = known.get(path);
      if (seen?.stamp !== stamp.text) return undefined;
      used.add(path);
      return seen;
    },
    put(path, stamp, seen) {
      if (stamp.changedMs < startedMs - SETTLED_MS) added.set(path, { ...seen, stamp: stamp.text });
    },
    close() {
      try {
        const insert = db.prepare("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)");
        for (const [path, seen] of added) insert.run(path, seen.stamp, seen.name, seen.sha256);
        const forget = db.prepare("DELETE FROM seen WHERE path = ?");
        for (const path of known.keys()) if (!used.has(path) && !added.has(path)) forget.run(path);
        db.exec("COMMIT");
      } catch {
        // a full disk: the next run reads again what this one has read
      } finally {
        db.close();
      }
    },
  };
}
