// Finds credentials in a text.
// - One pass over the characters looks for the words of all kinds at once; a regex runs only where its word stands.
// - Linear: at one place a bounded number of characters is looked at.
// - Base64 of a credential is one, too, if it is not longer than MAX_ENCODED.

import { isUtf8 } from "node:buffer";
import { endianness } from "node:os";
import { keyLines } from "./secrets/key.ts";
import type { Kind } from "./secrets/kind.ts";
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

/** By character: five bits for words, whether it may stand in base64, and whether it may make a view. */
const CODES = new Uint8Array(65_536);
const CODE_BITS = 5;
const CODE_MASK = 31;
const BASE64_BIT = 64;
const SIGN_BIT = 128;
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

/** In the order of the kinds: the first that knows a place gives it its name. */
const WORDS: readonly Word[] = [...new Set(KINDS.flatMap(({ words }) => words))].map((text) => ({
  text,
  kinds: KINDS.filter(({ words }) => words.includes(text)),
}));
/** The first characters of words, so many at a time: a bit for each that there is. */
const BEGINNING = 4;
const BEGINNING_MASK = 2 ** (BEGINNING * CODE_BITS) - 1;
const BEGINNINGS = new Int32Array(2 ** (BEGINNING * CODE_BITS - 5));
/** All words as a tree of codes: by node and code the next node, and by node the words that end there. */
const NEXT: number[] = new Array(CODE_MASK + 1).fill(0);
const ENDING: number[][] = [[]];
for (const [index, { text }] of WORDS.entries()) {
  // The fourth character behind a word of three may be any.
  const rest = text.length < BEGINNING ? Array.from({ length: CODE_MASK + 1 }, (_, code) => code) : [0];
  for (const last of rest) {
    const beginning = (beginningOf(text) << (text.length < BEGINNING ? CODE_BITS : 0)) | last;
    BEGINNINGS[beginning >> 5] = (BEGINNINGS[beginning >> 5] as number) | (1 << (beginning & 31));
  }
  let node = 0;
  for (let at = 0; at < text.length; at++) {
    const step = (node << CODE_BITS) | codeAt(text, at);
    if (NEXT[step] === 0) {
      NEXT[step] = ENDING.push([]) - 1;
      for (let code = 0; code <= CODE_MASK; code++) NEXT.push(0);
    }
    node = NEXT[step] as number;
  }
  (ENDING[node] as number[]).push(index);
}
const TREE = Uint16Array.from(NEXT);
/** Known by the length of its first part alone. */
const WORDLESS = KINDS.filter(({ words }) => words.length === 0);
const WORDLESS_MIN = 24;
const WORDLESS_MAX = 28;

/** The places of credentials in order, without overlaps. */
export function find(text: string, meter: Meter = UNMETERED, nested = 0): Found[] {
  const scanned = scan(text, meter, nested);
  const hasSigns = (scanned.seen & SIGN_BIT) !== 0;
  const view = hasSigns ? viewOf(text) : undefined;
  const found = view
    ? inView(view, search(view.text, scan(view.text, meter, nested), meter, nested))
    : search(text, scanned, meter, nested);
  if (nested >= MAX_NESTED || !hasSigns || !text.includes("\\")) return found;
  const inner = literalsIn(text).flatMap((literal) => inView(literal, find(literal.text, meter, nested + 1)));
  return inner.length === 0 ? found : merged([...found, ...inner]);
}

function inView(view: View, found: readonly Found[]): Found[] {
  return found.map((one) => ({ ...one, ...view.source(one.start, one.end) }));
}

function search(text: string, { places, count, runs, runCount }: Scan, meter: Meter, nested: number): Found[] {
  if (count === 0 && runCount === 0) return [];
  const sure: Found[] = [];
  const likely: { at: number; kind: Kind }[] = [];
  let done = 0; // up to here a sure one reaches
  let inPublic = false; // between the first and the last line of a certificate, a public key, a signature
  let decodedTo = 0; // up to here base64 over several lines was looked into
  let run = 0;
  for (let index = 0; index < count; index++) {
    const at = places[index] as number;
    // A run of base64 is looked into behind the words in it.
    while (run < runCount && (runs[run + 1] as number) <= at + 2) endRun();
    atWords(at);
  }
  while (run < runCount) endRun();
  if (sure.length === 0 && likely.length === 0) return sure;
  return merged([...sure, ...judged(text, likely, meter)]);

  function endRun(): void {
    const [start, end] = [runs[run] as number, runs[run + 1] as number];
    run += 2;
    inRun(start, end);
  }

  function atWords(at: number): void {
    let known: number[] | undefined;
    for (let node = 0, end = Math.max(at, 0); ; ) {
      node = TREE[(node << CODE_BITS) | codeAt(text, end++)] as number;
      if (node === 0) break;
      const ending = ENDING[node] as number[];
      if (ending.length > 0) known = known ? [...known, ...ending].sort((a, b) => a - b) : ending;
    }
    if (known) for (const index of known) atWord(WORDS[index] as Word, at);
  }

  function atWord({ text: word, kinds }: Word, at: number): void {
    if (!startsWith(text, word, at)) return;
    if (word === BEGIN) inPublic = !text.slice(at, at + MAX_HEAD).includes("PRIVATE");
    else if (word === END) inPublic = false;
    for (const kind of kinds) {
      if (kind.generic) likely.push({ at, kind });
      else if (at >= done) take(kind, at - kind.lead);
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
  /** Where words may begin. */
  places: Int32Array;
  count: number;
  /** Beginnings and ends of runs of base64 that are long enough, in turn. */
  runs: Int32Array;
  runCount: number;
  /** Codes of all characters together. */
  seen: number;
}

/** The text is copied in pieces that stay in the fastest memory. Characters. */
const PIECE = 8192;
const codes = new Uint16Array(PIECE + 1);
const bytes = Buffer.from(codes.buffer);
/** From this size on the runtime copies faster than a loop. Characters. */
const COPIED = 48;
const COPIES = endianness() === "LE";
/** A list for each depth: a text within a text is scanned while the places of the outer one are gone through. */
const PLACES: Int32Array[] = Array.from({ length: MAX_NESTED + 1 }, () => new Int32Array(2 * PIECE));
const RUNS: Int32Array[] = Array.from({ length: MAX_NESTED + 1 }, () => new Int32Array(2 * PIECE));
/** A list that is longer is not kept. */
const MAX_KEPT = 16 * PIECE;

function scan(text: string, meter: Meter, nested: number): Scan {
  const [places, runs] = [PLACES[nested] as Int32Array, RUNS[nested] as Int32Array];
  const scanned: Scan = { places, count: 0, runs, runCount: 0, seen: 0 };
  let beginning = 0;
  for (let from = 0; from < text.length; from += PIECE) {
    const size = Math.min(text.length - from, PIECE);
    meter(size);
    copy(text, from, size);
    scanned.places = withRoom(PLACES, nested, scanned.places, scanned.count, size + 1);
    scanned.runs = withRoom(RUNS, nested, scanned.runs, scanned.runCount, size);
    beginning = scanWords(scanned, from, size, beginning);
    scanRuns(scanned, text, from, size);
  }
  // A word of three may be the last.
  if (isBeginning((beginning << CODE_BITS) & BEGINNING_MASK)) scanned.places[scanned.count++] = text.length - 3;
  return scanned;
}

/** Where words may begin in a piece. `before`: the codes of the characters before it; gives those of its last. */
function scanWords(scanned: Scan, from: number, size: number, before: number): number {
  const { places } = scanned;
  let [beginning, count, seen] = [before, scanned.count, scanned.seen];
  for (let index = 0; index < size; index++) {
    const code = CODES[codes[index] as number] as number;
    seen |= code;
    beginning = ((beginning << CODE_BITS) | (code & CODE_MASK)) & BEGINNING_MASK;
    if (isBeginning(beginning)) places[count++] = from + index - BEGINNING + 1;
  }
  scanned.count = count;
  scanned.seen = seen;
  return beginning;
}

function isBeginning(beginning: number): boolean {
  return (((BEGINNINGS[beginning >> 5] as number) >>> beginning) & 1) !== 0;
}

/** Runs in a piece, by every twentieth character: one of each that is long enough is among them. */
function scanRuns(scanned: Scan, text: string, from: number, size: number): void {
  let runEnd = scanned.runs[scanned.runCount - 1] ?? 0;
  for (let index = MIN_ENCODED - 1 - (from % MIN_ENCODED); index < size; index += MIN_ENCODED) {
    if (!isValue(codes[index] as number) || from + index < runEnd) continue;
    let start = index;
    while (start > 0 && isValue(codes[start - 1] as number)) start--;
    let end = index + 1;
    while (end < size && isValue(codes[end] as number)) end++;
    // Most are short, and within the piece.
    if (end - start < MIN_ENCODED && start > 0 && end < size) continue;
    const begin = start > 0 ? from + start : beginOfValue(text, from);
    runEnd = end < size ? from + end : endOfValue(text, from + size);
    if (runEnd - begin < MIN_ENCODED) continue;
    scanned.runs[scanned.runCount++] = begin;
    scanned.runs[scanned.runCount++] = runEnd;
  }
}

/** The list, or a longer one that holds the same. */
function withRoom(lists: Int32Array[], nested: number, list: Int32Array, count: number, size: number): Int32Array {
  if (count + size <= list.length) return list;
  const longer = new Int32Array(2 * list.length + size);
  longer.set(list.subarray(0, count));
  if (longer.length <= MAX_KEPT) lists[nested] = longer;
  return longer;
}

/** Where a value begins that goes on at a place. */
function beginOfValue(text: string, at: number): number {
  let start = at;
  while (start > 0 && isValue(text.charCodeAt(start - 1))) start--;
  return start;
}

/** Copies a piece of a text, and the character behind it. */
function copy(text: string, from: number, size: number): void {
  const end = Math.min(from + size + 1, text.length);
  if (COPIES && size >= COPIED) bytes.write(end - from === text.length ? text : text.slice(from, end), "utf16le");
  else for (let index = from; index < end; index++) codes[index - from] = text.charCodeAt(index);
  if (end === from + size) codes[size] = 0;
}

function codeAt(text: string, at: number): number {
  return at < text.length ? (CODES[text.charCodeAt(at)] as number) & CODE_MASK : 0;
}

function beginningOf(word: string): number {
  let sum = 0;
  for (let at = 0; at < Math.min(word.length, BEGINNING); at++) sum = (sum << CODE_BITS) | codeAt(word, at);
  return sum;
}

function isValue(character: number): boolean {
  return ((CODES[character] as number) & BASE64_BIT) !== 0;
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
  while (at < text.length && isValue(text.charCodeAt(at))) at++;
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
