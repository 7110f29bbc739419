// Words as PostgreSQL keeps and finds them: read by us, so that every store finds the same.
// - The words of a block of events are one value of tsvector. What stands at a word are the places of its events in the
//   block, counted from 1: words that are asked for together have to stand at the same place, `<0>` in a query.
// - Up to schema 4 each event had a value of its own, with the places of its words in the text. Those are there still.

import { type Alternative, fold, type Term, wordsOf } from "../words.ts";

/** Source: PostgreSQL, "Limitations" of text search: a lexeme has less than 2 KiB. */
const MAX_WORD = 500;

/** Cut words may be the same, and half a character is none. */
const cut = (word: string): string => (word.length > MAX_WORD ? word.slice(0, MAX_WORD).toWellFormed() : word);

/** In a value of tsvector as it is sent: how many words, how many places of one, a place. */
const HEAD_BYTES = 4;
const PLACE_BYTES = 2;
/** Of a character of UTF-16 in UTF-8, at most. */
const CHARACTER_BYTES = 3;

/**
 * The words of texts, each with the places of the texts that have it, as PostgreSQL receives a tsvector: the number of
 * words; then each word in UTF-8, a zero, the number of its places, and these. Source: tsvectorrecv in tsvector.c.
 */
export function vectorOf(texts: readonly string[]): Buffer {
  const placesOf = new Map<string, number[]>();
  let bytes = HEAD_BYTES;
  for (const [index, text] of texts.entries()) {
    const place = index + 1;
    for (const whole of wordsOf(text)) {
      const word = cut(whole);
      const places = placesOf.get(word);
      if (!places) {
        placesOf.set(word, [place]);
        bytes += word.length * CHARACTER_BYTES + 1 + 2 * PLACE_BYTES;
      } else if (places[places.length - 1] !== place) {
        places.push(place);
        bytes += PLACE_BYTES;
      }
    }
  }
  const vector = Buffer.allocUnsafe(bytes);
  let at = vector.writeUInt32BE(placesOf.size);
  for (const [word, places] of placesOf) {
    at += vector.write(word, at);
    vector[at++] = 0;
    at = vector.writeUInt16BE(places.length, at);
    for (const place of places) at = vector.writeUInt16BE(place, at);
  }
  return vector.subarray(0, at);
}

/** The search as a literal of tsquery for the words of one event. */
export function queryOf(alternatives: readonly Alternative[]): string {
  const write = (term: Term) => `(${literals(term).join(" <-> ")})`;
  return alternatives
    .map(({ with: all, without }) => {
      const wanted = all.map(write).join(" & ");
      return without.length > 0 ? `(${wanted} & !(${without.map(write).join(" | ")}))` : `(${wanted})`;
    })
    .join(" | ");
}

/** The search as a literal of tsquery for blocks: those with an event that may be meant. Where words stand is not known. */
export function blockQueryOf(alternatives: readonly Alternative[]): string {
  return alternatives.map(({ with: all }) => `(${[...new Set(all.flatMap(literals))].join(" <0> ")})`).join(" | ");
}

const literals = ({ words, isBeginning }: Term): string[] =>
  words.map((word, index) => `'${cut(fold(word))}'${isBeginning && index === words.length - 1 ? ":*" : ""}`);

/** Whole words, and beginnings of words, that a search is about. */
export function wantedIn(alternatives: readonly Alternative[]): { words: string[]; beginnings: string[] } {
  const words = new Set<string>();
  const beginnings = new Set<string>();
  for (const term of alternatives.flatMap(({ with: all, without }) => [...all, ...without]))
    for (const [index, word] of term.words.entries())
      (term.isBeginning && index === term.words.length - 1 ? beginnings : words).add(cut(fold(word)));
  return { words: [...words], beginnings: [...beginnings] };
}

/** The places of a block whose events may be meant, by the places of each of its words. */
export function likelyPlaces(
  alternatives: readonly Alternative[],
  found: ReadonlyMap<string, readonly number[]>,
): ReadonlySet<number> {
  const ofBeginning = (beginning: string) =>
    new Set([...found].flatMap(([word, places]) => (word.startsWith(beginning) ? places : [])));
  const ofTerm = ({ words, isBeginning }: Term) =>
    words
      .map((word, index) => {
        const wanted = cut(fold(word));
        return isBeginning && index === words.length - 1 ? ofBeginning(wanted) : new Set(found.get(wanted));
      })
      .reduce((both, places) => both.intersection(places));
  return alternatives
    .map(({ with: all, without }) =>
      without
        .filter(({ words }) => words.length === 1) // whether several stand in a row, the text alone says
        .map(ofTerm)
        .reduce(
          (left, places) => left.difference(places),
          all.map(ofTerm).reduce((both, places) => both.intersection(places)),
        ),
    )
    .reduce((either, places) => either.union(places));
}
