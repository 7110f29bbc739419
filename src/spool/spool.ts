// The spool: a directory with a file an event. Hooks create, the relay alone removes.
// - Nothing is removed but through `remove` (the server has it) or `reject` (it stands in rejected/, with a reason).
// - `next` gives entries in the order of storing: those of earlier boots by their file's time, then by uptime and pid.
// - An entry that is being written is passed over until it is whole, or until its writer is gone (`cut`).
// - Memory is bounded: at most WINDOW names are held, however many files there are.

import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Paths } from "../config/config.ts";
import { makeDirectory } from "../platform/directory.ts";
import type { FileId } from "../platform/process.ts";
import { watchArrivals } from "./arrivals.ts";
import { type Entry, type EntryName, entryId, parseEntry } from "./entry.ts";
import { firstInOrder, measure, WINDOW } from "./listing.ts";
import type { Boot } from "./order.ts";

/** A writer that is gone for this long finishes no more: a killed shell may leave what reads stdin for it writing for a moment. */
const ORPHAN_AFTER_MS = 1000;
/**
 * Longer than any hook lives (its timeout is 5 s): a pid that has passed on to a stranger does not hold an entry back,
 * unless it has the entry open: a host that was stopped goes on some time.
 */
const ABANDONED_AFTER_MS = 30_000;
/** An entry beyond this is rejected unread; the largest payloads that were seen are a few megabytes. */
export const MAX_ENTRY_BYTES = 64 * 1024 * 1024;

/** Whatever stands there: a link leads nowhere, and a pipe holds nobody up. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export type Taken =
  | {
      readonly kind: "entry";
      readonly name: string;
      readonly id: string;
      readonly storedAt: number;
      readonly bytes: number;
      readonly entry: Entry;
    }
  /** No whole entry and never will be: what there is, and why. */
  | {
      readonly kind: "broken";
      readonly name: string;
      readonly bytes: number;
      readonly reason: string;
      readonly entry?: Entry;
      readonly id: string;
      readonly storedAt: number;
    }
  | { readonly kind: "empty"; readonly name: string };

export interface Spool {
  /** The next entry in order that is not in hand already, or undefined when there is none now. */
  next(): Taken | undefined;
  /** Whether `next` would give one. */
  any(): boolean;
  /** Whether an entry of that name is there. */
  readonly has: (name: string) => boolean;
  /** Gives an entry back: `next` will give it again. */
  release(name: string): void;
  /** The server has it, or it was empty. */
  remove(name: string): void;
  /** Moves it to rejected/, a reason beside it. @returns false when that is impossible now: it stays, for a later `next` */
  reject(name: string, reason: Record<string, unknown>): boolean;
  /** Counts and sizes all of it: one pass over the directory. */
  measure(): { pending: number; bytes: number; oldestAt: number | null };
  /** True while entries are being written that are not whole yet. */
  readonly unfinished: boolean;
  /** Looks at the directory afresh at the next `next`. */
  refresh(): void;
  close(): void;
}

export interface SpoolOptions {
  readonly paths: Paths;
  readonly boot: Boot;
  /** Called when something may have been stored. */
  readonly onChange: () => void;
  readonly isAlive: (pid: number) => boolean;
  /** Whether the process has the file open for its output. */
  readonly isWriting: (pid: number, file: FileId) => boolean;
  /** Milliseconds that only go forward. */
  readonly monotonic: () => number;
}

export function openSpool({ paths, boot, onChange, isAlive, isWriting, monotonic }: SpoolOptions): Spool {
  makeDirectory(paths.spool);
  const inHand = new Set<string>();
  /** Entries that were not whole when last seen: size then, and since when they have not grown. */
  const unfinished = new Map<string, { size: number; since: number }>();
  /** Entries that could not be moved to rejected/; they are given again after the next `refresh`. */
  const stuck = new Set<string>();
  let queue: EntryName[] = [];
  let at = 0;
  let stale = true;
  /** Names held when the directory was last read. */
  let held = WINDOW;

  const scan = () => {
    stale = false;
    at = 0;
    queue = firstInOrder(paths.spool, inHand, boot, held);
    held = queue.length;
    if (held === WINDOW) stale = true;
    if (queue.length === 0 && inHand.size === 0) boot.markClean();
  };

  /** The next entry in order; scans at most once, when the names of the last scan are used up. */
  const advance = (): Taken | undefined => {
    if (at >= queue.length && stale) scan();
    while (at < queue.length) {
      const { name, pid } = queue[at++] as EntryName;
      if (inHand.has(name)) continue;
      const taken = take(paths, name, pid);
      if (taken === undefined) continue;
      inHand.add(name);
      return taken;
    }
    return undefined;
  };
  /** The entry that `any` has found, until `next` gives it. */
  let found: Taken | undefined;
  const any = () => {
    found ??= advance();
    return found !== undefined;
  };
  const arrivals = watchArrivals(paths.spool, (told) => {
    const waits = found !== undefined;
    stale = true;
    const isNew = !waits && any();
    if (told || isNew || unfinished.size > 0) onChange();
    return isNew;
  });

  return {
    any,
    has: (name) => existsSync(join(paths.spool, name)),
    next() {
      const taken = found ?? advance();
      found = undefined;
      return taken;
    },
    release(name) {
      inHand.delete(name);
      if (found) inHand.delete(found.name); // the one released may come before it
      found = undefined;
      stale = true;
      at = queue.length;
    },
    remove(name) {
      try {
        unlinkSync(join(paths.spool, name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
      inHand.delete(name);
    },
    reject(name, reason) {
      try {
        makeDirectory(paths.rejected);
        writeFileSync(join(paths.rejected, `${name}.reason.json`), `${JSON.stringify(reason)}\n`, { mode: 0o600 });
        renameSync(join(paths.spool, name), join(paths.rejected, name));
        inHand.delete(name);
        return true;
      } catch {
        stuck.add(name);
        return false;
      }
    },
    measure: () => measure(paths.spool),
    get unfinished() {
      return unfinished.size > 0;
    },
    refresh() {
      for (const name of stuck) inHand.delete(name);
      stuck.clear();
      stale = true;
      arrivals.retry();
    },
    close: arrivals.close,
  };

  /** Reads one file; undefined while it is not whole and its writer may still be at it. */
  function take(where: Paths, name: string, pid: number): Taken | undefined {
    const file = join(where.spool, name);
    let descriptor: number;
    try {
      descriptor = openSync(file, READ);
    } catch (error) {
      // Gone is gone; what cannot be read (a directory, no permission) must not block the others.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        unfinished.delete(name);
        return undefined;
      }
      return broken(name, 0n, 0, "it cannot be read");
    }
    try {
      const stat = fstatSync(descriptor, { bigint: true });
      const size = Number(stat.size);
      if (!stat.isFile()) return broken(name, stat.mtimeNs, 0, "it is no file");
      if (size > MAX_ENTRY_BYTES) return broken(name, stat.mtimeNs, size, `it is larger than ${MAX_ENTRY_BYTES} bytes`);
      const bytes = readBytes(descriptor, size);
      const entry = parseEntry(bytes);
      const id = entryId(name, stat.mtimeNs, bytes);
      const storedAt = Number(stat.mtimeNs / 1_000_000n);
      if (entry?.whole) {
        unfinished.delete(name);
        if (entry.payload.length === 0) return { kind: "empty", name };
        return { kind: "entry", name, id, storedAt, bytes: size, entry };
      }
      if (mayGrow(name, pid, size, stat)) return undefined;
      unfinished.delete(name);
      const reason = "it was cut off: the hook was killed or the disk was full";
      return { kind: "broken", name, id, storedAt, bytes: size, reason, ...(entry ? { entry } : {}) };
    } finally {
      closeSync(descriptor);
    }
  }

  function mayGrow(name: string, pid: number, size: number, file: FileId): boolean {
    const now = monotonic();
    const seen = unfinished.get(name);
    if (!seen || seen.size !== size) {
      unfinished.set(name, { size, since: now });
      return true;
    }
    const quiet = now - seen.since;
    if (quiet < ORPHAN_AFTER_MS) return true;
    return isAlive(pid) && (quiet < ABANDONED_AFTER_MS || isWriting(pid, file));
  }
}

function broken(name: string, mtimeNs: bigint, bytes: number, reason: string): Taken {
  const storedAt = Number(mtimeNs / 1_000_000n);
  return { kind: "broken", name, bytes, reason, id: entryId(name, mtimeNs, Buffer.alloc(0)), storedAt };
}

/** Reads so many bytes, or to the end of a file that has become shorter. */
function readBytes(descriptor: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  while (at < size) {
    const count = readSync(descriptor, bytes, at, size - at, at);
    if (count === 0) break;
    at += count;
  }
  return bytes.subarray(0, at);
}
