// One pass over a text, which finds the places that are worth a closer look: where words may begin, and runs of base64.
// - The text is copied as bytes, piece by piece, and the bytes are looked at two at a time. What is no byte becomes another
//   character in the copy: it may make a place that is none, which whoever looks closer sees, and hides none.
// - Linear: a bounded number of steps a pair.

import type { Meter } from "./budget.ts";
import { addPlaces, MAX_BYTES } from "./filter.ts";

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

/** A piece stays in the fastest memory. Characters. */
const PIECE = MAX_BYTES;
/** Copied behind a piece: what begins in it may end there. Even. Characters. */
const BEHIND = 2 * MIN_RUN;
const bytes = Buffer.from(new ArrayBuffer(PIECE + BEHIND));
const pairs = new Uint16Array(bytes.buffer);
/** Shorter texts are copied by a loop, which is faster. Characters. */
const COPIED = 24;
/** A list that is longer is not kept. */
const MAX_KEPT = 16 * PIECE;

/** What may stand in base64, or in most tokens. */
const REST_OF_RUN = /[A-Za-z0-9+/_-]*/y;
/** By character: whether it may. */
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
      scan.count = addPlaces({ bytes, pairs, size }, { places: scan.places, count: scan.count, base: from });
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

/** A run is looked for from its end: where one character is none of it, those up to MIN_RUN behind it need no look. */
function scanRuns(scan: Scan, text: string, from: number, size: number): void {
  const known = scan.runCount > 0 ? (scan.runs[scan.runCount - 1] as number) : 0;
  let begin = Math.max(known - from, 0);
  while (begin < size) {
    let at = begin + MIN_RUN - 1;
    while (at >= begin && RUN[bytes[at] as number] === 1) at--;
    begin = at < begin ? addRuns(scan, text, from + begin) - from : at + 1;
  }
}

/** Adds what is a run in the text, where it seems one in the copy. Returns where the next may begin. */
function addRuns(scan: Scan, text: string, from: number): number {
  let begin = from;
  while (begin - from <= MIN_RUN && begin < text.length) {
    const end = endOfRun(text, begin);
    if (end - begin >= MIN_RUN) {
      scan.runs[scan.runCount++] = begin;
      scan.runs[scan.runCount++] = end;
    }
    begin = end + 1;
  }
  return begin;
}

/** The list, or a longer one that holds the same. */
function withRoom(list: Int32Array<ArrayBuffer>, count: number, size: number): Int32Array<ArrayBuffer> {
  if (count + size <= list.length) return list;
  const longer = new Int32Array(2 * list.length + size);
  longer.set(list.subarray(0, count));
  return longer;
}

/** Where the run ends that goes on at a place of a text, or at its end. */
export function endOfRun(text: string, at: number): number {
  REST_OF_RUN.lastIndex = at;
  REST_OF_RUN.test(text);
  return REST_OF_RUN.lastIndex;
}
