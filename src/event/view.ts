// A text as a person sees it: without colours, characters of no width and the numbers of its lines, with escapes as what
// they stand for.
// - Credentials are looked for in the view; what is found is said in places of the text itself.

import { mayBeNumbered, numbersIn } from "./numbered.ts";
import { createPieces } from "./pieces.ts";
import { createRewrites, type Rewrites } from "./rewrites.ts";

export interface View {
  readonly text: string;
  /** The place in the text of what stands from `start` to `end` of the view. */
  source(start: number, end: number): { start: number; end: number };
}

/** What a view differs in, but for the numbers of lines. */
const SIGN = /[\x1b\u00ad\u200b-\u200f\u2060\ufeff]|\\(?:u00|x|033|e\[)|%[23]|&(?:quot;|#|amp;|apos;|lt;)/;
const SPECIAL =
  /\x1b(?:\[[0-9;:?]{0,30}[A-Za-z]|\][^\x07\x1b\n]{0,300}(?:\x07|\x1b\\)|[()][A-Z0-9])|\\{1,4}(?:u001[bB]|x1[bB]|033|e)\[[0-9;:?]{0,30}[A-Za-z]|[\u00ad\u200b-\u200f\u2060\ufeff]|\\{1,4}(?:u00|x)([2-7][0-9a-fA-F])|%(2[02567]|3[aAdD])|&(quot|apos|amp|lt|gt|#3[49]|#x2[27]);/g;
const ENTITIES = new Map([
  ["quot", '"'],
  ["#34", '"'],
  ["#x22", '"'],
  ["apos", "'"],
  ["#39", "'"],
  ["#x27", "'"],
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
]);

/** The views that together show all of a text; none where it is its own. */
export function viewsOf(text: string): View[] {
  const hasSign = SIGN.test(text);
  if (!hasSign && !mayBeNumbered(text)) return [];
  const shown = hasSign ? rewritten(text, specialsIn(text)) : undefined;
  const seen = shown?.text ?? text;
  const numbers = mayBeNumbered(seen) ? numbersIn(seen) : undefined;
  const lines = numbers && rewritten(seen, numbers.rewrites);
  if (!lines) return shown ? [shown] : [];
  const unnumbered = shown ? within(lines, shown) : lines;
  return numbers.named ? [shown ?? { text, source: (start, end) => ({ start, end }) }, unnumbered] : [unnumbered];
}

/** The view of a view, as one of the text. */
function within(inner: View, outer: View): View {
  return {
    text: inner.text,
    source(from, to) {
      const { start, end } = inner.source(from, to);
      return outer.source(start, end);
    },
  };
}

function specialsIn(text: string): Rewrites {
  return replaced(text, SPECIAL, ([, code, percent, entity]) => {
    const hex = code ?? percent;
    return hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (ENTITIES.get(entity ?? "") ?? "");
  });
}

/** What every match of a pattern stands for. @param pattern global */
function replaced(text: string, pattern: RegExp, by: (match: RegExpExecArray) => string): Rewrites {
  const rewrites = createRewrites();
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text))
    rewrites.add(match.index, pattern.lastIndex, by(match));
  return rewrites;
}

const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))/g;
const ESCAPED = new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
/** A shorter string holds nothing that is not seen without decoding it. Characters. */
const MIN_LITERAL = 16;

/**
 * The strings of JSON or of source in a text that have escapes in them, decoded. A string ends on its line, unless an escape
 * leads on: lines without one are passed over.
 */
export function* literalsIn(text: string): Generator<View> {
  let from = 0;
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", from)) {
    from = beginOfLine(text, at, from);
    for (; from <= at; from++) {
      const open = text.indexOf('"', from);
      if (open < 0) return;
      if (open > at) break;
      from = endOfLiteral(text, open + 1);
      // Where none ends on this line, none that begins later on it does: it is not looked for at every quote.
      const content = text[from] === '"' && from - open > MIN_LITERAL ? text.slice(open + 1, from) : "";
      const view = content.includes("\\") ? decoded(content, open + 1) : undefined;
      if (view) yield view;
    }
    from = Math.max(from, at + 1);
  }
}

/** Where the line of a place begins, or the part of it that begins at `from`. */
function beginOfLine(text: string, at: number, from: number): number {
  let begin = at;
  while (begin > from && text.charCodeAt(begin - 1) !== 10) begin--;
  return begin;
}

function decoded(content: string, offset: number): View | undefined {
  const escapes = replaced(content, ESCAPE, ([, hex, letter = ""]) =>
    hex === undefined ? (ESCAPED.get(letter) ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const view = rewritten(content, escapes);
  if (!view) return undefined;
  return {
    text: view.text,
    source(from, to) {
      const { start, end } = view.source(from, to);
      return { start: start + offset, end: end + offset };
    },
  };
}

/** The quote that ends a string on the same line, or the end of the line. */
function endOfLiteral(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 92) at++;
    else if (code === 34) return at;
    else if (code === 10) return at;
  }
  return text.length;
}

/** A view in which other characters stand for stretches of a text; undefined where there are none. */
function rewritten(text: string, rewrites: Rewrites): View | undefined {
  const { count } = rewrites;
  if (count === 0) return undefined;
  /** By rewrite: where in the view what stands in its place begins. */
  const begins = new Int32Array(count);
  const pieces = createPieces();
  let size = 0;
  let from = 0;
  for (let index = 0; index < count; index++) {
    const [start, by] = [rewrites.start(index), rewrites.by(index)];
    size += start - from;
    begins[index] = size;
    size += by.length;
    pieces.add(text.slice(from, start));
    pieces.add(by);
    from = rewrites.end(index);
  }
  pieces.add(text.slice(from));
  return { text: pieces.whole(), source: (start, end) => ({ start: place(start), end: endOf(end - 1) }) };

  /** The last rewrite that begins at a place of the view or before, or -1. */
  function before(at: number): number {
    let low = -1;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((begins[middle] as number) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function place(at: number): number {
    const index = before(at);
    if (index < 0) return at;
    const behind = at - (begins[index] as number) - rewrites.by(index).length;
    return behind < 0 ? rewrites.start(index) : rewrites.end(index) + behind;
  }

  /** Behind the character: an escape is several characters of the text. */
  function endOf(at: number): number {
    const index = before(at);
    if (index < 0) return at + 1;
    return rewrites.end(index) + Math.max(at + 1 - (begins[index] as number) - rewrites.by(index).length, 0);
  }
}
