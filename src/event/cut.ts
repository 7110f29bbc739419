// Makes a JSON value fit into a number of bytes.
// - The longest go first: within each object and list, what is small stays whole and the large ones share what is left.
// - A cut string keeps head and tail, a cut list or object its first and last; a mark says how much is gone.
// - Base64 is of no use in part: it goes before anything else.
// - Linear in the size of the value, but for sorting the sizes of siblings.

import { cutMark } from "../contract/marks.ts";

export interface Cut {
  /** Like tool_response.content[3].text; at most MAX_PATH characters. */
  readonly path: string;
  /** Characters, elements or keys. */
  readonly removed: number;
}

export interface Fitted {
  readonly value: unknown;
  /** The first of them. */
  readonly cuts: readonly Cut[];
  /** How many there are. */
  readonly count: number;
}

const MAX_PATH = 200;
/** A mark with the largest number as JSON: `…` is three bytes, then quotes, and `:true,` where it is a key. */
const MARK_BYTES = 64;
/** Less than this of a value tells nothing: rather leave siblings out than cut each of them to that. Bytes. */
const MIN_SHARE = 512;
/** Longer keys are cut; characters. */
const MAX_KEY = 256;
/** Shorter base64 is as good as any other string; characters. */
const MIN_BASE64 = 16 * 1024;
const BASE64_KEPT = 64;
const BASE64 = /^(?:data:[\w/+.;=-]{0,100},)?[A-Za-z0-9+/_-]{256}/;

/** Size of a value as JSON, bytes of UTF-8. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "");
}

/**
 * @param value acyclic JSON, nested less than a thousand levels; it is not changed
 * @param budget bytes of UTF-8 that the serialised value may take; at least MIN_SHARE
 * @param reported how many cuts are named
 */
export function cutToFit(value: unknown, budget: number, reported: number): Fitted {
  const cuts: Cut[] = [];
  let count = 0;
  const sizes = new Map<object, number>();
  const bare = prepare(value, "");
  return { value: fit(bare, budget, ""), cuts, count };

  function note(path: string, removed: number): void {
    count++;
    if (cuts.length < reported) cuts.push({ path: path.slice(0, MAX_PATH), removed });
  }

  function sizeOf(node: unknown): number {
    return typeof node === "object" && node !== null ? (sizes.get(node) ?? 0) : jsonBytes(node);
  }

  /** A copy without long base64 and long keys, every container of it measured. */
  function prepare(node: unknown, path: string): unknown {
    if (typeof node === "string") return isBase64(node) ? shorten(node, path, (text) => headOnly(text)) : node;
    if (typeof node !== "object" || node === null) return node;
    const copy = Array.isArray(node)
      ? node.map((item, i) => prepare(item, `${path}[${i}]`))
      : Object.fromEntries(
          Object.entries(node).map(([key, item], i) => [shortKey(key, i, path), prepare(item, join(path, key))]),
        );
    let size = 2;
    for (const [key, item] of entriesOf(copy)) size += overheadOf(key) + sizeOf(item);
    sizes.set(copy, size);
    return copy;
  }

  function shortKey(key: string, index: number, path: string): string {
    if (key.length <= MAX_KEY) return key;
    // Numbered, so that two keys that begin and end alike stay two.
    return `${shorten(key, `${path}{key ${index}}`, (text) => headAndTail(text, MAX_KEY))} #${index}`;
  }

  function shorten(text: string, path: string, by: (text: string) => Shortened): string {
    const short = by(text);
    note(path, short.removed);
    return short.text;
  }

  function fit(node: unknown, room: number, path: string): unknown {
    if (sizeOf(node) <= room) return node;
    if (typeof node === "string") return shorten(node, path, (text) => headAndTail(text, room));
    if (typeof node !== "object" || node === null) return node;

    const entries = entriesOf(node);
    const { first, last, share } = planFor(entries, room);
    const removed = entries.length - first - last;
    if (removed > 0) note(path, removed);
    const kept = ([key, item]: Entry): Entry => [
      key,
      fit(item, share, typeof key === "number" ? `${path}[${key}]` : join(path, key)),
    ];
    const head = entries.slice(0, first).map(kept);
    const tail = entries.slice(entries.length - last).map(kept);
    if (Array.isArray(node)) {
      const mark = removed > 0 ? [cutMark(removed, "elements")] : [];
      return [...head.map(([, item]) => item), ...mark, ...tail.map(([, item]) => item)];
    }
    const mark: Entry[] = removed > 0 ? [[cutMark(removed, "keys"), true]] : [];
    return Object.fromEntries([...head, ...mark, ...tail]);
  }

  /** How many children stay at each end, and how many bytes the value of each may take. */
  function planFor(entries: readonly Entry[], room: number): { first: number; last: number; share: number } {
    const inside = room - 2 - MARK_BYTES;
    const values = entries.map(([, item]) => sizeOf(item));
    const overheads = entries.map(([key]) => overheadOf(key));
    const share = fairShare(
      values,
      overheads.reduce((sum, bytes) => sum - bytes, inside),
    );
    if (share >= MIN_SHARE) return { first: entries.length, last: 0, share };
    const costs = values.map((bytes, i) => Math.min(bytes, MIN_SHARE) + (overheads[i] as number));
    const first = countWithin(costs, inside / 2);
    const last = countWithin(costs.slice(first).reverse(), inside / 2);
    return { first, last, share: MIN_SHARE };
  }
}

type Entry = readonly [key: string | number, item: unknown];

interface Shortened {
  readonly text: string;
  readonly removed: number;
}

function entriesOf(node: object): Entry[] {
  return Array.isArray(node) ? node.map((item, i): Entry => [i, item]) : Object.entries(node);
}

/** Bytes around a value: the comma, and in an object the key and its colon. */
function overheadOf(key: string | number): number {
  return typeof key === "number" ? 1 : jsonBytes(key) + 2;
}

function join(path: string, key: string): string {
  // Longer paths are not reported anyway, and without a bound a deep value would have a quadratic sum of them.
  if (path.length >= MAX_PATH) return path;
  return path === "" ? key : `${path}.${key}`;
}

/** The largest size up to which all can have what they want, if those who want more take just that. */
function fairShare(sizes: readonly number[], room: number): number {
  const sorted = Float64Array.from(sizes).sort();
  let left = room;
  for (const [i, size] of sorted.entries()) {
    const share = left / (sorted.length - i);
    if (size > share) return Math.floor(share);
    left -= size;
  }
  return Number.POSITIVE_INFINITY;
}

function countWithin(costs: readonly number[], room: number): number {
  let left = room;
  const count = costs.findIndex((cost) => {
    left -= cost;
    return left < 0;
  });
  return count < 0 ? costs.length : count;
}

/** Long, and of all three kinds of characters, which a long line of one character is not. */
function isBase64(text: string): boolean {
  if (text.length < MIN_BASE64 || !BASE64.test(text)) return false;
  const sample = text.slice(128, 384);
  return /[a-z]/.test(sample) && /[A-Z]/.test(sample) && /\d/.test(sample);
}

function headOnly(text: string): Shortened {
  const removed = text.length - BASE64_KEPT;
  return { text: text.slice(0, BASE64_KEPT) + cutMark(removed), removed };
}

/** Two thirds of what stays are the head. @param room bytes that the result may take as JSON */
function headAndTail(text: string, room: number): Shortened {
  const keep = Math.max(room - 2 - MARK_BYTES, 0);
  let characters = Math.floor((text.length * keep) / jsonBytes(text));
  for (let tries = 0; ; tries++) {
    const head = beginningOf(text, Math.ceil((characters * 2) / 3));
    const tail = endOf(text, Math.floor(characters / 3));
    const bytes = jsonBytes(head + tail);
    if (bytes <= keep + 2) {
      const removed = text.length - head.length - tail.length;
      return { text: head + cutMark(removed) + tail, removed };
    }
    // Escapes take six bytes a character at most.
    characters = tries < 8 ? Math.floor((characters * keep) / bytes) : Math.floor(keep / 6);
  }
}

/** Neither splits a surrogate pair. */
function beginningOf(text: string, length: number): string {
  return text.slice(0, isPair(text, length) ? length - 1 : length);
}

function endOf(text: string, length: number): string {
  const from = text.length - length;
  return text.slice(isPair(text, from) ? from + 1 : from);
}

function isPair(text: string, index: number): boolean {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00 && (text.charCodeAt(index - 1) & 0xfc00) === 0xd800;
}
