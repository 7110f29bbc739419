// Finds credentials in a text, in time that is linear in its size:
// 1. scan.ts goes over the text once and notes where a word of a kind may begin, and where runs of base64 are. Most of a text
//    is looked at by nothing else.
// 2. words.ts tells which words stand there, if any: a place is compared with at most as many characters as a word has.
// 3. The kinds of the word look at a bounded stretch around the place, once each; those that look far say up to where they
//    need not be asked again.
// 4. A run of base64, a string with escapes and a text with colours are searched the same way, to a depth of MAX_NESTED.
// - Base64 of a credential is one, too, if it is not longer than MAX_ENCODED.
// - Where the meter ends it, what was not looked at is one place to the end, of the kind UNSEEN.

import { isUtf8 } from "node:buffer";
import { type Meter, OverBudget, UNSEEN } from "./budget.ts";
import { createScanner, endOfRun, type Scan } from "./scan.ts";
import { keyLines } from "./secrets/key.ts";
import type { Kind, Needs } from "./secrets/kind.ts";
import { KINDS } from "./secrets/table.ts";
import { literalsIn, type View, viewsOf } from "./view.ts";
import { standsAt, type Word, wordsFrom } from "./words.ts";

export interface Found {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  /** Known by its own form, not by what stands around it. */
  readonly sure: boolean;
}

const UNMETERED: Meter = () => {};
/** Before the place that was reached when the budget was spent, this much may belong to what comes. Characters. */
const MARGIN = 16 * 1024;
/** A likely place takes about as long as so many characters. */
const OF_PLACE = 128;

/** Base64 longer than this is not looked into. Characters. */
const MAX_ENCODED = 1024 * 1024;
/** Base64 within base64, and strings within strings, are looked into this often. */
const MAX_NESTED = 2;
/** Lines of wrapped base64 are this long at least; the last may be shorter. Characters. */
const MIN_LINE = 60;

const ALNUM = /[A-Za-z0-9]/;
/** Of the first and the last line of PEM, as words. */
const [BEGIN, END] = ["-----BEGIN ", "-----end "];
/** The first line of PEM is not longer. Characters. */
const MAX_HEAD = 60;

/** Known by the length of its first part alone. */
const WORDLESS = KINDS.filter(({ words }) => words.length === 0);
const WORDLESS_MIN = 24;
const WORDLESS_MAX = 28;
/** One for each depth: a text within a text is scanned while the places of the outer one are gone through. */
const SCANNERS = Array.from({ length: MAX_NESTED + 1 }, createScanner);

/** The places of credentials in order, without overlaps. */
export function find(text: string, meter: Meter = UNMETERED, nested = 0): Found[] {
  const views = viewsOf(text);
  const seen = views.map((view) => inView(view, search(view.text, meter, nested)));
  const found = seen.length > 1 ? merged(seen.flat()) : (seen[0] ?? search(text, meter, nested));
  if (nested >= MAX_NESTED || !text.includes("\\")) return found;
  const inner: Found[] = [];
  for (const literal of literalsIn(text)) {
    try {
      inner.push(...inView(literal, find(literal.text, meter, nested + 1)));
    } catch (error) {
      if (nested > 0 || !(error instanceof OverBudget)) throw error;
      return unseenFrom(literal.source(0, 1).start, text.length, [...found, ...inner]);
    }
  }
  return inner.length === 0 ? found : merged([...found, ...inner]);
}

/** What was found, and all from a place on as unseen; what reaches over the place is unseen, too. */
function unseenFrom(from: number, length: number, found: readonly Found[]): Found[] {
  const sorted = merged([...found]);
  const place = sorted.find(({ start, end }) => start < from && end > from)?.start ?? Math.max(from, 0);
  const seen = sorted.filter(({ end }) => end <= place);
  return [...seen, { start: place, end: length, kind: UNSEEN, sure: true }];
}

function inView(view: View, found: readonly Found[]): Found[] {
  return found.map((one) => ({ ...one, ...view.source(one.start, one.end) }));
}

function search(text: string, meter: Meter, nested: number): Found[] {
  let scan: Scan | undefined;
  try {
    scan = (SCANNERS[nested] as (text: string, meter: Meter) => Scan)(text, meter);
  } catch (error) {
    if (nested > 0 || !(error instanceof OverBudget)) throw error;
    return unseenFrom(0, text.length, []);
  }
  return scan.count === 0 && scan.runCount === 0 ? [] : searchPlaces(text, scan, meter, nested);
}

function searchPlaces(text: string, { places, count, runs, runCount }: Scan, meter: Meter, nested: number): Found[] {
  const sure: Found[] = [];
  const likely: Found[] = [];
  let done = 0; // up to here a sure one reaches
  let likelyDone = 0; // up to here one reaches that stands behind a context
  let inPublic = false; // between the first and the last line of a certificate, a public key, a signature
  /** Up to here a kind sees nothing, or has looked. */
  const passed = new Map<Kind, number>();
  /** By text that kinds need: where it stands next. */
  const needed = new Map<string, number>();
  let decodedTo = 0; // up to here base64 over several lines was looked into
  let run = 0;
  let reached = 0;
  try {
    for (let index = 0; index < count; index++) {
      const at = places[index] as number;
      // A run of base64 is looked into behind the words in it.
      while (run < runCount && (runs[run + 1] as number) <= at + 2) endRun();
      reached = at;
      for (const word of wordsFrom(text, at)) if (standsAt(text, word, at)) atWord(word, at);
    }
    while (run < runCount) endRun();
  } catch (error) {
    // A text within a text is unseen as a whole, with what it stands in.
    if (nested > 0 || !(error instanceof OverBudget)) throw error;
    const begun = run < runCount ? Math.min(reached, runs[run] as number) : reached;
    return unseenFrom(begun - MARGIN, text.length, [...sure, ...likely]);
  }
  return likely.length === 0 ? merged(sure) : merged(sure.length === 0 ? likely : [...sure, ...likely]);

  function endRun(): void {
    inRun(runs[run] as number, runs[run + 1] as number);
    run += 2;
  }

  function atWord({ text: word, kinds }: Word, at: number): void {
    if (word === BEGIN) inPublic = !text.slice(at, at + MAX_HEAD).includes("PRIVATE");
    else if (word === END) inPublic = false;
    for (const kind of kinds) {
      if (kind.generic) judge(kind, at);
      else if (at >= done) take(kind, at - kind.lead);
    }
  }

  function judge(kind: Kind, at: number): void {
    meter(OF_PLACE);
    if (at < likelyDone || (kind.needs && !stands(kind.needs, at))) return;
    if (kind.locate) {
      if (at < (passed.get(kind) ?? 0)) return;
      const { spans, until } = kind.locate(text, at);
      passed.set(kind, until);
      for (const { start, end } of spans)
        likely.push({ start, end: endOfRun(text, end), kind: kind.kind, sure: false });
      return;
    }
    const found = matchAt(text, kind, at);
    if (!found) return;
    likely.push(found);
    likelyDone = found.end;
  }

  /** Whether what a kind needs stands behind a place. The text is gone through once, however many places ask. */
  function stands({ text: what, within }: Needs, at: number): boolean {
    let next = needed.get(what) ?? -1;
    if (next < at) {
      next = text.indexOf(what, at);
      if (next < 0) next = Number.POSITIVE_INFINITY;
      needed.set(what, next);
    }
    return next + what.length <= at + within;
  }

  function take(kind: Kind, at: number): void {
    if (at < 0 || at < (passed.get(kind) ?? 0)) return;
    // Where one ends, the next may begin, though it begins no word.
    const found =
      matchAt(text, kind, at) ?? (at > 0 && at === done ? shifted(matchAt(text.slice(at), kind, 0), at) : undefined);
    // In the middle of a word nothing is seen, which says nothing of what comes.
    if (!found && kind.barren && !ALNUM.test(text[at - 1] ?? "")) passed.set(kind, endOfMatch(kind.barren, text, at));
    if (!found) return;
    sure.push(found);
    done = Math.max(done, found.end);
  }

  function inRun(from: number, end: number): void {
    if (from < done) return;
    const start = text[from - 1] === "\\" ? from + 1 : from; // after the n of \n
    const size = end - start;
    if (size >= WORDLESS_MIN && size <= WORDLESS_MAX && text[end] === ".")
      for (const kind of WORDLESS) take(kind, start);
    const lines = inPublic ? undefined : keyLines(text, start, end);
    if (lines !== undefined) {
      sure.push({ start: lines.start, end: lines.end, kind: "private_key_lines", sure: true });
      done = lines.end;
      return;
    }
    if (nested >= MAX_NESTED) return;
    const begin64 = text[start] === "/" ? start + 1 : start;
    if (!looksEncoded(text, begin64)) return;
    // Lines that were looked into together are looked into once more, each alone, and never together again.
    const block = start >= decodedTo ? endOfLines(text, end, size) : end;
    if (block > end && lookInto(begin64, block)) return;
    decodedTo = Math.max(decodedTo, block);
    lookInto(begin64, end);
  }

  /** Takes base64 that stands for a text with a credential. */
  function lookInto(from: number, until: number): boolean {
    if (until - from > MAX_ENCODED) return false;
    const inner = decoded(text.slice(from, until));
    const [first] = inner === undefined ? [] : find(inner, meter, nested + 1);
    if (!first) return false;
    const padded = /^={1,2}/.exec(text.slice(until, until + 2))?.[0].length ?? 0;
    sure.push({ start: from, end: until + padded, kind: first.kind, sure: true });
    done = until + padded;
    return true;
  }
}

/** Where the match of a sticky pattern ends that begins at a place. */
function endOfMatch(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** The credential that a kind sees at a place. */
function matchAt(text: string, kind: Kind, at: number): Found | undefined {
  const { regex } = kind;
  regex.lastIndex = at;
  const match = regex.exec(text);
  if (!match || (kind.accept && !kind.accept(match))) return undefined;
  const start = at + (match[1]?.length ?? 0);
  const matched = at + match[0].length;
  const end = kind.generic ? endOfRun(text, matched) : matched;
  return end > start ? { start, end, kind: kind.kind, sure: !kind.generic } : undefined;
}

function shifted(found: Found | undefined, by: number): Found | undefined {
  return found && { ...found, start: found.start + by, end: found.end + by };
}

/** What overlaps becomes one, with the name of the one that is sure, or else of the first. */
function merged(found: Found[]): Found[] {
  if (found.every((one, index) => index === 0 || one.start >= (found[index - 1] as Found).end)) return found;
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const result: Found[] = [];
  for (const next of found) {
    const last = result.at(-1);
    if (!last || next.start >= last.end) result.push(next);
    else {
      const better = next.sure && !last.sure ? next : last;
      result[result.length - 1] = { ...better, start: last.start, end: Math.max(last.end, next.end) };
    }
  }
  return result;
}

const VALUES = new Int8Array(128).fill(-1);
[..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"].forEach((character, value) => {
  VALUES[character.charCodeAt(0)] = value;
});
VALUES[45] = 62; // - and _ of base64url
VALUES[95] = 63;

/** Whether the first twelve bytes would be text: of other words hardly any pass. */
function looksEncoded(text: string, start: number): boolean {
  for (let at = start; at < start + 16; at += 4) {
    const bits =
      (valueAt(text, at) << 18) | (valueAt(text, at + 1) << 12) | (valueAt(text, at + 2) << 6) | valueAt(text, at + 3);
    if (!isText(bits >> 16) || !isText((bits >> 8) & 255) || !isText(bits & 255)) return false;
  }
  return true;
}

/** Six bits, or -1 for what is no base64. */
function valueAt(text: string, at: number): number {
  return VALUES[text.charCodeAt(at)] ?? -1;
}

function isText(byte: number): boolean {
  return (byte >= 32 && byte < 127) || byte === 10 || byte === 13 || byte === 9;
}

/** The end of base64 that goes on in the next lines. @param size of the first line */
function endOfLines(text: string, end: number, size: number): number {
  const next = /(?:\r?\n|\\{1,7}n)([A-Za-z0-9+/_-]{1,4096})/y;
  let until = end;
  for (let length = size; length >= MIN_LINE; ) {
    next.lastIndex = until;
    const line = next.exec(text);
    if (!line || until - end > MAX_ENCODED) break;
    until = next.lastIndex;
    length = line[1]?.length ?? 0;
  }
  return until;
}

/** What base64 stands for, if that is text. */
function decoded(text: string): string | undefined {
  const bytes = Buffer.from(text.replace(/\\+n/g, ""), "base64");
  if (!isUtf8(bytes)) return undefined;
  const inner = bytes.toString("utf8");
  return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(inner) ? undefined : inner;
}
