// The file `statusline` of a home: what the status line of Claude Code shows, kept by the monitor, read by
// hooks/mpm-statusline and `mpm statusline`.
// - A line `mpm1 <cost of today>`, then one a session that waits: `<session id> <what is shown>`.
// - It is kept only where it is there: who wants it makes it.

import { existsSync, writeFileSync } from "node:fs";
import { replaceFile } from "../platform/file.ts";
import { readText } from "../platform/read.ts";
import { printable } from "../platform/text.ts";

const FORMAT = "mpm1";
const SHOWN = 3;
const NAME_CHARS = 40;

export interface Waiting {
  readonly session: string;
  /** Its project and what it waits for. */
  readonly what: string;
}

export interface Statusline {
  /** What today cost, as it is shown; "" where nothing is known. */
  readonly cost: string;
  readonly waiting: readonly Waiting[];
}

export const isWanted = (file: string): boolean => existsSync(file);

/** Writes the file, unless it says so already. */
export function writeStatusline(file: string, { cost, waiting }: Statusline): void {
  const lines = waiting.map(({ session, what }) => `${oneWord(session)} ${shown(what)}`);
  const text = [`${FORMAT} ${shown(cost)}`, ...lines, ""].join("\n");
  if (readText(file) !== text) replaceFile(file, text);
}

/** Makes the file, so that the monitor keeps it from then on. A home that is not there is not made. */
export function askForStatusline(file: string): void {
  try {
    writeFileSync(file, "", { flag: "wx", mode: 0o600 });
  } catch {
    // it is there, or the home is not
  }
}

/** The line for a session: who waits but itself, and the cost; "" where there is nothing to say. */
export function lineIn(file: string, own: string | undefined): string {
  const text = readText(file) ?? "";
  const [head = "", ...lines] = text.split("\n");
  const [format, ...cost] = head.split(" ");
  if (format !== FORMAT) return "";
  const names = lines.flatMap((line) => {
    const [session, ...what] = line.split(" ");
    return what.length === 0 || session === own ? [] : [what.join(" ")];
  });
  const more = names.length > SHOWN ? [`+${names.length - SHOWN}`] : [];
  const waits = names.length === 1 ? "1 waits" : `${names.length} wait`;
  const parts = names.length === 0 ? [] : [`${waits}: ${[...names.slice(0, SHOWN), ...more].join(", ")}`];
  return [...parts, cost.join(" ")].filter((part) => part !== "").join(" · ");
}

const oneWord = (text: string): string => printable(text).replace(/\s/g, "_");

function shown(text: string): string {
  const line = printable(text).replace(/\s+/g, " ").trim();
  return line.length > NAME_CHARS ? `${line.slice(0, NAME_CHARS - 1)}…` : line;
}
