// Text for people: measures, plurals, and what makes untrusted text and colour safe on a terminal.

import { styleText } from "node:util";
import { UNSAFE } from "../contract/unsafe.ts";

/** A few of the terminal's styles; each gives the text as it is where no colour is wanted. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  blue(text: string): string;
}

/** The styles of a stream that takes colour or does not. */
export function styleFor(colour: boolean): Style {
  const as = (format: keyof Style) => (text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: as("bold"),
    dim: as("dim"),
    red: as("red"),
    green: as("green"),
    yellow: as("yellow"),
    blue: as("blue"),
  };
}

const escaped = (text: string) =>
  Array.from({ length: text.length }, (_, at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");

/** Untrusted text for a terminal: what it might obey is shown as an escape, and carriage returns are left out. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => (char === "\r" ? "" : escaped(char)));
}

/** JSON for a terminal: the same value, with what a terminal might obey as escapes of JSON. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE, escaped);
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

/** A, B and C. */
export function listed(words: readonly string[], last: "and" | "or" = "and"): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`;
}
