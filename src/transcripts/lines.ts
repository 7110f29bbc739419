// The lines of a file, from any place on, in memory that no file can make large.

import type { FileHandle } from "node:fs/promises";

const CHUNK_BYTES = 256 * 1024;
/** Longer lines are passed over: none of the host's is, and one of 30 GB must not be read. Bytes. */
export const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

export interface ReadLine {
  /** Without its line feed; undefined where it is too long. Valid until the next one is asked for. */
  readonly bytes: Buffer | undefined;
  /** Counts from 1 for the first line read. */
  readonly number: number;
  /** Where the next line begins. */
  readonly end: number;
}

/** Reads lines from an offset on, until the end of the file or until aborted; the last one may lack its line feed. */
export async function* readLines(handle: FileHandle, from: number, signal?: AbortSignal): AsyncGenerator<ReadLine> {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let end = from;
  let number = 0;
  for (let position = from; signal?.aborted !== true; ) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const read = chunk.subarray(0, bytesRead);
    let start = 0;
    for (let stop = read.indexOf(NEWLINE); stop !== -1; stop = read.indexOf(NEWLINE, start)) {
      const part = read.subarray(start, stop);
      const length = pendingBytes + part.length;
      end += length + 1;
      number += 1;
      const whole = pending.length === 0 ? part : Buffer.concat([...pending, part]);
      yield { bytes: length <= MAX_LINE_BYTES ? unmarked(whole, end - length - 1) : undefined, number, end };
      pending = [];
      pendingBytes = 0;
      start = stop + 1;
    }
    pendingBytes += bytesRead - start;
    if (pendingBytes <= MAX_LINE_BYTES) pending.push(Buffer.from(read.subarray(start)));
    else pending = [];
  }
  if (pendingBytes === 0 || signal?.aborted === true) return;
  end += pendingBytes;
  number += 1;
  yield {
    bytes: pendingBytes <= MAX_LINE_BYTES ? unmarked(Buffer.concat(pending), end - pendingBytes) : undefined,
    number,
    end,
  };
}

/** Without the byte order mark that a file may begin with. */
function unmarked(bytes: Buffer, at: number): Buffer {
  const isMarked = at === 0 && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return isMarked ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;
}
