// rejected/: entries that could not be understood, or were refused for good; beside each, <name>.reason.json says why.
// - The reason is there before the entry: one without the other is a reason, never an entry that nobody explains.

import { linkSync, lstatSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod/mini";
import type { Reason } from "../contract/reasons.ts";
import { makeDirectory } from "../platform/directory.ts";
import { readText } from "../platform/read.ts";
import { bareName } from "./entry.ts";
import { readEntry } from "./read.ts";

const REASON = ".reason.json";

/** What stands beside a rejected entry, for people and tools. */
export interface Rejection {
  /** ISO 8601: when it was rejected. */
  readonly at: string;
  readonly by: "relay" | "server";
  /** A sentence. */
  readonly reason: string;
  /** The same as a value. */
  readonly why: Reason;
  /** ISO 8601: when the hook had stored it. */
  readonly stored?: string;
  readonly bytes?: number;
  readonly path?: string;
  readonly expected?: string;
  readonly received?: string;
  readonly session_id?: string;
  readonly seq?: number;
}

export type Rejected = ReturnType<typeof openRejected>;

/** The directory of what was rejected, which need not be there yet. */
export function openRejected(dir: string) {
  const reasonFor = (name: string) => join(dir, name + REASON);
  /** Names of the entries, reasons left out. */
  const names = (): string[] => listed(dir).filter((name) => !name.endsWith(REASON));
  const isThere = (name: string): boolean => lstatSync(join(dir, name), { throwIfNoEntry: false }) !== undefined;
  return {
    dir,
    names,
    count: (): number => names().length,
    /** Whether an entry of that name was rejected. */
    has: isThere,
    /**
     * Takes an entry over from the spool, under its name, or the next one where that is taken: after a restart of the machine,
     * or of the process that counts, a name is given again. Throws what the file system says; the entry is where it was then.
     */
    add(spool: string, name: string, rejection: Rejection): void {
      makeDirectory(dir);
      let free = name;
      for (let n = 1; isThere(free); n++) free = `${bareName(name)}.${n}`;
      writeFileSync(reasonFor(free), `${JSON.stringify(rejection)}\n`, { mode: 0o600 });
      renameSync(join(spool, name), join(dir, free));
    },
    /**
     * Moves an entry back into the spool; false where the spool has one of that name, which goes first: a name can be
     * given again after a restart of the machine.
     */
    restore(spool: string, name: string): boolean {
      try {
        linkSync(join(dir, name), join(spool, name));
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
        throw error;
      }
      rmSync(join(dir, name));
      rmSync(reasonFor(name), { force: true });
      return true;
    },
    /** Removes the entries that are meant, and says how many they were. */
    forget(isMeant: (about: RejectedEntry) => boolean): number {
      const meant = names().filter((name) => isMeant(aboutOf(dir, name)));
      for (const name of meant) for (const file of [join(dir, name), reasonFor(name)]) rmSync(file, { force: true });
      return meant.length;
    },
    /** Removes the oldest files while all of them have more bytes than the limit; returns those that were entries. */
    limit(maxBytes: number): { readonly name: string; readonly bytes: number }[] {
      const files = listed(dir)
        .map((name) => ({ name, stat: lstatSync(join(dir, name), { throwIfNoEntry: false }) }))
        .map(({ name, stat }) => ({ name, bytes: stat?.size ?? 0, modifiedAt: stat?.mtimeMs ?? 0 }))
        .sort((a, b) => a.modifiedAt - b.modifiedAt);
      let total = files.reduce((sum, { bytes }) => sum + bytes, 0);
      const removed: { name: string; bytes: number }[] = [];
      for (const { name, bytes } of files) {
        if (total <= maxBytes) break;
        rmSync(join(dir, name), { force: true });
        total -= bytes;
        if (!name.endsWith(REASON)) removed.push({ name, bytes });
      }
      return removed;
    },
  };
}

/** What is known of a rejected entry. */
export interface RejectedEntry {
  readonly session: string | undefined;
  /** ms since 1970 */
  readonly storedAt: number;
  readonly projectDir: string | undefined;
}

const Reasoned = z.looseObject({ session_id: z.catch(z.optional(z.string()), undefined) });

function aboutOf(dir: string, name: string): RejectedEntry {
  const read = readEntry(join(dir, name), name);
  const origin = "entry" in read ? read.entry?.origin : undefined;
  const text = readText(join(dir, name + REASON));
  return {
    session: text === undefined ? undefined : Reasoned.safeParse(parsed(text)).data?.session_id,
    storedAt: read.kind === "gone" ? 0 : read.storedAt,
    projectDir: origin?.projectDir,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function listed(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return []; // nothing was ever rejected
  }
}
