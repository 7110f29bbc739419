// stdin and stdout as files: read and written at once where they can be. To make Node's streams of them takes a quarter of the
// time in which Node itself starts, and the verbs that are called again and again say a few lines.

import { fstatSync, readSync, writeSync } from "node:fs";
import { buffer as restOf } from "node:stream/consumers";
import { isatty } from "node:tty";
import type { Io } from "../cli/terminal.ts";

/** Whether a descriptor is a terminal. What is no device is none, and is told without Node's module for terminals. */
export function isTerminal(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice() && isatty(descriptor);
  } catch {
    return false;
  }
}

const CHUNK_BYTES = 64 * 1024;

/** All that comes on stdin, as text. */
export async function readInput(): Promise<string> {
  const read: Buffer[] = [];
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(0, chunk);
      if (length === 0) break;
      read.push(chunk.subarray(0, length));
    }
  } catch {
    read.push(await restOf(process.stdin)); // it does not block, or is no file
  }
  return Buffer.concat(read).toString("utf8");
}

/**
 * Writes to stdout, and waits while it is full. Once its reader has gone, nothing is written and nothing waits; what else
 * keeps it from being written is thrown.
 */
export function openOutput(onGone: () => void): Io["out"] {
  let gone = false;
  let stream: ((bytes: string | Uint8Array) => Promise<void>) | undefined;
  const whenGone = () => {
    gone = true;
    onGone();
  };
  return async (text) => {
    if (gone) return;
    if (stream) return stream(text);
    const rest = writeNow(text, whenGone);
    if (rest === undefined) return;
    stream = streamTo(process.stdout, whenGone);
    await stream(rest);
  };
}

const MAY_COME = "EAGAIN";
const GONE: ReadonlySet<unknown> = new Set(["EPIPE", "ECONNRESET"]);

/** What cannot be written at once, which may begin within a character; undefined: nothing. */
function writeNow(text: string, onGone: () => void): string | Uint8Array | undefined {
  let bytes: Uint8Array = Buffer.from(text);
  if (isTerminal(1)) return text; // it may be slow, and keys are heard meanwhile
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === MAY_COME) return bytes;
      if (!GONE.has(code)) throw error instanceof Error ? Object.assign(error, { path: "stdout" }) : error;
      onGone();
      return undefined;
    }
  }
  return undefined;
}

function streamTo(out: NodeJS.WriteStream, onGone: () => void): (bytes: string | Uint8Array) => Promise<void> {
  let gone = false;
  let room: Promise<void> | undefined;
  let ready = () => {};
  out.on("drain", () => ready());
  out.on("error", () => {
    gone = true;
    ready();
    onGone();
  });
  return async (bytes) => {
    if (gone || out.write(bytes)) return;
    room ??= new Promise((resolve) => {
      ready = () => {
        room = undefined;
        resolve();
      };
    });
    await room;
  };
}
