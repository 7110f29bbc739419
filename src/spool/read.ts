// Reads one file of the spool, whatever stands there: a link leads nowhere, and a pipe holds nobody up.

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { FileId } from "../platform/process.ts";
import { type Entry, parseEntry } from "./entry.ts";
import { entryId, idBeginning } from "./id.ts";
import { LARGE_BYTES, type LargeEntries, MAX_TRIES } from "./large.ts";

/** An entry beyond this is rejected unread; the largest payloads that were seen are a few megabytes. */
export const MAX_ENTRY_BYTES = 64 * 1024 * 1024;

/** Absent on Windows, which has neither. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** What every file of the spool has: its name, the event's id, when it was stored (ms since 1970), and its size. */
interface Head {
  readonly name: string;
  readonly id: string;
  readonly storedAt: number;
  readonly bytes: number;
}

export type ReadEntry =
  /** It is gone. */
  | { readonly kind: "gone" }
  /** It can never be an entry, and why. */
  | (Head & { readonly kind: "no-entry"; readonly reason: string })
  /** Its last line is not there: it is being written still, or was cut off. */
  | (Head & { readonly kind: "partial"; readonly entry: Entry | undefined; readonly file: FileId })
  | (Head & { readonly kind: "whole"; readonly entry: Entry });

/** Reads a file of the spool by its path; `name` is the last part of it. `large` hears of one before it is read. */
export function readEntry(path: string, name: string, large?: LargeEntries): ReadEntry {
  let descriptor: number;
  try {
    descriptor = openSync(path, READ);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return { kind: "gone" };
    return noEntry(name, 0n, 0, "it cannot be read"); // a link, or no permission: it must not block the others
  }
  try {
    const stat = fstatSync(descriptor, { bigint: true });
    const size = Number(stat.size);
    if (!stat.isFile()) return noEntry(name, stat.mtimeNs, 0, "it is no file");
    if (size > MAX_ENTRY_BYTES) return noEntry(name, stat.mtimeNs, size, `it is larger than ${MAX_ENTRY_BYTES} bytes`);
    if (size > LARGE_BYTES && large?.begin(name) === false)
      return noEntry(
        name,
        stat.mtimeNs,
        size,
        `${MAX_TRIES} relays ended while they read it: it takes too much memory`,
      );
    const beginning = idBeginning(name, stat.mtimeNs);
    const hashed = readBehind(beginning, descriptor, size);
    const entry = parseEntry(hashed.subarray(Buffer.byteLength(beginning)));
    const head = { name, id: entryId(stat.mtimeNs, hashed), storedAt: msOf(stat.mtimeNs), bytes: size };
    return entry?.whole
      ? { kind: "whole", ...head, entry }
      : { kind: "partial", ...head, entry, file: { dev: stat.dev, ino: stat.ino } };
  } finally {
    closeSync(descriptor);
  }
}

const msOf = (ns: bigint): number => Number(ns / 1_000_000n);

function noEntry(name: string, mtimeNs: bigint, bytes: number, reason: string): ReadEntry {
  const id = entryId(mtimeNs, Buffer.from(idBeginning(name, mtimeNs)));
  return { kind: "no-entry", name, id, storedAt: msOf(mtimeNs), bytes, reason };
}

/** A text, and behind it so many bytes of a file, or all of one that has become shorter: as it is hashed, uncopied. */
function readBehind(text: string, descriptor: number, size: number): Buffer {
  const start = Buffer.byteLength(text);
  const bytes = Buffer.allocUnsafe(start + size);
  bytes.write(text);
  let at = 0;
  while (at < size) {
    const count = readSync(descriptor, bytes, start + at, size - at, at);
    if (count === 0) break;
    at += count;
  }
  return bytes.subarray(0, start + at);
}
