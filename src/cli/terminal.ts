// What a verb may do to the outside: write, know whether a person watches, and read the configuration.

import type { Readable } from "node:stream";
import type { World } from "../config/world.ts";
import { printableJson, type Style } from "../platform/text.ts";

export interface Io extends World {
  /** Writes to stdout; resolves when it may write more. A reader that has gone away is no error. */
  out(text: string): Promise<void>;
  err(text: string): void;
  /** stdin, opened when it is asked for. */
  input(): Readable;
  /** All that comes on stdin, as text. */
  readInput(): Promise<string>;
  /** stdin is a terminal. */
  readonly inputIsTerminal: boolean;
  /** stdout is a terminal. */
  readonly isTerminal: boolean;
  /** stderr is a terminal. */
  readonly errIsTerminal: boolean;
  /** Columns of the terminal on stdout; undefined where it is none. */
  readonly columns: number | undefined;
  /** Takes the terminal over; undefined where there is none. */
  screen(): Screen | undefined;
  /** For stdout. */
  readonly style: Style;
  /** For stderr. */
  readonly errStyle: Style;
  /** Makes this process a service in the foreground: its name in `ps`, files for its user alone, its working directory. */
  serve(name: string, directory?: string): void;
}

/** A terminal as a whole. */
export interface Screen {
  size(): { readonly columns: number; readonly rows: number };
  onResize(listener: () => void): void;
  /** Each key as it is pressed. */
  onKey(listener: (key: string) => void): void;
  /** Shows these lines and nothing else. */
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was. */
  close(): void;
}

/** JSON for stdout: on a terminal, what it might obey is escaped; elsewhere the bytes are as they are. */
export function jsonFor({ isTerminal }: Pick<Io, "isTerminal">, value: unknown, indent?: number): string {
  const json = JSON.stringify(value, null, indent);
  return isTerminal ? printableJson(json) : json;
}

/** Exit statuses of every verb. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Why everything ends when nobody reads stdout any more. */
export const READER_GONE = "SIGPIPE";

/** Nobody reads what a verb is asking for: it ends there, without a word, exit status 0. */
export class ReaderGone extends Error {}

/** A mistake in how a verb was called: printed with a pointer to --help, exit status 2. */
export class UsageError extends Error {}
