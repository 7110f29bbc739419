// A text as a person sees it: without colours and characters of no width, with escapes as what they stand for.
// - Credentials are looked for in the view; what is found is said in places of the text itself.

export interface View {
  readonly text: string;
  /** The place in the text of what stands from `start` to `end` of the view. */
  source(start: number, end: number): { start: number; end: number };
}

const NO_WIDTH = /[\u00ad\u200b-\u200f\u2060\ufeff]/;
/** What a view can only be made of where one of these stands. */
const SIGNS = ["\x1b", "\\u00", "\\x", "\\033", "\\e[", "%3", "%2", "&quot;", "&#", "&amp;", "&apos;"];
const SPECIAL =
  /\x1b(?:\[[0-9;:?]{0,30}[A-Za-z]|\][^\x07\x1b\n]{0,300}(?:\x07|\x1b\\)|[()][A-Z0-9])|\\{1,4}(?:u001[bB]|x1[bB]|033|e)\[[0-9;:?]{0,30}[A-Za-z]|[\u00ad\u200b-\u200f\u2060\ufeff]|\\{1,4}(?:u00|x)([2-7][0-9a-fA-F])|%(2[02567]|3[aAdD])|&(quot|apos|amp|#3[49]|#x2[27]);/g;
const SPECIAL_HERE = new RegExp(SPECIAL.source, "y");
const ENTITIES = new Map([
  ["quot", '"'],
  ["#34", '"'],
  ["#x22", '"'],
  ["apos", "'"],
  ["#39", "'"],
  ["#x27", "'"],
  ["amp", "&"],
]);

/** The view of a text; undefined where it is the text itself. */
export function viewOf(text: string): View | undefined {
  if (!SIGNS.some((sign) => text.includes(sign)) && !NO_WIDTH.test(text)) return undefined;
  const pieces: string[] = [];
  /** Where each piece begins in the view, and in the text. */
  const inView: number[] = [];
  const inText: number[] = [];
  let size = 0;
  let from = 0;
  const add = (piece: string, at: number) => {
    if (piece === "") return;
    pieces.push(piece);
    inView.push(size);
    inText.push(at);
    size += piece.length;
  };
  for (const match of text.matchAll(SPECIAL)) {
    const [all, code, percent, entity] = match;
    add(text.slice(from, match.index), from);
    const hex = code ?? percent;
    add(
      hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (ENTITIES.get(entity ?? "") ?? ""),
      match.index,
    );
    from = match.index + all.length;
  }
  if (from === 0) return undefined;
  add(text.slice(from), from);
  return { text: pieces.join(""), source };

  function source(start: number, end: number) {
    return { start: place(start), end: endOf(end - 1) };
  }

  function pieceAt(at: number): number {
    let low = 0;
    let high = inView.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((inView[middle] as number) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  function place(at: number): number {
    const piece = pieceAt(at);
    return (inText[piece] ?? 0) + at - (inView[piece] ?? 0);
  }

  /** Behind the character: an escape is several characters of the text. */
  function endOf(at: number): number {
    const piece = pieceAt(at);
    const length = pieces[piece]?.length ?? 0;
    const start = inText[piece] ?? 0;
    const offset = at - (inView[piece] ?? 0);
    if (length > 1 || offset > 0) return start + offset + 1;
    SPECIAL_HERE.lastIndex = start;
    return start + (SPECIAL_HERE.exec(text)?.[0].length ?? 1);
  }
}
