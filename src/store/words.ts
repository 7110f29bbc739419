// What a person types into a search: words, "phrases", beginn*, OR, NOT or a minus, read so that it cannot be wrong.
// - A word is found whole, whatever its case and accents. Shorter beginnings than three letters are taken as words.

/** Shorter ones stand for so many words that a large store is searched for seconds. Letters. */
const MIN_BEGINNING = 3;

/** Words that stand one after the other; the last may be a beginning. */
export interface Term {
  readonly words: readonly string[];
  readonly isBeginning: boolean;
}

/** One alternative of a search: all of `with`, none of `without`. */
export interface Alternative {
  readonly with: readonly Term[];
  readonly without: readonly Term[];
}

/** One word of a text. */
export const WORD = /[\p{L}\p{N}\p{Co}][\p{L}\p{N}\p{M}\p{Co}]*/gu;

const ASCII = /^[\0-\x7f]*$/;

export const isAscii = (text: string): boolean => ASCII.test(text);

/** Without case and accents, as the index folds them. */
export const fold = (text: string): string =>
  isAscii(text) ? text.toLowerCase() : text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

const ASCII_WORD = /[a-z0-9]+/g;

/** The words of a text in their order, folded, as the index keeps them. */
export function wordsOf(text: string): readonly string[] {
  return (isAscii(text) ? text.toLowerCase().match(ASCII_WORD) : fold(text).match(WORD)) ?? [];
}

/** The alternatives that were typed; none: nothing can be found. */
export function readSearch(typed: string): readonly Alternative[] {
  const alternatives: { with: Term[]; without: Term[] }[] = [{ with: [], without: [] }];
  let negated = false;
  for (const [, minus = "", phrase, word] of typed.matchAll(/(-?)(?:"([^"]*)"?|(\S+))/g)) {
    if (word === "OR") alternatives.push({ with: [], without: [] });
    else if (word === "NOT") negated = true;
    else if (word !== "AND") {
      const term = termOf(phrase ?? word ?? "", phrase !== undefined);
      const current = alternatives.at(-1);
      if (term && current) current[negated || minus ? "without" : "with"].push(term);
      negated = false;
    }
  }
  return alternatives.filter((alternative) => alternative.with.length > 0);
}

function termOf(text: string, isPhrase: boolean): Term | undefined {
  const words = text.match(WORD) ?? [];
  const last = words.at(-1);
  if (last === undefined) return undefined;
  return { words, isBeginning: !isPhrase && text.endsWith("*") && last.length >= MIN_BEGINNING };
}

/** The search as an expression of FTS5. */
export function matchOf(alternatives: readonly Alternative[]): string {
  const write = ({ words, isBeginning }: Term) => `"${words.join(" ")}"${isBeginning ? " *" : ""}`;
  return alternatives
    .map(({ with: all, without }) => {
      const wanted = `(${all.map(write).join(" AND ")})`;
      return without.length > 0 ? `(${wanted} NOT (${without.map(write).join(" OR ")}))` : wanted;
    })
    .join(" OR ");
}

/** Whether a text has the words that are searched for: what an index only makes likely. */
export function hasWords(text: string, alternatives: readonly Alternative[]): boolean {
  const words = wordsOf(text);
  const has = ({ words: wanted, isBeginning }: Term): boolean => {
    const folded = wanted.map(fold);
    const last = folded.length - 1;
    const stands = (place: number) =>
      folded.every((word, index) =>
        isBeginning && index === last ? words[place + index]?.startsWith(word) : words[place + index] === word,
      );
    return words.some((_, place) => stands(place));
  };
  return alternatives.some(({ with: all, without }) => all.every(has) && !without.some(has));
}

/** What stands around a match in a snippet. */
export const MATCH_OPEN = "\u0002";
export const MATCH_CLOSE = "\u0003";
const BEFORE = 60;
const AFTER = 120;
/** A text is looked through for the exact place only so far, characters. */
const MAX_LOOKED = 65_536;

/** A piece of the text around the first term that is found, the match between MATCH_OPEN and MATCH_CLOSE. */
export function snippetOf(text: string, alternatives: readonly Alternative[]): string | undefined {
  const looked = text.length > MAX_LOOKED ? text.slice(0, MAX_LOOKED) : text;
  for (const term of alternatives.flatMap((alternative) => alternative.with)) {
    const found = placeOf(looked, term);
    if (found) return cut(text, found.start, found.end);
  }
  return undefined;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function placeOf(text: string, { words: wanted, isBeginning }: Term): Place | undefined {
  const words = wanted.map(fold);
  const [first = ""] = words;
  for (const match of text.matchAll(WORD)) {
    if (!fits(match[0], first, words.length === 1 && isBeginning)) continue;
    const end = words.length === 1 ? match.index + match[0].length : endOf(text, match.index, words, isBeginning);
    if (end !== undefined) return { start: match.index, end };
  }
  return undefined;
}

/** Where the words end that begin there; undefined where others stand there. */
function endOf(text: string, start: number, words: readonly string[], isBeginning: boolean): number | undefined {
  const pattern = new RegExp(WORD);
  pattern.lastIndex = start;
  let end: number | undefined;
  for (const [index, word] of words.entries()) {
    const match = pattern.exec(text);
    if (!match || !fits(match[0], word, isBeginning && index === words.length - 1)) return undefined;
    end = match.index + match[0].length;
  }
  return end;
}

function fits(found: string, wanted: string, isBeginning: boolean): boolean {
  const folded = fold(found);
  return isBeginning ? folded.startsWith(wanted) : folded === wanted;
}

function cut(text: string, start: number, end: number): string {
  const near = start <= BEFORE ? 0 : wordStart(text, start - BEFORE, start);
  // What stands in another line, or in another field of the payload, explains nothing.
  const from = Math.max(near, text.lastIndexOf("\n", start) + 1);
  const to = Math.min(text.length, end + AFTER);
  const clean = (piece: string) => piece.replace(/[\u0002\u0003]/g, "").replace(/\s+/g, " ");
  return [
    from > 0 && text[from - 1] !== "\n" ? "…" : "",
    clean(text.slice(from, start)),
    MATCH_OPEN,
    clean(text.slice(start, end)),
    MATCH_CLOSE,
    clean(text.slice(end, to)),
    to < text.length ? "…" : "",
  ].join("");
}

/** The first place after a space, so that no word is cut. */
function wordStart(text: string, from: number, before: number): number {
  const space = text.slice(from, before).search(/\s/);
  return space === -1 ? from : from + space + 1;
}
