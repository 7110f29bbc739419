// What is in the spool's directory, in order, in one pass over it.
// - A directory is no snapshot: what was stored while it was read may show without what came before it. It is then read
//   again, and nothing is given that is later than the latest of the first reading.
// - Memory is bounded: at most twice WINDOW names are held, however many files there are.

import { lstatSync, opendirSync } from "node:fs";
import { join } from "node:path";
import { type EntryName, parseName } from "./entry.ts";
import { type Boot, compareNames, uptime } from "./order.ts";

/** Names held in memory; more files than that are read in as many passes. */
export const WINDOW = 8192;

/** The first WINDOW names in order; with each, all that were stored before it. */
export function firstInOrder(dir: string, except: ReadonlySet<string>, boot: Boot): EntryName[] {
  const compare = compareNames(boot, (name) => modified(join(dir, name)));
  const begun = uptime();
  const seen = smallest(dir, except, compare);
  const latest = seen.at(-1);
  if (!latest || (latest.uptime !== undefined && begun !== undefined && latest.uptime < begun)) return seen;
  return smallest(dir, except, compare).filter((entry) => compare(entry, latest) <= 0);
}

/** The first WINDOW names in order, by one pass that never holds more than twice as many. */
function smallest(
  dir: string,
  except: ReadonlySet<string>,
  compare: (a: EntryName, b: EntryName) => number,
): EntryName[] {
  let names: EntryName[] = [];
  const cut = () => {
    names.sort(compare);
    names = names.slice(0, WINDOW);
  };
  for (const name of namesIn(dir)) {
    if (except.has(name)) continue;
    const parsed = parseName(name) ?? { name, uptime: undefined, pid: 0, n: 0 };
    names.push(parsed);
    if (names.length >= 2 * WINDOW) cut();
  }
  cut();
  return names;
}

/** Counts and sizes all that is there. */
export function measure(dir: string): { pending: number; bytes: number; oldestAt: number | null } {
  let pending = 0;
  let bytes = 0;
  let oldestAt: number | null = null;
  for (const name of namesIn(dir)) {
    try {
      const stat = lstatSync(join(dir, name));
      pending++;
      bytes += stat.size;
      if (oldestAt === null || stat.mtimeMs < oldestAt) oldestAt = stat.mtimeMs;
    } catch {
      // taken in the meantime
    }
  }
  return { pending, bytes, oldestAt };
}

function* namesIn(dir: string): Generator<string> {
  let handle: ReturnType<typeof opendirSync>;
  try {
    handle = opendirSync(dir, { bufferSize: 1024 });
  } catch {
    return; // removed under our feet; a hook makes it again
  }
  try {
    for (let item = handle.readSync(); item; item = handle.readSync()) yield item.name;
  } finally {
    handle.closeSync();
  }
}

function modified(file: string): number {
  try {
    return lstatSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
