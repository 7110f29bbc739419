// What is in the spool's directory, in order, in one pass over it.
// - A directory is no snapshot: what was stored while it was read may show without what came before it. It is then read
//   again, and nothing is given that is later than the latest of the first reading.
// - Memory is bounded: at most twice WINDOW names are held, however many files there are.

import { lstatSync, readdirSync } from "node:fs";
import { sep } from "node:path";
import { type EntryName, parseName } from "./entry.ts";
import { type Boot, compareNames, uptime } from "./order.ts";
import { entriesIn } from "./sizes.ts";

/** Names held in memory; more files than that are read in as many passes. */
export const WINDOW = 8192;

/** Up to so many names are read at once: opening a directory to go through it costs more than that. */
const FEW = WINDOW / 8;

/** The first WINDOW names in order; with each, all that were stored before it. `expected`: how many there were a moment ago. */
export function firstInOrder(
  dir: string,
  except: ReadonlySet<string>,
  boot: Boot,
  expected: number = WINDOW,
): EntryName[] {
  const compare = compareNames(boot, (name) => modified(dir + sep + name));
  const begun = uptime();
  const seen = smallest(dir, except, compare, expected);
  const latest = seen.at(-1);
  if (!latest || (latest.uptime !== undefined && begun !== undefined && latest.uptime < begun)) return seen;
  return smallest(dir, except, compare, expected).filter((entry) => compare(entry, latest) <= 0);
}

/** The first WINDOW names in order, by one pass that never holds more than twice as many. */
function smallest(
  dir: string,
  except: ReadonlySet<string>,
  compare: (a: EntryName, b: EntryName) => number,
  expected: number,
): EntryName[] {
  let names: EntryName[] = [];
  const cut = () => {
    names.sort(compare);
    names = names.slice(0, WINDOW);
  };
  for (const name of expected <= FEW ? allIn(dir) : namesIn(dir)) {
    if (except.has(name)) continue;
    const parsed = parseName(name) ?? { name, uptime: undefined, pid: 0, n: 0 };
    names.push(parsed);
    if (names.length >= 2 * WINDOW) cut();
  }
  cut();
  return names;
}

/** Every name in the directory, as an array: for those that hold few. */
function allIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // removed under our feet; a hook makes it again
  }
}

function* namesIn(dir: string): Generator<string> {
  for (const { name } of entriesIn(dir)) yield name;
}

function modified(file: string): number {
  try {
    return lstatSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
