// Words as PostgreSQL keeps and finds them: read by us, so that every store finds the same.

import { type Alternative, fold, type Term, WORD } from "../words.ts";

/** Source: PostgreSQL, "Limitations" of text search: a lexeme has less than 2 KiB, a position at most 16,383. */
const MAX_WORD = 500;
const MAX_POSITION = 16_383;

/** The text as a literal of tsvector: its words, folded, each with its place; PostgreSQL puts together those that are the same. */
export function vectorOf(text: string): string {
  let vector = "";
  let place = 0;
  for (const word of fold(text).match(WORD) ?? []) {
    if (place < MAX_POSITION) place++;
    vector += `'${word.length > MAX_WORD ? word.slice(0, MAX_WORD) : word}':${place} `;
  }
  return vector;
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
