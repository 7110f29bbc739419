// How events are printed: lines for people, whole envelopes for programs.

import type { StoredEnvelope } from "../contract/envelope.ts";
import type { EventRow } from "../contract/row.ts";
import { plural, printable } from "../platform/text.ts";
import type { Asked, Query } from "./ask.ts";
import { cut, pad } from "./layout.ts";
import { askEvents, askRows } from "./stored.ts";
import { type Io, jsonFor } from "./terminal.ts";

const NAME_CELLS = 20;
const SESSION_CHARS = 8;
/** However narrow the terminal is, so much is said of each event. */
const MIN_TEXT_CELLS = 10;

/** A page of events, oldest first, each with its cursor and as it is printed. */
export interface Printed {
  readonly lines: readonly { readonly n: number; readonly line: string }[];
  /** Up to where a search came that takes longer: the next page begins there. */
  readonly reached?: number | undefined;
}

export interface Printer {
  ask(query: Query): Promise<Asked<Printed>>;
  /** A row that came by itself; undefined where more than a row is printed. */
  row?(row: EventRow): string;
}

/** Envelopes as JSON, one a line, each with its cursor `n`. */
export function forPrograms(io: Io): Printer {
  const note = noteOnce(io);
  return {
    async ask(query) {
      const asked = await askEvents(io, query);
      if (!asked.ok) return asked;
      note(asked.value.unindexed);
      const lines = ordered(asked.value.events.map((envelope) => envelopeLine(io, envelope)));
      return { ok: true, value: { lines, reached: asked.value.reached?.n } };
    },
  };
}

/** Says, once, that a search has not seen everything. */
function noteOnce(io: Io): (unindexed: number | undefined) => void {
  let isSaid = false;
  return (unindexed) => {
    if (unindexed === undefined || isSaid) return;
    isSaid = true;
    io.err(
      `mpm: ${plural(unindexed, "event")} cannot be searched yet: the index of words cannot be written. \`mpm doctor\` says why.\n`,
    );
  };
}

const envelopeLine = (io: Io, envelope: StoredEnvelope) => ({ n: envelope.n, line: `${jsonFor(io, envelope)}\n` });

/** A line an event, cut to the width of the terminal; with its date, or the time of day alone. */
export function forPeople(io: Io, dated: boolean): Printer & Required<Pick<Printer, "row">> {
  const note = noteOnce(io);
  let day = new Date(io.now()).toDateString();
  const row = (row: EventRow): string => {
    const its = new Date(row.t).toDateString();
    const heading = !dated && its !== day ? `${io.style.dim(its)}\n` : "";
    day = its;
    return heading + lineOf(io, row, dated);
  };
  return {
    row,
    async ask(query) {
      const asked = await askRows(io, query);
      if (!asked.ok) return asked;
      note(asked.value.unindexed);
      const events = [...asked.value.events].sort((a, b) => a.n - b.n);
      const lines = events.map((each) => ({ n: each.n, line: row(each) }));
      return { ok: true, value: { lines, reached: asked.value.reached?.n } };
    },
  };
}

const ordered = (page: { n: number; line: string }[]) => page.sort((a, b) => a.n - b.n);

function lineOf(
  { style, columns }: Io,
  { t, session, event, tool, text = "", failed }: EventRow,
  dated: boolean,
): string {
  const when = dated ? `${dateOf(t)} ${timeOf(t)}` : timeOf(t);
  const known = `${when}  ${pad(flat(session).slice(0, SESSION_CHARS), SESSION_CHARS)}`;
  const isSaid = !failed || event.endsWith("Failure");
  const name = pad(`${flat(event)}${isSaid ? "" : " failed"}`, NAME_CELLS);
  const used = flat(tool ?? "");
  const taken = known.length + name.length + used.length + 5;
  const said = flat(text);
  const shown = columns === undefined ? said : cut(said, Math.max(MIN_TEXT_CELLS, columns - taken));
  const rest = [used && style.blue(used), shown].filter(Boolean).join("  ");
  return `${style.dim(known)}  ${failed ? style.red(name) : style.bold(name)} ${rest}`.trimEnd().concat("\n");
}

const two = (part: number) => String(part).padStart(2, "0");

/** 2026-11-27, local. */
export function dateOf(t: number): string {
  const at = new Date(t);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** 13:05:09, local. */
const timeOf = (t: number) => new Date(t).toTimeString().slice(0, 8);

/** Untrusted text in one line, so that no name makes lines of its own. */
const flat = (text: string): string => printable(text.replace(/\s+/g, " "));
