// How much stands in a spool: how many entries, how many bytes, since when the oldest.

import { type Dirent, lstatSync, opendirSync } from "node:fs";
import { sep } from "node:path";

export type SpoolSizes = {
  readonly pending: number;
  readonly bytes: number;
  /** Milliseconds since 1970; null while the spool is empty. */
  readonly oldestAt: number | null;
};

/** Counts and sizes all that is there, in one pass over the directory; one that is not there is empty. */
export function measureSpool(dir: string): SpoolSizes {
  let pending = 0;
  let bytes = 0;
  let oldestAt: number | null = null;
  for (const { name } of entriesIn(dir)) {
    const stat = lstatSync(dir + sep + name, { throwIfNoEntry: false });
    if (!stat) continue; // taken in the meantime
    pending++;
    bytes += stat.size;
    if (oldestAt === null || stat.mtimeMs < oldestAt) oldestAt = stat.mtimeMs;
  }
  return { pending, bytes, oldestAt };
}

/** Names read from a directory in one call of the system. */
const READ_AHEAD = 1024;

/** What is in a directory, however much, without holding more than READ_AHEAD names; nothing where there is none. */
export function* entriesIn(dir: string): Generator<Dirent> {
  let handle: ReturnType<typeof opendirSync>;
  try {
    handle = opendirSync(dir, { bufferSize: READ_AHEAD });
  } catch {
    return; // removed under our feet; a hook makes it again
  }
  try {
    for (let item = handle.readSync(); item; item = handle.readSync()) yield item;
  } finally {
    handle.closeSync();
  }
}
