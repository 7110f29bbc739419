// Lines of a private key that stand without their head or their end, as `sed` and `tail` show them.

import { type Kind, located, type Span } from "./kind.ts";

/** Widths of the lines of keys: RFC 7468, and OpenSSH. Characters. */
const WIDTHS = [64, 70];
/** Fewer lines than this tell nothing. */
const MIN_LINES = 3;
const MAX_LINES = 200;
/** Between two lines: the end of one, and what a diff, a listing or source put before the next. */
const BETWEEN =
  /[^A-Za-z0-9+/=\n]{0,12}(?:\\?\r?\n|\\{1,7}n)[^A-Za-z0-9+/=\n]{0,12}(?:[\w./-]{0,60}\d{1,6}[^A-Za-z0-9+/=\n]{1,4})?[-+ ]{0,2}/y;
/** Content of an element of XML, which is a certificate or a signature. */
const ELEMENT = />\s*$/;
/** What stands in a certificate, as base64: object identifiers of names. */
const CERTIFICATE = /BgNV|VQQ[DGHIKLM]|UEBhMC|UEAx/;

/** The lines that the run of base64 characters is the first of; undefined where it is no line of a key. */
export function keyLines(text: string, from: number, end: number): Span | undefined {
  const start = /[-+]/.test(text[from] ?? "") && WIDTHS.includes(end - from - 1) ? from + 1 : from;
  const width = end - start;
  if (!WIDTHS.includes(width) || !isKeyLike(text.slice(start, end))) return undefined;
  if (ELEMENT.test(text.slice(Math.max(0, start - 4), start))) return undefined; // before its lines are gone through
  let until = end;
  let lines = 1;
  for (; lines < MAX_LINES; lines++) {
    const next = lineAfter(text, until);
    if (!next || !isKeyLike(next.text)) break;
    if (next.text.length > width) break;
    until = next.end;
    if (next.text.length < width) break;
  }
  if (lines < MIN_LINES || CERTIFICATE.test(text.slice(start, until))) return undefined;
  return { start, end: until };
}

function lineAfter(text: string, at: number): { text: string; end: number } | undefined {
  BETWEEN.lastIndex = at;
  if (!BETWEEN.test(text)) return undefined;
  const from = BETWEEN.lastIndex;
  let end = from;
  while (end - from <= 80 && /[A-Za-z0-9+/=]/.test(text[end] ?? "")) end++;
  return end === from ? undefined : { text: text.slice(from, end), end };
}

/** Capitals, small letters and digits, and no word among them. */
function isKeyLike(line: string): boolean {
  return (
    line.length < 40 ||
    (/[A-Z]/.test(line) &&
      /[a-z]/.test(line) &&
      /\d/.test(line) &&
      !/[a-z]{9}|[A-Z]{9}|([A-Za-z0-9+/])\1{5}/.test(line))
  );
}

const MAX_LINES_BEFORE = 80;
const MAX_LINE_BEFORE = 130;
/** The last line of a text and what ends it. */
const LINE_BEFORE = /(?<!\\)[A-Za-z0-9+/=]{4,80}([^A-Za-z0-9+/=\n]{0,12}(?:\\?\r?\n|\\{1,7}n)[^A-Za-z0-9+/=\n]{0,12})$/;

/** The lines before the end of a key whose beginning is missing. */
function beforeEnd(text: string, at: number) {
  const nothing = { spans: [], until: at + 1 };
  if (!/^-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY/.test(text.slice(at, at + 60))) return nothing;
  let last: RegExpExecArray | null = null;
  let [start, end] = [at, at];
  for (let lines = 0; lines < MAX_LINES_BEFORE; lines++) {
    last = LINE_BEFORE.exec(text.slice(Math.max(0, start - MAX_LINE_BEFORE), start));
    if (!last) break;
    if (lines === 0) end = start - (last[1]?.length ?? 0);
    start -= last[0].length;
  }
  if (start === at || text.slice(Math.max(0, at - 5000), at).includes("-----BEGIN")) return nothing;
  return { spans: [{ start, end }], until: at + 5 };
}

export const KEYS: readonly Kind[] = [
  located(
    "private_key_lines",
    "lines of a private key without its first line",
    "https://www.rfc-editor.org/rfc/rfc7468",
    ["-----end "],
    beforeEnd,
  ),
];
