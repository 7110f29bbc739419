// Words as PostgreSQL keeps and finds them: read by us, so that every store finds the same.

import { type Alternative, fold, type Term, WORD } from "../words.ts";

/** Source: PostgreSQL, "Limitations" of text search: a lexeme has less than 2 KiB, a position at most 16,383. */
const MAX_WORD = 500;
const MAX_POSITION = 16_383;
const MAX_POSITIONS = 255;

/** The text as a literal of tsvector: its words, folded, with their places. */
export function vectorOf(text: string): string {
  const places = new Map<string, number[]>();
  let place = 0;
  for (const word of fold(text).match(WORD) ?? []) {
    place = Math.min(place + 1, MAX_POSITION);
    const key = word.slice(0, MAX_WORD);
    const known = places.get(key);
    if (!known) places.set(key, [place]);
    else if (known.length < MAX_POSITIONS && known.at(-1) !== place) known.push(place);
  }
  return [...places].map(([word, at]) => `'${word}':${at.join()}`).join(" ");
}

/** The search as a literal of tsquery. */
export function queryOf(alternatives: readonly Alternative[]): string {
  return alternatives
    .map(({ with: all, without }) => {
      const wanted = all.map(write).join(" & ");
      return without.length > 0 ? `(${wanted} & !(${without.map(write).join(" | ")}))` : `(${wanted})`;
    })
    .join(" | ");
}

const write = ({ words, isBeginning }: Term): string =>
  `(${words
    .map((word, index) => `'${fold(word).slice(0, MAX_WORD)}'${isBeginning && index === words.length - 1 ? ":*" : ""}`)
    .join(" <-> ")})`;
