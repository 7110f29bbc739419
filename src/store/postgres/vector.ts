// The words of a block of texts as PostgreSQL receives a tsvector, made in one pass over their bytes: it is what a monitor
// does most of for an event. A table of hashes finds a word again without making a string of it.
// - Source of the form: tsvectorrecv in tsvector.c. The number of words; then each in UTF-8, a zero, how many places it
//   has, and these: which of the texts have it, from 1.

import { isAscii, wordsOf } from "../words.ts";

/** Source: PostgreSQL, "Limitations" of text search: a lexeme has less than 2 KiB. */
const MAX_WORD = 500;
const MAX_MARK = 16;
/** Of a character of UTF-16 in UTF-8, at most. */
const CHARACTER_BYTES = 3;
const HEAD_BYTES = 4;
const PLACE_BYTES = 2;

/** A word as it is indexed and looked for. Cut words may be the same, and half a character is none. */
export const cut = (word: string): string => (word.length > MAX_WORD ? word.slice(0, MAX_WORD).toWellFormed() : word);

/** What a byte of ASCII is within a word; 0: it is in none. */
const FOLDED = Uint8Array.from({ length: 256 }, (_, code) => {
  const letter = code < 128 ? String.fromCharCode(code).toLowerCase() : "";
  return /[a-z0-9]/.test(letter) ? letter.charCodeAt(0) : 0;
});

/** @param marks of each text: short, of ASCII, and no words (marks.ts) */
export function vectorOf(texts: readonly string[], marks: readonly (readonly string[])[] = []): Buffer {
  const characters = (all: readonly string[]) => all.reduce((sum, text) => sum + text.length + 1, 0);
  const words = new Words(marks.reduce((sum, its) => sum + characters(its), characters(texts)));
  const bytes = Buffer.allocUnsafe(texts.reduce((most, text) => Math.max(most, text.length), MAX_MARK) + 1);
  for (const [index, text] of texts.entries()) {
    if (isAscii(text)) words.readAscii(bytes, bytes.write(text, "latin1"), index + 1);
    else for (const word of wordsOf(text)) words.add(Buffer.from(cut(word)), index + 1);
    for (const mark of marks[index] ?? []) words.add(bytes, index + 1, 0, bytes.write(mark, "latin1"));
  }
  return words.vector();
}

/** Words that were added, each with its places. */
class Words {
  readonly #mask: number;
  /** By hash: the number of a word, or 0. */
  readonly #table: Int32Array;
  /** Bytes of all words, one after the other; the word of number i ends where that of i + 1 begins. */
  readonly #bytes: Buffer;
  readonly #starts: Int32Array;
  /** Of each word: its last place, and how many it has. Of each place: the one of the same word before it. */
  readonly #last: Int32Array;
  readonly #counts: Int32Array;
  readonly #places: Int32Array;
  readonly #before: Int32Array;
  #words = 0;
  #added = 0;

  /** @param characters of all texts, and one more for each */
  constructor(characters: number) {
    const most = (characters >> 1) + 2; // between two words stands at least one character
    const size = 2 ** Math.ceil(Math.log2(2 * most));
    this.#mask = size - 1;
    this.#table = new Int32Array(size);
    this.#bytes = Buffer.allocUnsafe(characters * CHARACTER_BYTES);
    [this.#starts, this.#last, this.#counts] = [new Int32Array(most + 1), new Int32Array(most), new Int32Array(most)];
    [this.#places, this.#before] = [new Int32Array(most), new Int32Array(most)];
  }

  /** Adds the words of so many bytes of ASCII, which are folded in their place. */
  readAscii(bytes: Buffer, length: number, place: number): void {
    bytes[length] = 0; // ends the last word
    for (let at = 0, start = -1; at <= length; at++) {
      const letter = FOLDED[bytes[at] ?? 0] ?? 0;
      if (letter !== 0) {
        bytes[at] = letter;
        if (start === -1) start = at;
      } else if (start !== -1) {
        this.add(bytes, place, start, Math.min(at, start + MAX_WORD));
        start = -1;
      }
    }
  }

  add(from: Buffer, place: number, start = 0, end = from.length): void {
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + (from[at] ?? 0)) | 0;
    let slot = (hash ^ (hash >>> 15)) & this.#mask;
    for (let word = this.#table[slot] ?? 0; word !== 0; word = this.#table[slot] ?? 0) {
      if (this.#is(word, from, start, end)) {
        this.#note(word, place);
        return;
      }
      slot = (slot + 1) & this.#mask;
    }
    const word = ++this.#words;
    this.#table[slot] = word;
    const begin = this.#starts[word] ?? 0;
    for (let at = start; at < end; at++) this.#bytes[begin + at - start] = from[at] ?? 0;
    this.#starts[word + 1] = begin + end - start;
    this.#note(word, place);
  }

  #is(word: number, from: Buffer, start: number, end: number): boolean {
    const begin = this.#starts[word] ?? 0;
    if ((this.#starts[word + 1] ?? 0) - begin !== end - start) return false;
    for (let at = start; at < end; at++) if (this.#bytes[begin + at - start] !== from[at]) return false;
    return true;
  }

  #note(word: number, place: number): void {
    const last = this.#last[word] ?? 0;
    if (last !== 0 && this.#places[last] === place) return;
    const added = ++this.#added;
    this.#places[added] = place;
    this.#before[added] = last;
    this.#last[word] = added;
    this.#counts[word] = (this.#counts[word] ?? 0) + 1;
  }

  vector(): Buffer {
    const letters = this.#starts[this.#words + 1] ?? 0;
    const vector = Buffer.allocUnsafe(
      HEAD_BYTES + letters + this.#words * (1 + PLACE_BYTES) + this.#added * PLACE_BYTES,
    );
    let at = vector.writeUInt32BE(this.#words);
    for (let word = 1; word <= this.#words; word++) {
      const end = this.#starts[word + 1] ?? 0;
      for (let from = this.#starts[word] ?? 0; from < end; from++) vector[at++] = this.#bytes[from] ?? 0;
      vector[at++] = 0;
      const count = this.#counts[word] ?? 0;
      vector[at++] = 0; // both fit into a byte: a block has fewer events
      vector[at++] = count;
      at += count * PLACE_BYTES;
      let into = at;
      for (let added = this.#last[word] ?? 0; added !== 0; added = this.#before[added] ?? 0) {
        vector[--into] = this.#places[added] ?? 0;
        vector[--into] = 0;
      }
    }
    return vector;
  }
}
