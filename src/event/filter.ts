// Where in a text words may begin: a filter that passes over nearly all of it, so that little is compared with words.
// - Bytes are looked at two at a time. Whether two pairs that stand together may be of one word is a look at a table each;
//   what passes is told by its first four characters.
// - Linear, and hardly a branch: where most of a text passes, none could be foreseen.

import { endianness } from "node:os";
import { CODE_BITS, CODES, WORDS, type Word } from "./words.ts";

/** Of this module, as all that a step needs: what is another's is fetched anew at every one. */
const [codes, codeBits] = [CODES, CODE_BITS];

/** A word of so many characters has two whole pairs behind its first one. */
const LONG = 5;

/**
 * By two characters, as a Uint16Array sees their bytes: a bit for each group of words, of which one has them as the first
 * pair that is looked at, in the lower half, or as the second, in the upper half.
 */
const PAIRS = new Int32Array(65_536);
const HALF = 16;
const IS_LITTLE = endianness() === "LE";
const ANY = Array.from({ length: 256 }, (_, byte) => byte);

/** Of the groups, these are words that begin where a pair does, one character before one, and one behind. */
addGroups(WORDS, { at: 0, first: 0, groups: 7 });
addGroups(
  WORDS.filter(({ text }) => text.length >= LONG),
  { at: 1, first: 7, groups: 5 },
);
addGroups(
  WORDS.filter(({ text }) => text.length < LONG),
  { at: -1, first: 12, groups: 4 },
);

/** Words that begin alike are one group: their pairs are the same ones. `at`: where the first pair begins in them. */
function addGroups(words: readonly Word[], { at, first, groups }: { at: number; first: number; groups: number }): void {
  const sorted = [...words].sort((a, b) => (a.text < b.text ? -1 : 1));
  for (const [index, word] of sorted.entries()) {
    const group = first + Math.floor((index * groups) / words.length);
    addPair(spellings(word, at), spellings(word, at + 1), 1 << group);
    addPair(spellings(word, at + 2), spellings(word, at + 3), 1 << (HALF + group));
  }
}

function addPair(first: readonly number[], second: readonly number[], bit: number): void {
  for (const byte of first)
    for (const other of second) {
      const pair = IS_LITTLE ? byte | (other << 8) : (byte << 8) | other;
      PAIRS[pair] = (PAIRS[pair] as number) | bit;
    }
}

/** The bytes that a character of a word may be; any where it has none there. */
function spellings({ text, anyCase }: Word, at: number): readonly number[] {
  const character = text[at];
  if (character === undefined) return ANY;
  return [...new Set(anyCase ? [character, character.toUpperCase()] : [character])].map(byteOf);
}

/** What stands for a character in the copy that is looked at: its lower half. */
function byteOf(character: string): number {
  return character.charCodeAt(0) & 0xff;
}

/** By the codes of four characters: a bit, whether a word begins with them. */
const BEGINNINGS = new Int32Array(2 ** (4 * codeBits - 5));
for (const word of WORDS) {
  // The fourth character behind a word of three may be any.
  const [a = [], b = [], c = [], d = []] = [0, 1, 2, 3].map((at) => codesOf(spellings(word, at)));
  for (const one of a)
    for (const two of b)
      for (const three of c)
        for (const four of d) {
          const beginning = joined(one, two, three, four);
          BEGINNINGS[beginning >> 5] = (BEGINNINGS[beginning >> 5] as number) | (1 << (beginning & 31));
        }
}

/** Of capitals and small letters it is one, unless they are beyond A to Z. */
function codesOf(bytes: readonly number[]): number[] {
  return [...new Set(bytes.map((byte) => codes[byte] as number))];
}

function joined(a: number, b: number, c: number, d: number): number {
  return (((((a << codeBits) | b) << codeBits) | c) << codeBits) | d;
}

/** 1 where a word may begin with the four bytes at a place, else 0. */
function beginsAt(bytes: Uint8Array, at: number): number {
  const beginning = joined(
    codes[bytes[at] as number] as number,
    codes[bytes[at + 1] as number] as number,
    codes[bytes[at + 2] as number] as number,
    codes[bytes[at + 3] as number] as number,
  );
  return ((BEGINNINGS[beginning >> 5] as number) >>> beginning) & 1;
}

/** So many bytes are looked through at once. */
export const MAX_BYTES = 8192;
/** Pairs that a word may begin at or beside. */
const candidates = new Int32Array(MAX_BYTES / 2 + 2);

/**
 * Writes where a word may begin among the first `size` bytes, plus `base`, into `places` behind its first `count`, and returns
 * how many they are then. Six bytes behind them are looked at. @param pairs the same bytes
 */
export function addPlaces(
  { bytes, pairs, size }: { bytes: Uint8Array; pairs: Uint16Array; size: number },
  { places, count, base }: { places: Int32Array; count: number; base: number },
): number {
  let candidate = 0;
  let first = 0;
  const end = (size >> 1) + 2;
  for (let pair = 0; pair < end; pair++) {
    const groups = PAIRS[pairs[pair] as number] as number;
    candidates[candidate] = pair - 1;
    candidate += -(first & (groups >>> HALF)) >>> 31; // 1 where a group has both
    first = groups;
  }
  let found = count;
  let last = -1;
  for (let index = 0; index < candidate; index++) {
    const even = 2 * (candidates[index] as number);
    const before = Math.max(even - 1, 0);
    places[found] = base + before;
    found += beginsAt(bytes, before) & ((last - before) >>> 31); // unless it is the last one already
    places[found] = base + even;
    found += beginsAt(bytes, even);
    last = even + 1;
    places[found] = base + last;
    found += beginsAt(bytes, last);
  }
  while (found > count && (places[found - 1] as number) >= base + size) found--;
  return found;
}
