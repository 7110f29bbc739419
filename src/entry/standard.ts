// stdin and stdout as files: read and written at once where they can be. To make Node's streams of them takes a quarter of the
// time in which Node itself starts, and the verbs that are called again and again say a few lines.

import { fstatSync, readFileSync, writeSync } from "node:fs";
import { text as textOf } from "node:stream/consumers";
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

/** All that comes on stdin, as text. */
export async function readInput(): Promise<string> {
  try {
    return readFileSync(0, "utf8");
  } catch {
    return textOf(process.stdin); // it does not block, or is no file
  }
}

/**
 * Writes to stdout, and waits while it is full. Once its reader has gone, nothing is written and nothing waits; what else
 * keeps it from being written is thrown.
 */
export function openOutput(onGone: () => void): Io["out"] {
  let gone = false;
  let stream: ((text: string) => Promise<void>) | undefined;
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

/** What cannot be written at once; undefined: nothing. */
function writeNow(text: string, onGone: () => void): string | undefined {
  let bytes: Uint8Array = Buffer.from(text);
  if (isTerminal(1)) return text; // it may be slow, and keys are heard meanwhile
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === MAY_COME) return Buffer.from(bytes).toString("utf8");
      if (!GONE.has(code)) throw error instanceof Error ? Object.assign(error, { path: "stdout" }) : error;
      onGone();
      return undefined;
    }
  }
  return undefined;
}

function streamTo(out: NodeJS.WriteStream, onGone: () => void): (text: string) => Promise<void> {
  let gone = false;
  let room: Promise<void> | undefined;
  let ready = () => {};
  out.on("drain", () => ready());
  out.on("error", () => {
    gone = true;
    ready();
    onGone();
  });
  return async (text) => {
    if (gone || out.write(text)) return;
    room ??= new Promise((resolve) => {
      ready = () => {
        room = undefined;
        resolve();
      };
    });
    await room;
  };
}
