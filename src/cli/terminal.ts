// What a verb may do to the outside: write, know whether a person watches, and read the configuration.

import type { Config } from "../config/config.ts";

export interface Io {
  readonly config: Config;
  /** The environment for programs that we start; never read for our own settings. */
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Writes to stdout; resolves when it may write more. A reader that has gone away is no error. */
  out(text: string): Promise<void>;
  err(text: string): void;
  /** stdout is a terminal. */
  readonly isTerminal: boolean;
  readonly style: Style;
  now(): number;
  /** Aborted by SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
}

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
}

/** Exit statuses of every verb. */
export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** A mistake in how a verb was called: printed with a pointer to --help, exit status 2. */
export class UsageError extends Error {}

const wrap = (open: number, close: number) => (text: string) => `\u001b[${open}m${text}\u001b[${close}m`;
const plain = (text: string) => text;

/** @param colour whether the terminal wants colour (a terminal, and NO_COLOR unset) */
export function styleFor(colour: boolean): Style {
  if (!colour) return { bold: plain, dim: plain, red: plain, green: plain, yellow: plain, blue: plain };
  return {
    bold: wrap(1, 22),
    dim: wrap(2, 22),
    red: wrap(31, 39),
    green: wrap(32, 39),
    yellow: wrap(33, 39),
    blue: wrap(34, 39),
  };
}

/** Untrusted text for a terminal: control characters, escape sequences and bidirectional overrides are shown, not obeyed. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (char) =>
    char === "\r" ? "" : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** 1.5 MB, 12 kB, 80 B: powers of 1000. */
export function bytes(count: number): string {
  for (const [unit, factor] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const)
    if (count >= factor) return `${(count / factor).toFixed(count < 10 * factor ? 1 : 0)} ${unit}`;
  return `${count} B`;
}

/** 850 ms, 12 s, 5 min, 3 h, 2 days. */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

/** `1 event`, `2 events`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
