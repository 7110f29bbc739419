// What PostgreSQL is asked for words: read by us, so that every store finds the same.
// - The words of a block of events are one value of tsvector. What stands at a word are the places of its events in the
//   block, counted from 1: words that are asked for together have to stand at the same place, `<0>` in a query.
// - Up to schema 4 each event had a value of its own, with the places of its words in the text. Those are there still.

import { type Alternative, fold, type Term } from "../words.ts";
import type { Marks } from "./marks.ts";
import { cut } from "./vector.ts";

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

/** The search as a literal of tsquery that the index answers by itself: blocks that have words and marks, whichever of its events. */
export const indexQueryOf = (alternatives: readonly Alternative[], marks: Marks): string =>
  alternatives.map((each) => wordsBy(" & ", each, marks)).join(" | ");

/** The search as a literal of tsquery for blocks: those with an event that may be meant. In which order words stand is not known. */
export const blockQueryOf = (alternatives: readonly Alternative[], marks: Marks): string =>
  alternatives.map((each) => wordsBy(" <0> ", each, marks)).join(" | ");

const wordsBy = (operator: string, { with: all }: Alternative, marks: Marks): string => {
  const ofMarks = marks.map((some) => `(${some.map((mark) => `'${mark}'`).join(" | ")})`);
  return `(${[...new Set(all.flatMap(literals)), ...ofMarks].join(operator)})`;
};

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

/** The places of a block whose events may be meant, by the places of each of its words and marks. */
export function likelyPlaces(
  alternatives: readonly Alternative[],
  marks: Marks,
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
  const either = (all: readonly ReadonlySet<number>[]) =>
    all.reduce((one, other) => one.union(other), new Set<number>());
  const ofWords = alternatives.map(({ with: all, without }) =>
    without
      .filter(({ words }) => words.length === 1) // whether several stand in a row, the text alone says
      .map(ofTerm)
      .reduce(
        (left, places) => left.difference(places),
        all.map(ofTerm).reduce((both, places) => both.intersection(places)),
      ),
  );
  return marks
    .map((some) => either(some.map((mark) => new Set(found.get(mark)))))
    .reduce((both, places) => both.intersection(places), either(ofWords));
}
