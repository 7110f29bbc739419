// The spool: a directory with a file an event. Hooks create, the relay alone removes.
// - Nothing is removed but through `remove` (the server has it) or `reject` (it stands in rejected/, with a reason).
// - `next` gives entries in the order of storing: those of earlier boots by their file's time, then by uptime and pid.
// - An entry that is being written is passed over until it is whole, or until its writer is gone: then it is broken.
// - Memory is bounded: at most WINDOW names are held, however many files there are. One entry that takes more than there is
//   ends up in rejected/ (large.ts).

import { existsSync, unlinkSync } from "node:fs";
import { sep } from "node:path";
import { makeDirectory } from "../platform/directory.ts";
import type { FileId } from "../platform/process.ts";
import { Arrivals } from "./arrivals.ts";
import type { Entry, EntryName } from "./entry.ts";
import { type LargeEntries, openLargeEntries } from "./large.ts";
import { firstInOrder, WINDOW } from "./listing.ts";
import type { Boot } from "./order.ts";
import { type ReadEntry, readEntry } from "./read.ts";
import type { Rejected, Rejection } from "./rejected.ts";
import { measureSpool, type SpoolSizes } from "./sizes.ts";

/** A writer that is gone for this long finishes no more: a killed shell may leave what reads stdin for it writing for a moment. */
const ORPHAN_AFTER_MS = 1000;
/**
 * Longer than any hook lives (its timeout is 5 s): a pid that has passed on to a stranger does not hold an entry back,
 * unless it has the entry open: a host that was stopped goes on some time.
 */
const ABANDONED_AFTER_MS = 30_000;
/** How often an entry that is still being written is looked at. */
const PARTIAL_LOOK_MS = 250;

/** What `next` gives. */
export type SpoolItem =
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
      readonly id: string;
      readonly storedAt: number;
      readonly bytes: number;
      readonly reason: string;
      readonly entry?: Entry;
    }
  /** Nothing came on the hook's stdin. */
  | { readonly kind: "empty"; readonly name: string };

export interface SpoolOptions {
  readonly dir: string;
  readonly rejected: Rejected;
  readonly boot: Boot;
  /** Called when there may be something new. */
  readonly onChange: () => void;
  readonly isAlive: (pid: number) => boolean;
  /** Whether the process has the file open for its output. */
  readonly isWriting: (pid: number, file: FileId) => boolean;
  /** Milliseconds that only go forward. */
  readonly monotonic: () => number;
  /** Where the large entry that is being read is written down. */
  readonly large: string;
}

export class Spool {
  readonly #options: SpoolOptions;
  readonly #arrivals: Arrivals;
  readonly #large: LargeEntries;
  /** Names of what was given and is neither removed, rejected nor released. */
  readonly #inHand = new Set<string>();
  /** Entries that were not whole when last seen: their size then, and since when they have not grown. */
  readonly #partial = new Map<string, { size: number; since: number }>();
  /** Entries that could not be moved to rejected/; they are given again after the next `refresh`. */
  readonly #stuck = new Set<string>();
  #partialLook: NodeJS.Timeout | undefined;
  /** Names in order, as the directory was last read, and how far they are used up. */
  #names: EntryName[] = [];
  #at = 0;
  #isStale = true;
  /** How many there were when the directory was last read. */
  #expected = WINDOW;
  /** What `any` has found, until `next` gives it. */
  #found: SpoolItem | undefined;

  /** Makes the directory where it is missing, and watches it. */
  constructor(options: SpoolOptions) {
    this.#options = options;
    this.#large = openLargeEntries(options.large);
    makeDirectory(options.dir);
    this.#arrivals = new Arrivals(options.dir, (told) => this.#look(told));
  }

  /** Gives the next entry in order that is not in hand already, or undefined when there is none now. */
  next(): SpoolItem | undefined {
    const item = this.#found ?? this.#advance();
    this.#found = undefined;
    return item;
  }

  /** Whether `next` would give one. */
  any(): boolean {
    this.#found ??= this.#advance();
    return this.#found !== undefined;
  }

  /** Whether an entry of that name is there. */
  has(name: string): boolean {
    return existsSync(this.#path(name));
  }

  /** Gives an entry back: `next` will give it again. */
  release(name: string): void {
    this.#inHand.delete(name);
    if (this.#found) this.#inHand.delete(this.#found.name); // the one released may come before it
    this.#found = undefined;
    this.#isStale = true;
    this.#at = this.#names.length;
  }

  /** Removes an entry that the server has, or that was empty. */
  remove(name: string): boolean {
    this.#inHand.delete(name);
    try {
      unlinkSync(this.#path(name));
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
      throw error;
    }
  }

  /** Moves an entry to rejected/; false when that is impossible now: it stays, for a later `next`. */
  reject(name: string, rejection: Rejection): boolean {
    try {
      this.#options.rejected.add(this.#options.dir, name, rejection);
      this.#inHand.delete(name);
      return true;
    } catch {
      this.#stuck.add(name);
      return false;
    }
  }

  /** Counts and sizes all of it: one pass over the directory. */
  measure(): SpoolSizes {
    const sizes = measureSpool(this.#options.dir);
    if (sizes.oldestAt !== null) this.#options.boot.oldestIs(sizes.oldestAt);
    return sizes;
  }

  /** True while entries are being written that are not whole yet. */
  get unfinished(): boolean {
    return this.#partial.size > 0;
  }

  /** Lets what is stored wait for so long, so that more of it is found at once. */
  gather(ms: number): void {
    this.#arrivals.gather(ms);
  }

  /** Looks at the directory afresh at the next `next`. */
  refresh(): void {
    for (const name of this.#stuck) this.#inHand.delete(name);
    this.#stuck.clear();
    this.#isStale = true;
    this.#arrivals.retry();
  }

  close(): void {
    clearTimeout(this.#partialLook);
    this.#large.end();
    this.#arrivals.close();
  }

  /** Names come from the directory itself: nothing in them is to be resolved. */
  #path(name: string): string {
    return this.#options.dir + sep + name;
  }

  /** Whether something new was found; `told` that the kernel said so. */
  #look(told: boolean): boolean {
    const waits = this.#found !== undefined;
    this.#isStale = true;
    const isNew = !waits && this.any();
    if (told || isNew) this.#options.onChange();
    return isNew;
  }

  /** Reads the directory at most once, when the names of the last reading are used up. */
  #advance(): SpoolItem | undefined {
    this.#large.end(); // what was given before has been understood by now
    if (this.#at >= this.#names.length && this.#isStale) this.#list();
    while (this.#at < this.#names.length) {
      const entry = this.#names[this.#at++];
      if (entry === undefined || this.#inHand.has(entry.name)) continue;
      const item = this.#itemOf(entry, readEntry(this.#path(entry.name), entry.name, this.#large));
      if (item === undefined) continue;
      this.#inHand.add(item.name);
      return item;
    }
    return undefined;
  }

  #list(): void {
    const { dir, boot } = this.#options;
    this.#at = 0;
    this.#names = firstInOrder(dir, this.#inHand, boot, this.#expected);
    this.#expected = this.#names.length;
    this.#isStale = this.#expected === WINDOW; // there may be more
    if (this.#expected === 0 && this.#inHand.size === 0) boot.markClean();
    if (this.#isStale || this.#partial.size === 0) return;
    const there = new Set(this.#names.map(({ name }) => name));
    for (const name of this.#partial.keys()) if (!there.has(name)) this.#partial.delete(name);
  }

  /** What is to be given for a file; undefined where it is gone, or its writer may still be at it. */
  #itemOf({ name, pid }: EntryName, read: ReadEntry): SpoolItem | undefined {
    if (read.kind === "partial" && this.#mayGrow(name, pid, read.bytes, read.file)) return undefined;
    this.#partial.delete(name);
    switch (read.kind) {
      case "gone":
        return undefined;
      case "whole":
        return read.entry.payload.length === 0 ? { kind: "empty", name } : { ...read, kind: "entry" };
      case "no-entry":
        return { ...read, kind: "broken" };
      case "partial": {
        const { entry, file, ...head } = read;
        const reason = "it was cut off: the hook was killed or the disk was full";
        return { ...head, kind: "broken", reason, ...(entry ? { entry } : {}) };
      }
    }
  }

  #mayGrow(name: string, pid: number, size: number, file: FileId): boolean {
    const { monotonic, isAlive, isWriting } = this.#options;
    const now = monotonic();
    this.#lookAgainSoon();
    const seen = this.#partial.get(name);
    if (seen?.size !== size) {
      this.#partial.set(name, { size, since: now });
      return true;
    }
    const quietMs = now - seen.since;
    if (quietMs < ORPHAN_AFTER_MS) return true;
    return isAlive(pid) && (quietMs < ABANDONED_AFTER_MS || isWriting(pid, file));
  }

  /** Nobody tells when an entry is given up: while there are any that are not whole, they are looked at. */
  #lookAgainSoon(): void {
    this.#partialLook ??= setTimeout(() => {
      this.#partialLook = undefined;
      if (!this.unfinished) return;
      this.#isStale = true;
      this.#options.onChange();
    }, PARTIAL_LOOK_MS).unref();
  }
}
