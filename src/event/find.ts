// Finds credentials in a text.
// - One pass over the characters looks for the words of all kinds at once; a regex runs only where its word stands.
// - Linear: at one place a bounded number of characters is looked at.
// - Base64 of a credential is one, too, if it is not longer than MAX_ENCODED.

import { isUtf8 } from "node:buffer";
import { endianness } from "node:os";
import { keyLines } from "./secrets/key.ts";
import type { Kind, Span } from "./secrets/kind.ts";
import { KINDS } from "./secrets/table.ts";
import { literalsIn, SIGNS, type View, viewOf } from "./view.ts";

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

/** By character: five bits for the trigram, whether it may stand in base64, and whether it may make a view. */
const CODES = new Uint8Array(65_536);
const BASE64_BIT = 64;
const SIGN_BIT = 128;
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
for (const sign of SIGNS) CODES[sign.charCodeAt(0)] = (CODES[sign.charCodeAt(0)] as number) | SIGN_BIT;

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
/** Whether there are any: small enough for the fastest memory. */
const HAS_WORD = new Uint8Array(TRIGRAM_BITS + 1);
for (const text of new Set(KINDS.flatMap(({ words }) => words))) {
  const trigram = trigramAt(text, 0);
  const bucket = BUCKET_OF[trigram] || BUCKETS.push([]) - 1;
  BUCKET_OF[trigram] = bucket;
  HAS_WORD[trigram] = 1;
  (BUCKETS[bucket] as Word[]).push({ text, kinds: KINDS.filter(({ words }) => words.includes(text)) });
}
/** By trigram: a bit for each code that the fourth character of one of its words has. */
const NEXT_OF = new Int32Array(TRIGRAM_BITS + 1);
for (const [trigram, bucket] of BUCKET_OF.entries())
  for (const { text } of BUCKETS[bucket] as Word[])
    NEXT_OF[trigram] =
      (NEXT_OF[trigram] as number) | (text.length === 3 ? -1 : 1 << ((CODES[text.charCodeAt(3)] as number) & 31));
/** Known by the length of its first part alone. */
const WORDLESS = KINDS.filter(({ words }) => words.length === 0);
const WORDLESS_MIN = 24;
const WORDLESS_MAX = 28;

/** The places of credentials in order, without overlaps. */
export function find(text: string, meter: Meter = UNMETERED, nested = 0): Found[] {
  const scanned = scan(text, meter, nested);
  const view = scanned.hasSigns ? viewOf(text) : undefined;
  const found = view
    ? inView(view, search(view.text, scan(view.text, meter, nested), meter, nested))
    : search(text, scanned, meter, nested);
  if (nested >= MAX_NESTED || !scanned.hasSigns || !text.includes("\\")) return found;
  const inner = literalsIn(text).flatMap((literal) => inView(literal, find(literal.text, meter, nested + 1)));
  return inner.length === 0 ? found : merged([...found, ...inner]);
}

function inView(view: View, found: readonly Found[]): Found[] {
  return found.map((one) => ({ ...one, ...view.source(one.start, one.end) }));
}

function search(text: string, { places, count }: Scan, meter: Meter, nested: number): Found[] {
  if (count === 0) return [];
  const sure: Found[] = [];
  const likely: { at: number; kind: Kind }[] = [];
  let waiting: Span | undefined; // a run of base64 that is looked into behind the words in it
  let done = 0; // up to here a sure one reaches
  let inPublic = false; // between the first and the last line of a certificate, a public key, a signature
  let decodedTo = 0; // up to here base64 over several lines was looked into
  for (let index = 0; index < count; index++) {
    const place = places[index] as number;
    const at = place >> 1;
    if (waiting && waiting.end <= at) endRun(waiting);
    if ((place & IS_RUN) !== 0) waiting = runAt(text, at);
    else atWords(at - 2, BUCKET_OF[trigramAt(text, at - 2)] as number);
  }
  if (waiting) endRun(waiting);
  if (sure.length === 0 && likely.length === 0) return sure;
  return merged([...sure, ...judged(text, likely, meter)]);

  function endRun({ start, end }: Span): void {
    waiting = undefined;
    inRun(start, end);
  }

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

/** What one pass over a text has seen. */
interface Scan {
  /** Twice the last character of what may begin a word, or of a run of base64 that is long enough, then with IS_RUN. */
  readonly places: Int32Array;
  readonly count: number;
  readonly hasSigns: boolean;
}

const IS_RUN = 1;
/** The text is copied in pieces that stay in the fastest memory. Characters. */
const PIECE = 8192;
const codes = new Uint16Array(PIECE + 1);
const bytes = Buffer.from(codes.buffer);
/** From this size on the runtime copies faster than a loop. Characters. */
const COPIED = 48;
const COPIES = endianness() === "LE";
/** A list for each depth: a text within a text is scanned while the places of the outer one are gone through. */
const PLACES = Array.from({ length: MAX_NESTED + 1 }, () => new Int32Array(2 * PIECE));
/** A list that is longer is not kept. */
const MAX_KEPT = 16 * PIECE;

function scan(text: string, meter: Meter, nested: number): Scan {
  const { length } = text;
  let places = PLACES[nested] as Int32Array;
  let [trigram, run, count, seen] = [0, 0, 0, 0];
  for (let from = 0; from < length; from += PIECE) {
    const size = Math.min(length - from, PIECE);
    meter(size);
    copy(text, from, size);
    if (count + 2 * size > places.length) {
      const longer = new Int32Array(2 * places.length + 2 * size);
      longer.set(places.subarray(0, count));
      places = longer;
      if (longer.length <= MAX_KEPT) PLACES[nested] = longer;
    }
    for (let index = 0; index < size; index++) {
      const code = CODES[codes[index] as number] as number;
      seen |= code;
      trigram = ((trigram << 5) | (code & 31)) & TRIGRAM_BITS;
      run = (run + 1) & -((code >> 6) & 1);
      if (HAS_WORD[trigram] !== 0 && isNext(trigram, CODES[codes[index + 1] as number] as number))
        places[count++] = (from + index) << 1;
      if (run === MIN_ENCODED) places[count++] = ((from + index) << 1) | IS_RUN;
    }
  }
  return { places, count, hasSigns: (seen & SIGN_BIT) !== 0 };
}

/** Copies a piece of a text, and the character behind it. */
function copy(text: string, from: number, size: number): void {
  const end = Math.min(from + size + 1, text.length);
  if (COPIES && size >= COPIED) bytes.write(end - from === text.length ? text : text.slice(from, end), "utf16le");
  else for (let index = from; index < end; index++) codes[index - from] = text.charCodeAt(index);
  if (end === from + size) codes[size] = 0;
}

function trigramAt(text: string, at: number): number {
  let sum = 0;
  for (let index = at; index < at + 3; index++) sum = (sum << 5) | ((CODES[text.charCodeAt(index)] as number) & 31);
  return sum;
}

/** Whether a word that begins with a trigram may go on with a character. */
function isNext(trigram: number, code: number): boolean {
  return (((NEXT_OF[trigram] as number) >>> (code & 31)) & 1) !== 0;
}

/** The run of base64 of which so many characters end at a place. */
function runAt(text: string, at: number): Span {
  let end = at + 1;
  while (isValue(text.charCodeAt(end))) end++;
  return { start: at + 1 - MIN_ENCODED, end };
}

function isValue(character: number): boolean {
  return ((CODES[character] ?? 0) & BASE64_BIT) !== 0; // NaN, past the end, has none
}

/** The credential that a kind sees at a place. */
function matchAt(text: string, kind: Kind, at: number): Found | undefined {
  const { regex, needs } = kind;
  if (needs && !text.slice(at, at + needs.within).includes(needs.text)) return undefined;
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
