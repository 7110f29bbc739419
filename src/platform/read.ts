// Reads a file that somebody else may have put there: a regular one of a sane size, or it says what is in its place.
// - A pipe, a device or a link to one is never waited for, and none is read without an end.

import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readSync, type Stats } from "node:fs";
import { errorCode } from "./error.ts";

/** No settings, agent or state file of a person's is larger. Bytes. */
const SANE_BYTES = 8 * 1024 * 1024;

export type Read =
  | { readonly kind: "text"; readonly text: string; readonly bytes: Buffer; readonly stats: Stats }
  | { readonly kind: "missing" }
  /** A directory, a pipe, a socket or a device. */
  | { readonly kind: "irregular" }
  | { readonly kind: "large"; readonly bytes: number; readonly limit: number }
  /** `code` is errno's, such as EACCES or EIO. */
  | { readonly kind: "unreadable"; readonly code: string };

/** Reads the whole file at the end of the links, if it is a regular one of at most `limit` bytes. */
export function readRegular(file: string, limit = SANE_BYTES): Read {
  let descriptor: number;
  try {
    // Opening a pipe would wait for a writer. Absent on Windows, which has no such files.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    return failed(error);
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return { kind: "irregular" };
    if (stats.size > limit) return { kind: "large", bytes: stats.size, limit };
    const bytes = readUpTo(descriptor, stats.size, limit);
    // It grew meanwhile, or is one whose size says nothing, as those of /proc.
    if (bytes.length > limit) return { kind: "large", bytes: bytes.length, limit };
    return { kind: "text", text: bytes.toString("utf8"), bytes, stats };
  } catch (error) {
    return failed(error);
  } finally {
    closeSync(descriptor);
  }
}

/** Its text; undefined where there is none to be had, for whatever reason. */
export function readText(file: string, limit?: number): string | undefined {
  const read = readRegular(file, limit);
  return read.kind === "text" ? read.text : undefined;
}

/** Whether a link stands there that leads nowhere: what it led to may have been on a disk that is away. */
export function isDeadLink(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink() && !existsSync(file);
  } catch {
    return false;
  }
}

/** The end of a regular file, however large it is; "" where there is none. */
export function readTail(file: string, bytes: number): string {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch {
    return "";
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return "";
    const tail = Buffer.alloc(Math.min(bytes, stats.size));
    return tail.toString("utf8", 0, readSync(descriptor, tail, 0, tail.length, stats.size - tail.length));
  } catch {
    return "";
  } finally {
    closeSync(descriptor);
  }
}

const FOR_OTHERS = 0o077;
/** Absent on Windows, which has neither links of this kind nor such modes. */
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

/** What a secret is not read from: a link, somebody else's file, one that others may read, something else than a file. */
export type PrivateProblem = "link" | "foreign" | "readable" | "malformed";

export type ReadPrivate =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  | { readonly kind: "unusable"; readonly problem: PrivateProblem };

/** Reads a file that holds a secret of this user's. Throws what the system says where it cannot be opened. */
export function readPrivate(file: string, limit: number): ReadPrivate {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | NO_FOLLOW);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
    if (code === "ELOOP") return { kind: "unusable", problem: "link" };
    throw error;
  }
  try {
    const stats = fstatSync(descriptor);
    const user = process.geteuid?.();
    if (user !== undefined && stats.uid !== user) return { kind: "unusable", problem: "foreign" };
    if (user !== undefined && (stats.mode & FOR_OTHERS) !== 0) return { kind: "unusable", problem: "readable" };
    if (!stats.isFile() || stats.size > limit) return { kind: "unusable", problem: "malformed" };
    return { kind: "text", text: readUpTo(descriptor, stats.size, limit).toString("utf8") };
  } finally {
    closeSync(descriptor);
  }
}

/** Why a file could not be read, to follow its path in a sentence. */
export function explainRead(read: Exclude<Read, { kind: "text" }>): string {
  switch (read.kind) {
    case "missing":
      return "is not there";
    case "irregular":
      return "is not a file";
    case "large":
      return `is larger than ${read.limit / 1024 / 1024} MiB`;
    case "unreadable":
      return `cannot be read (${read.code})`;
  }
}

const CHUNK_BYTES = 64 * 1024;

/** Reads to the end, or to one byte more than the limit. */
function readUpTo(descriptor: number, expected: number, limit: number): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const room = limit + 1 - length;
    if (room <= 0) break;
    const chunk = Buffer.allocUnsafe(Math.min(room, length < expected ? expected - length + 1 : CHUNK_BYTES));
    const count = readSync(descriptor, chunk, 0, chunk.length, null);
    if (count === 0) break;
    chunks.push(chunk.subarray(0, count));
    length += count;
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

function failed(error: unknown): Read {
  const code = errorCode(error) ?? String(error);
  if (code === "ENOENT" || code === "ENOTDIR") return { kind: "missing" };
  // A socket, or a device that nothing is behind.
  return code === "ENXIO" || code === "EISDIR" ? { kind: "irregular" } : { kind: "unreadable", code };
}
