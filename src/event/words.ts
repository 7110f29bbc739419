// The words of all kinds (`token`, `ghp_`, `://`), and where in a text one of them may stand.
// - A filter by pairs of characters passes over nearly all of a text; what it lets through is compared with the first four
//   characters of the words, and only what is left with whole words, by a tree.
// - Each step looks at a bounded number of characters, so all of them together are linear.

import { endianness } from "node:os";
import type { Kind } from "./secrets/kind.ts";
import { KINDS } from "./secrets/table.ts";

export interface Word {
  readonly text: string;
  /** That of the kinds: the first that knows a place gives it its name. */
  readonly order: number;
  readonly kinds: readonly Kind[];
}

const WORDS: readonly Word[] = [...new Set(KINDS.flatMap(({ words }) => words))].map((text, order) => ({
  text,
  order,
  kinds: KINDS.filter(({ words }) => words.includes(text)),
}));

const IS_LITTLE = endianness() === "LE";

/**
 * By two characters that stand together, as a Uint16Array sees their bytes: a bit for each group of words, of which one has
 * them as its first two (the lower half) or its second two (the upper half). A word may begin at an even place or at an odd
 * one, where its first pair has a stranger before it: the groups are there twice.
 */
export const PAIRS = new Int32Array(65_536);
const GROUPS = 8;
/** The bits of the lower half; the upper half is as wide. */
export const HALF = 2 * GROUPS;
export const HALF_MASK = 2 ** HALF - 1;

/** By character: five bits that tell apart what words are made of, capitals from small letters excepted. */
const CODES = new Uint8Array(256);
const CODE_BITS = 5;
const CODE_MASK = 2 ** CODE_BITS - 1;
for (let code = 0; code < 128; code++) {
  const folded = String.fromCharCode(code).toLowerCase();
  if (/[a-z]/.test(folded)) CODES[code] = folded.charCodeAt(0) - 96;
  else if (/\d/.test(folded)) CODES[code] = 27;
  else if (folded === "_") CODES[code] = 28;
  else if (folded === "-") CODES[code] = 29;
  else if (folded === ".") CODES[code] = 30;
  else if (/[/:+$@=?&{"']/.test(folded)) CODES[code] = 31;
}

/** The first four codes of the words: a bit for each that there is. */
const BEGINNINGS = new Int32Array(2 ** (4 * CODE_BITS - 5));
/** All words as a tree: by node and code the next node, with a bit where words end there, and by node those words. */
const NEXT: number[] = new Array(CODE_MASK + 1).fill(0);
const ENDING: number[][] = [[]];

/** Words that begin alike are one group: their pairs are the same ones. */
function addPairs(words: readonly string[]): void {
  for (const [index, word] of words.entries()) {
    const group = Math.floor((index * GROUPS) / words.length);
    for (const before of [0, 1])
      for (const half of [0, 1]) {
        const at = 2 * half - before;
        addPair(spellings(word[at]), spellings(word[at + 1]), 1 << (half * HALF + before * GROUPS + group));
      }
  }
  for (let byte = 0; byte < 256; byte++) {
    const [before, behind] = [BEFORE_ANY[byte] as number, AFTER_ANY[byte] as number];
    if (before !== 0) for (let other = 0; other < 256; other++) addBits(pairOf(byte, other), before);
    if (behind !== 0) for (let other = 0; other < 256; other++) addBits(pairOf(other, byte), behind);
  }
}

/** By byte: the groups for which any may stand behind it, or before it. Words have three characters and more. */
const [BEFORE_ANY, AFTER_ANY] = [new Int32Array(256), new Int32Array(256)];

function addPair(first: number[] | undefined, second: number[] | undefined, bit: number): void {
  if (first && second) for (const byte of first) for (const other of second) addBits(pairOf(byte, other), bit);
  else if (first) for (const byte of first) BEFORE_ANY[byte] = (BEFORE_ANY[byte] as number) | bit;
  else if (second) for (const byte of second) AFTER_ANY[byte] = (AFTER_ANY[byte] as number) | bit;
}

function addBits(pair: number, bits: number): void {
  PAIRS[pair] = (PAIRS[pair] as number) | bits;
}

/** The bytes that a character of a word may be; undefined where there is none, which may be any. */
function spellings(character: string | undefined): number[] | undefined {
  if (character === undefined) return undefined;
  return [...new Set([character, character.toUpperCase()])].map((one) => one.charCodeAt(0));
}

function pairOf(first: number, second: number): number {
  return IS_LITTLE ? first | (second << 8) : (first << 8) | second;
}

for (const [index, { text }] of WORDS.entries()) {
  addBeginning(text);
  addToTree(text, index);
}
addPairs(WORDS.map(({ text }) => text).sort());
const [ENDS_BIT, NODE_MASK] = [0x8000, 0x7fff];
const TREE = Uint16Array.from(NEXT, (node) => ((ENDING[node] as number[]).length > 0 ? node | ENDS_BIT : node));

function addBeginning(word: string): void {
  const [a, b, c] = [codeAt(word, 0), codeAt(word, 1), codeAt(word, 2)];
  // The fourth character behind a word of three may be any.
  const last = word.length > 3 ? [codeAt(word, 3)] : Array.from({ length: CODE_MASK + 1 }, (_, code) => code);
  for (const d of last) {
    const beginning = joined(a, b, c, d);
    BEGINNINGS[beginning >> 5] = (BEGINNINGS[beginning >> 5] as number) | (1 << (beginning & 31));
  }
}

function joined(a: number, b: number, c: number, d: number): number {
  return (((((a << CODE_BITS) | b) << CODE_BITS) | c) << CODE_BITS) | d;
}

/** 1 where a word may begin with the four bytes at a place, else 0. */
export function beginsAt(bytes: Uint8Array, at: number): number {
  const beginning = joined(
    CODES[bytes[at] as number] as number,
    CODES[bytes[at + 1] as number] as number,
    CODES[bytes[at + 2] as number] as number,
    CODES[bytes[at + 3] as number] as number,
  );
  return ((BEGINNINGS[beginning >> 5] as number) >>> beginning) & 1;
}

function addToTree(word: string, index: number): void {
  let node = 0;
  for (let at = 0; at < word.length; at++) {
    const step = (node << CODE_BITS) | codeAt(word, at);
    if (NEXT[step] === 0) {
      NEXT[step] = ENDING.push([]) - 1;
      for (let code = 0; code <= CODE_MASK; code++) NEXT.push(0);
    }
    node = NEXT[step] as number;
  }
  (ENDING[node] as number[]).push(index);
}

/** The words that stand at a place of a text, in their order; capitals and small letters are the same. */
export function wordsAt(text: string, at: number): readonly Word[] {
  let found: readonly Word[] = NONE;
  for (let node = 0, end = at; ; end++) {
    const next = TREE[(node << CODE_BITS) | codeAt(text, end)] as number;
    if (next === 0) return found;
    node = next & NODE_MASK;
    if (next !== node) found = withEnding(found, node, text, at);
  }
}

function withEnding(found: readonly Word[], node: number, text: string, at: number): readonly Word[] {
  const ending = (ENDING[node] as number[])
    .map((index) => WORDS[index] as Word)
    .filter((word) => startsWith(text, word.text, at));
  if (ending.length === 0) return found;
  return found.length === 0 ? ending : [...found, ...ending].sort((a, b) => a.order - b.order);
}

const NONE: readonly Word[] = [];

function codeAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < 128 ? (CODES[code] as number) : 0;
}

function startsWith(text: string, word: string, at: number): boolean {
  for (let index = 0; index < word.length; index++) {
    const code = text.charCodeAt(at + index);
    const wanted = word.charCodeAt(index);
    if (code !== wanted && !(code >= 65 && code <= 90 && code + 32 === wanted)) return false;
  }
  return true;
}
