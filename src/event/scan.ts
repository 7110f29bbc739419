// One pass over a text, which finds the places that are worth a closer look: where words may begin, and runs of base64.
// - The text is copied as bytes, piece by piece, and the bytes are looked at two at a time. What is no byte becomes another
//   character in the copy: it may make a place that is none, which whoever looks closer sees, and hides none.
// - Linear: a bounded number of steps a pair, without a branch where most of a text passes.

import type { Meter } from "./budget.ts";
import { beginsAt, HALF, HALF_MASK, PAIRS } from "./words.ts";

/** Shorter base64 holds no credential that is known by its form. Characters. */
export const MIN_RUN = 20;

export interface Scan {
  /** Where words may begin, in order. */
  places: Int32Array<ArrayBuffer>;
  count: number;
  /** Beginnings and ends of runs of base64 that are long enough, in turn. */
  runs: Int32Array<ArrayBuffer>;
  runCount: number;
}

/** A piece stays in the fastest memory. Even. Characters. */
const PIECE = 8192;
/** Copied behind a piece: what begins in it may end there. Characters. */
const BEHIND = 16;
const bytes = Buffer.from(new ArrayBuffer(PIECE + BEHIND));
const pairs = new Uint16Array(bytes.buffer);
/** Even places of a piece at which, or behind which, a word may begin. */
const candidates = new Int32Array(PIECE / 2 + 2);
/** Shorter texts are copied by a loop, which is faster. Characters. */
const COPIED = 24;
/** A list that is longer is not kept. */
const MAX_KEPT = 16 * PIECE;

/** By character: whether it may stand in base64, or in most tokens. */
const RUN = Uint8Array.from({ length: 256 }, (_, code) => Number(/[A-Za-z0-9+/_-]/.test(String.fromCharCode(code))));

/** Scans texts. A list for each depth: a text within a text is scanned while the places of the outer one are gone through. */
export function createScanner(): (text: string, meter: Meter) => Scan {
  let places = new Int32Array(2 * PIECE);
  let runs = new Int32Array(PIECE);
  return (text, meter) => {
    const scan: Scan = { places, count: 0, runs, runCount: 0 };
    for (let from = 0; from < text.length; from += PIECE) {
      const size = Math.min(text.length - from, PIECE);
      meter(size);
      copy(text, from, size);
      scan.places = withRoom(scan.places, scan.count, size + 2);
      scan.runs = withRoom(scan.runs, scan.runCount, size);
      scanWords(scan, from, size);
      scanRuns(scan, text, from, size);
    }
    if (scan.places.length <= MAX_KEPT) places = scan.places;
    if (scan.runs.length <= MAX_KEPT) runs = scan.runs;
    return scan;
  };
}

function copy(text: string, from: number, size: number): void {
  const end = Math.min(from + size + BEHIND, text.length);
  if (text.length < COPIED) for (let at = 0; at < end; at++) bytes[at] = text.charCodeAt(at);
  else bytes.write(end - from === text.length ? text : text.slice(from, end), "latin1");
  if (end - from < size + BEHIND) bytes.fill(0, end - from, size + BEHIND);
}

function scanWords(scan: Scan, from: number, size: number): void {
  const { places } = scan;
  let candidate = 0;
  let first = 0;
  for (let pair = 0; 2 * pair <= size + 1; pair++) {
    const groups = PAIRS[pairs[pair] as number] as number;
    const both = first & (groups >>> HALF) & HALF_MASK;
    first = groups;
    candidates[candidate] = 2 * (pair - 1);
    candidate += -both >>> 31; // 1 where a group has both pairs
  }
  let { count } = scan;
  for (let index = 0; index < candidate; index++) {
    const at = candidates[index] as number;
    places[count] = from + at;
    count += beginsAt(bytes, at);
    places[count] = from + at + 1;
    count += beginsAt(bytes, at + 1);
  }
  scan.count = count;
}

/** Runs that are long enough have one of every eight characters, and those 3, 6, 9 and 12 behind it. */
function scanRuns(scan: Scan, text: string, from: number, size: number): void {
  for (let at = 0; at < size; at += 8) {
    // All of them at once: a branch for each would be taken as often as not.
    const first = (RUN[bytes[at] as number] as number) & (RUN[bytes[at + 3] as number] as number);
    const rest = (RUN[bytes[at + 6] as number] as number) & (RUN[bytes[at + 9] as number] as number);
    if ((first & rest & (RUN[bytes[at + 12] as number] as number)) !== 0) addRun(scan, text, from + at);
  }
}

function addRun(scan: Scan, text: string, at: number): void {
  if (at < (scan.runs[scan.runCount - 1] ?? 0) || !isRun(text.charCodeAt(at))) return;
  let begin = at;
  while (begin > 0 && at - begin < 8 && isRun(text.charCodeAt(begin - 1))) begin--;
  const end = endOfRun(text, at + 1);
  if (end - begin < MIN_RUN) return;
  scan.runs[scan.runCount++] = begin;
  scan.runs[scan.runCount++] = end;
}

/** The list, or a longer one that holds the same. */
function withRoom(list: Int32Array<ArrayBuffer>, count: number, size: number): Int32Array<ArrayBuffer> {
  if (count + size <= list.length) return list;
  const longer = new Int32Array(2 * list.length + size);
  longer.set(list.subarray(0, count));
  return longer;
}

/** Whether a character may stand in base64, or in most tokens. */
export function isRun(code: number): boolean {
  return code < 128 && RUN[code] === 1;
}

/** Where the run ends that goes on at a place. */
export function endOfRun(text: string, at: number): number {
  let end = at;
  while (end < text.length && isRun(text.charCodeAt(end))) end++;
  return end;
}
