// Finds credentials in a text.
// - One pass over the characters looks for the words of all kinds at once; a regex runs only where its word stands.
// - Linear: at one place a bounded number of characters is looked at.
// - Base64 of a credential is one, too, if it is not longer than MAX_ENCODED.

import { isUtf8 } from "node:buffer";
import { keyLines } from "./secrets/key.ts";
import type { Kind } from "./secrets/kind.ts";
import { KINDS } from "./secrets/table.ts";
import { literalsIn, type View, viewOf } from "./view.ts";

export interface Found {
  readonly start: number;
  readonly end: number;
  readonly kind: string;
  /** Known by its own form, not by what stands around it. */
  readonly sure: boolean;
}

/** Told how many characters were looked at; throws to end that. */
export type Meter = (characters: number) => void;
const UNMETERED: Meter = () => {};
const METERED = 4096;
/** A likely place takes about as long as so many characters. */
const OF_PLACE = 128;

/** Base64 longer than this is not looked into. Characters. */
const MAX_ENCODED = 1024 * 1024;
/** Shorter base64 holds no credential that is known by its form. Characters. */
const MIN_ENCODED = 20;
/** Base64 within base64, and strings within strings, are looked into this often. */
const MAX_NESTED = 2;
/** Lines of wrapped base64 are this long at least; the last may be shorter. Characters. */
const MIN_LINE = 60;

/** By character: five bits for the trigram, and whether it may stand in base64. */
const CODES = new Uint8Array(65_536);
const BASE64_BIT = 64;
const TRIGRAM_BITS = 0x7fff;
for (let code = 0; code < 128; code++) {
  const character = String.fromCharCode(code);
  const folded = character.toLowerCase().charCodeAt(0);
  if (folded >= 97 && folded <= 122) CODES[code] = folded - 96;
  else if (/\d/.test(character)) CODES[code] = 27;
  else if (/[-_]/.test(character)) CODES[code] = character === "_" ? 28 : 29;
  else if (character === ".") CODES[code] = 30;
  else if (/[/:+$@=?&{"']/.test(character)) CODES[code] = 31;
  if (/[A-Za-z0-9+/_-]/.test(character)) CODES[code] = (CODES[code] as number) | BASE64_BIT;
}

/** Of the first and the last line of PEM, as words. */
const [BEGIN, END] = ["-----begin ", "-----end "];
/** The first line of PEM is not longer. Characters. */
const MAX_HEAD = 60;

interface Word {
  readonly text: string;
  readonly kinds: readonly Kind[];
}

/** Words by the trigram that they begin with; index 0 stands for none. */
const BUCKETS: Word[][] = [[]];
const BUCKET_OF = new Uint16Array(TRIGRAM_BITS + 1);
for (const text of new Set(KINDS.flatMap(({ words }) => words))) {
  const trigram = [0, 1, 2].reduce((sum, at) => (sum << 5) | ((CODES[text.charCodeAt(at)] as number) & 31), 0);
  const bucket = BUCKET_OF[trigram] || BUCKETS.push([]) - 1;
  BUCKET_OF[trigram] = bucket;
  (BUCKETS[bucket] as Word[]).push({ text, kinds: KINDS.filter(({ words }) => words.includes(text)) });
}
/** Known by the length of its first part alone. */
const WORDLESS = KINDS.filter(({ words }) => words.length === 0);
const WORDLESS_MIN = 24;
const WORDLESS_MAX = 28;

/** The places of credentials in order, without overlaps. */
export function find(text: string, meter: Meter = UNMETERED, nested = 0): Found[] {
  const view = viewOf(text);
  const found = view ? inView(view, search(view.text, meter, nested)) : search(text, meter, nested);
  if (nested >= MAX_NESTED || !text.includes("\\")) return found;
  const inner = literalsIn(text).flatMap((literal) => inView(literal, find(literal.text, meter, nested + 1)));
  return inner.length === 0 ? found : merged([...found, ...inner]);
}

function inView(view: View, found: readonly Found[]): Found[] {
  return found.map((one) => ({ ...one, ...view.source(one.start, one.end) }));
}

function search(text: string, meter: Meter, nested: number): Found[] {
  const sure: Found[] = [];
  const likely: { at: number; kind: Kind }[] = [];
  const { length } = text;
  let trigram = 0;
  let begin = 0; // of the run of base64 characters that the position is in
  let done = 0; // up to here a sure one reaches
  let inPublic = false; // between the first and the last line of a certificate, a public key, a signature
  let decodedTo = 0; // up to here base64 over several lines was looked into
  for (let at = 0; at < length; at++) {
    if (at % METERED === METERED - 1) meter(METERED);
    const code = CODES[text.charCodeAt(at)] as number;
    if ((code & BASE64_BIT) === 0) {
      if (at - begin >= MIN_ENCODED) inRun(begin, at);
      begin = at + 1;
    }
    trigram = ((trigram << 5) | (code & 31)) & TRIGRAM_BITS;
    const bucket = BUCKET_OF[trigram] as number;
    if (bucket !== 0) atWords(at - 2, bucket);
  }
  if (length - begin >= MIN_ENCODED) inRun(begin, length);
  meter(length % METERED);
  if (sure.length === 0 && likely.length === 0) return sure;
  return merged([...sure, ...judged(text, likely, meter)]);

  function atWords(at: number, bucket: number): void {
    for (const { text: word, kinds } of BUCKETS[bucket] as Word[]) {
      if (!startsWith(text, word, at)) continue;
      if (word === BEGIN) inPublic = !text.slice(at, at + MAX_HEAD).includes("PRIVATE");
      else if (word === END) inPublic = false;
      for (const kind of kinds) {
        if (kind.generic) likely.push({ at, kind });
        else if (at >= done) take(kind, at - kind.lead);
      }
    }
  }

  function take(kind: Kind, at: number): void {
    if (at < 0) return;
    // Where one ends, the next may begin, though it begins no word.
    const found =
      matchAt(text, kind, at) ?? (at > 0 && at === done ? shifted(matchAt(text.slice(at), kind, 0), at) : undefined);
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

function isValue(character: number): boolean {
  return ((CODES[character] ?? 0) & BASE64_BIT) !== 0; // NaN, past the end, has none
}

/** The credential that a kind sees at a place. */
function matchAt(text: string, kind: Kind, at: number): Found | undefined {
  const { regex } = kind;
  regex.lastIndex = at;
  const match = regex.exec(text);
  if (!match || (kind.accept && !kind.accept(match))) return undefined;
  const start = at + (match[1]?.length ?? 0);
  const matched = at + match[0].length;
  const end = kind.generic ? endOfValue(text, matched) : matched;
  return end > start ? { start, end, kind: kind.kind, sure: !kind.generic } : undefined;
}

function shifted(found: Found | undefined, by: number): Found | undefined {
  return found && { ...found, start: found.start + by, end: found.end + by };
}

function judged(text: string, likely: readonly { at: number; kind: Kind }[], meter: Meter): Found[] {
  const found: Found[] = [];
  let done = 0;
  const asked = new Map<Kind, number>();
  for (const { at, kind } of likely) {
    meter(OF_PLACE);
    if (at < done) continue;
    if (kind.locate) {
      if (at < (asked.get(kind) ?? 0)) continue;
      const { spans, until } = kind.locate(text, at);
      asked.set(kind, until);
      for (const { start, end } of spans)
        found.push({ start, end: endOfValue(text, end), kind: kind.kind, sure: false });
      continue;
    }
    const one = matchAt(text, kind, at);
    if (!one) continue;
    found.push(one);
    done = one.end;
  }
  return found;
}

/** A pattern is bounded, a value need not be. */
function endOfValue(text: string, end: number): number {
  let at = end;
  while (isValue(text.charCodeAt(at))) at++;
  return at;
}

/** What overlaps becomes one, with the name of the one that is sure, or else of the first. */
function merged(found: Found[]): Found[] {
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

function startsWith(text: string, word: string, at: number): boolean {
  for (let index = 0; index < word.length; index++) {
    const code = text.charCodeAt(at + index);
    const wanted = word.charCodeAt(index);
    if (code !== wanted && !(code >= 65 && code <= 90 && code + 32 === wanted)) return false;
  }
  return true;
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
