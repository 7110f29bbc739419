// The lines of a file, from any place on, in memory that no file can make large.

import type { FileHandle } from "node:fs/promises";

const CHUNK_BYTES = 256 * 1024;
/** Longer lines are passed over: none of the host's is, and one of 30 GB must not be read. Bytes. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export interface ReadLine {
  /** Without its line feed, on Windows with what goes before it; undefined where it is too long. Valid until the next one is asked for. */
  readonly bytes: Buffer | undefined;
  /** Counts from 1 for the first line read. */
  readonly number: number;
  /** Where the next line begins. */
  readonly end: number;
  /** It has its line feed. Only the last one may lack it: the file ends there, or the part that is read. */
  readonly isWhole: boolean;
}

export interface LinesOptions {
  /** Where the first line begins; else with the file. Bytes. */
  readonly from?: number;
  /** Where reading stops at the latest; else with the file. Bytes. */
  readonly until?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Reads lines from one place of a file to another, or until aborted. */
export async function* readLines(
  handle: FileHandle,
  { from = 0, until = Number.POSITIVE_INFINITY, signal }: LinesOptions = {},
): AsyncGenerator<ReadLine> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let end = from;
  let number = 0;
  const line = (last: Buffer, isWhole: boolean): ReadLine => {
    const length = pendingBytes + last.length;
    const bytes = pending.length === 0 ? last : Buffer.concat([...pending, last]);
    const start = end;
    end += length + (isWhole ? 1 : 0);
    number += 1;
    pending = [];
    pendingBytes = 0;
    return { bytes: length <= MAX_LINE_BYTES ? bare(bytes, start) : undefined, number, end, isWhole };
  };
  for (let position = from; position < until && signal?.aborted !== true; ) {
    const { bytesRead } = await handle.read(chunk, 0, Math.min(CHUNK_BYTES, until - position), position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const read = chunk.subarray(0, bytesRead);
    let start = 0;
    for (let stop = read.indexOf(NEWLINE); stop !== -1; stop = read.indexOf(NEWLINE, start)) {
      yield line(read.subarray(start, stop), true);
      start = stop + 1;
    }
    pendingBytes += bytesRead - start;
    if (pendingBytes > MAX_LINE_BYTES) pending = [];
    else if (start < bytesRead) pending.push(Buffer.from(read.subarray(start)));
  }
  if (pendingBytes > 0 && signal?.aborted !== true) yield line(Buffer.alloc(0), false);
}

/** Without the byte order mark that a file may begin with, and without a carriage return. */
function bare(bytes: Buffer, at: number): Buffer {
  const isMarked = at === 0 && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return bytes.subarray(isMarked ? BYTE_ORDER_MARK.length : 0, bytes.at(-1) === CARRIAGE_RETURN ? -1 : undefined);
}
