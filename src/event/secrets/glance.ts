// What tells at a glance what a regular expression would find behind a name, or that it finds nothing: one that tries many
// ways takes far longer than a look at the next few characters.
// - Each is exact where it answers, and leaves to the expression what it does not know.

/** What stands between a name and its value, as JOINED of assigned.ts reads it. */
export interface Joint {
  /** Characters. */
  readonly length: number;
  /** A quote ends the name. */
  readonly key: boolean;
  readonly sep: string;
  /** Nothing but `=` or the like, without a space. */
  readonly tight: boolean;
  /** What may follow a name at the beginning of a line. */
  readonly inLine: boolean;
  /** Only space. */
  readonly gap: boolean;
}

const [TAB, NEWLINE, RETURN, SPACE, QUOTE, AMPERSAND, APOSTROPHE] = [9, 10, 13, 32, 34, 38, 39];
const [STAR, DASH, COLON, LESS, EQUALS, MORE, QUESTION, BACKSLASH, BACKTICK] = [42, 45, 58, 60, 61, 62, 63, 92, 96];
const WIDE_SPACE = 160;

const TIGHT: Joint = { length: 1, key: false, sep: "=", tight: true, inLine: true, gap: false };
/** What ends a joint of one `=`. By character, of the first 128. */
const ENDS_TIGHT = setOf(/[\w./+~%&{}[\]()$#@!,;"'`\\-]/);
/** What a type consists of that stands between a name and its value. */
const TYPE = setOf(/[\w.<>[\]?]/);
const LETTER = setOf(/[A-Za-z]/);
/** What may begin a value behind a gap. */
const BEGINS_VALUE = setOf(/[\w"'`]/);
/** Words behind a gap that join, and what they begin with. */
const JOINING =
  /(?:for|für|of|d[eiu]?|del|is|was|ist|lautet|est|es|has|changed|(?:re)?generated|refreshed|created|issued|rotated|obtained|received|reset|set|to|default)[ \t:'\u2019]/y;
const BEGINS_JOINING = setOf(/[cdefghilorstw]/);
const [MAX_SPACES, MAX_GAP, MAX_TYPE] = [100, 40, 41];

function setOf(characters: RegExp): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => Number(characters.test(String.fromCharCode(code))));
}

/** The joint, where it is one of the most frequent; undefined where there is none; null where only JOINED knows. */
export function plainJoint(text: string, to: number): Joint | undefined | null {
  const code = text.charCodeAt(to);
  if (code === EQUALS) return ENDS_TIGHT[text.charCodeAt(to + 1)] === 1 ? TIGHT : null;
  if (code === NEWLINE || code === RETURN) return undefined;
  if (code === SPACE || code === TAB) return gapAt(text, to);
  const key = code === QUOTE || code === APOSTROPHE || code === BACKTICK;
  return text.charCodeAt(to + Number(key)) === COLON ? colonAt(text, to, key) : null;
}

/** `name value`. */
function gapAt(text: string, to: number): Joint | null {
  const end = behindSpaces(text, to, MAX_GAP);
  const code = text.charCodeAt(end);
  if (BEGINS_VALUE[code] !== 1) return null;
  JOINING.lastIndex = end;
  if (BEGINS_JOINING[code] === 1 && JOINING.test(text)) return null;
  return { length: end - to, key: false, sep: " ", tight: false, inLine: true, gap: true };
}

/** `name: value` and `"name": "value"`, where no type stands between them. */
function colonAt(text: string, to: number, key: boolean): Joint | null {
  const colon = to + Number(key);
  const next = text.charCodeAt(colon + 1);
  if (next === COLON || next === EQUALS || next === DASH || next === QUESTION || next === STAR) return null;
  const end = behindSpaces(text, colon + 1, MAX_SPACES);
  const code = text.charCodeAt(end);
  if (isSpace(code) || code === NEWLINE || code === RETURN || code === AMPERSAND) return null;
  if (code === APOSTROPHE && text.startsWith("'static", end)) return null;
  if (LETTER[code] === 1 && mayBeType(text, end)) return null;
  return { length: end - to, key, sep: ":", tight: false, inLine: true, gap: false };
}

/** Whether a word is a type: `: Option<String> = "..."`. */
function mayBeType(text: string, at: number): boolean {
  let end = at;
  while (end - at <= MAX_TYPE && TYPE[text.charCodeAt(end)] === 1) end++;
  return text.charCodeAt(behindSpaces(text, end, MAX_GAP)) === EQUALS;
}

/** Behind at most so many spaces. */
function behindSpaces(text: string, at: number, max: number): number {
  let end = at;
  while (end - at < max && isSpace(text.charCodeAt(end))) end++;
  return end;
}

const isSpace = (code: number): boolean => code === SPACE || code === TAB || code === WIDE_SPACE;

/** What is left of an element behind a name in it. Characters. */
const MAX_TAG = 61;
const MAX_SLASHES = 7;
/** Between two members of an object. */
const BETWEEN = setOf(/[\s-]/);
/** How what holds the value is named: `value`, `val`, `string_value`, `secret_string`, `parameter_value`, `content`. */
const VALUE_NAME = /(?:val|string_?v|secret_?s|parameter_?v|content)/iy;

/** Whether a name may be a value itself, to which another one belongs, as PAIRED of assigned.ts reads it. */
export function mayBePaired(text: string, to: number): boolean {
  let at = to;
  if (text.charCodeAt(to) !== EQUALS) {
    while (at - to < MAX_SLASHES && text.charCodeAt(at) === BACKSLASH) at++;
    if (isQuote(text.charCodeAt(at))) at++;
    if (leadsToValue(text, at)) return true;
  }
  return isInTag(text, at, at + MAX_TAG);
}

const BRACE = 123;
const isBreak = (code: number): boolean => code === NEWLINE || code === RETURN;
const isQuote = (code: number): boolean => code === QUOTE || code === APOSTROPHE;

function leadsToValue(text: string, from: number): boolean {
  let at = from;
  const code = text.charCodeAt(at);
  if (code === 44 || code === 59) at++; // , and ;
  const begin = at;
  while (at - begin <= MAX_GAP && isBetween(text, at)) at++;
  const next = text.charCodeAt(at);
  if (isQuote(next) || next === BACKSLASH || next === LESS) return true;
  if (next === BRACE) return isQuote(text.charCodeAt(from - 1));
  if (next === COLON) return text.charCodeAt(behindBlanks(text, at + 1)) === BRACE || isBreak(text.charCodeAt(at + 1));
  VALUE_NAME.lastIndex = at;
  return VALUE_NAME.test(text);
}

function isBetween(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code < 128 ? BETWEEN[code] === 1 : /\s/.test(text[at] ?? "");
}

function behindBlanks(text: string, at: number): number {
  let end = at;
  while (isBetween(text, end) && end - at <= MAX_GAP) end++;
  return end;
}

/** Whether an element ends before another one or the line does. */
function isInTag(text: string, from: number, last: number): boolean {
  for (let at = from; at <= last; at++) {
    const code = text.charCodeAt(at);
    if (code === MORE) return true;
    if (code === LESS || code === NEWLINE) return false;
  }
  return false;
}
