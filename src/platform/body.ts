// The body of an answer, in memory that no sender can make large.

import type { Readable } from "node:stream";

export interface Body {
  readonly bytes: Buffer;
  /** Whether that is all of it. */
  readonly isWhole: boolean;
}

/** Reads at most so many bytes; where there are more, the connection is ended instead of reading on. */
export async function readUpTo(stream: Readable, maxBytes: number): Promise<Body> {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, left));
    if (chunk.length > left) return { bytes: Buffer.concat(chunks), isWhole: false };
    left -= chunk.length;
  }
  return { bytes: Buffer.concat(chunks), isWhole: true };
}
