// What a row of the credential tables is, and the pieces that most rows are made of.
// - Every regex is sticky and bounded: at one place it looks at a bounded number of characters, whatever the text.

export interface Kind {
  /** What stands in the mark, `[redacted:<kind>]`: [a-z0-9_]+. */
  readonly kind: string;
  readonly about: string;
  /** Where its form is documented. */
  readonly source: string;
  /** Three characters or more: every match has one of them `lead` characters after its beginning. */
  readonly words: readonly string[];
  /** In a text the words may have capitals, too; here they are in small letters. Else they stand as they are here. */
  readonly anyCase: boolean;
  /** Matches from the beginning of the credential or of what leads to it; group 1, if there is one, is kept. */
  readonly regex: RegExp;
  readonly lead: number;
  /** Known by what stands around it, not by its own form: gives way to a kind that knows the form. */
  readonly generic: boolean;
  /** What every match has within so many characters: it is looked for first, which is faster. */
  readonly needs?: Needs;
  /** Sticky: where the kind sees nothing, it sees nothing either in what this matches from there, and is not asked. */
  readonly barren?: RegExp;
  /** The last word on a match. */
  readonly accept?: (match: RegExpExecArray) => boolean;
  /** Finds the credentials around a word by itself, in the place of the regex. */
  readonly locate?: Locate;
}

export interface Needs {
  readonly text: string;
  readonly within: number;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Gives what it found, and up to where it need not be asked again. It looks at a bounded stretch of text. */
export type Locate = (text: string, at: number) => { readonly spans: readonly Span[]; readonly until: number };

/** A kind that is known by its own form. @param lead characters of the credential before the word */
export function form(
  kind: string,
  about: string,
  source: string,
  words: readonly string[],
  regex: RegExp,
  lead = 0,
): Kind {
  return { kind, about, source, words, anyCase: regex.ignoreCase, regex, lead, generic: false };
}

/** A kind that is known by what stands around it. */
export function context(
  kind: string,
  about: string,
  source: string,
  words: readonly string[],
  regex: RegExp,
  accept?: (match: RegExpExecArray) => boolean,
  needs?: Needs,
): Kind {
  const checks = { ...(accept ? { accept } : {}), ...(needs ? { needs } : {}) };
  return { kind, about, source, words, anyCase: regex.ignoreCase, regex, lead: 0, generic: true, ...checks };
}

/** A kind that is known by what stands around it, and found by a function. */
export function located(
  kind: string,
  about: string,
  source: string,
  words: readonly string[],
  locate: Locate,
  needs?: Needs,
): Kind {
  const own = { kind, about, source, words, anyCase: true, regex: /(?!)/y, lead: 0, generic: true, locate };
  return needs ? { ...own, needs } : own;
}

export const HEX = "[a-f0-9]";
export const ALNUM = "[A-Za-z0-9]";
export const WORD = "[A-Za-z0-9_-]";

/** No letter or digit stands before, unless it ends an escape such as \n or %20 of a text within the text. */
export const LEFT = "(?:(?<![A-Za-z0-9])|(?<=\\\\[bfnrt])|(?<=%[0-9A-Fa-f]{2}))";
/** A terminal or an editor may have broken the line. */
const WRAP = "(?:\\\\?\\r?\\n[ \\t]{0,8}|\\\\{1,7}n)?";
/** The end of a text that its sender has cut. */
const CUT = "(?=…|\\.\\.\\.|$)";

/**
 * A regex for a prefix and so many characters of a class.
 * - A line break anywhere in the first `min` characters does not hide it.
 * - Half of it is enough where the text ends or is cut.
 * @param prefix source of a regex @param max equal to `min`: neither letter nor digit may follow
 */
export function token(prefix: string, characters: string, min: number, max = 255): RegExp {
  const whole = `(?:${characters}${WRAP}){${min - 1}}${characters}`;
  const rest = max > min ? `${characters}{0,${max - min}}` : "(?![A-Za-z0-9])";
  const half = `${characters}{${Math.ceil(min / 2)},${min}}${CUT}`;
  // A prefix that nothing else begins like needs nothing before it.
  return new RegExp(
    `${/^[a-z]{2,8}\[?[a-z]*\]?_/.test(prefix) && min >= 30 ? "" : LEFT}${prefix}(?:${whole}${rest}|${half})`,
    "y",
  );
}

/** A regex for anything else that has to begin a word. @param flags "i" where case does not matter */
export function word(source: string, flags = ""): RegExp {
  return new RegExp(`${LEFT}${source}`, `y${flags}`);
}
