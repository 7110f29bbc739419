// Reads JSON text into a value, with time and memory in proportion to the text, whatever it holds.
// - A text of ordinary size is left to JSON.parse. Of a larger one's lists and objects the first members are kept, and a
//   mark says how many are not; those are passed over by their brackets alone, and never become values.
// - What is nested deeper than MAX_DEPTH becomes a mark: other readers cannot do with any depth.
// - A number that a double cannot hold (1e400, 12345678901234567890) becomes a string of the same characters.

import { cutMark, depthMark } from "../contract/marks.ts";
import { done, failed, type Result } from "../contract/result.ts";

export interface ReadJson {
  readonly value: unknown;
  /** Whether a number became a string. */
  readonly numbers: boolean;
  /** Whether members of a list or an object were left out. */
  readonly left: boolean;
  /** Whether something was nested too deep. */
  readonly deep: boolean;
}

export interface ReadProblem {
  readonly code: "not_json";
  readonly message: string;
  /** Of the first character that cannot be, or the text's length where it only ends too early. */
  readonly offset?: number;
}

/** JSON.parse manages any depth, JSON.stringify and other readers do not; real payloads stay below 20. */
export const MAX_DEPTH = 200;
const DEPTH_MARK = depthMark(MAX_DEPTH);
/** A text that is not longer is read whole: its values take a few megabytes at most. Characters. */
const WHOLE_LENGTH = 512 * 1024;
/** Members that are kept of a longer text; an envelope has room for hardly more. */
const MAX_MEMBERS = 150_000;
/** Down to this depth a member takes at most half of what is left to its siblings: those behind it are kept, too. */
const SHARED_DEPTH = 4;
/** What may be a number that a double cannot hold: fifteen digits, or an exponent. */
const UNUSUAL_NUMBER = /\d[\d.]{14}|\d[\d.]{0,14}[eE]/;
/** The shortest text that may have one. Characters. */
const UNUSUAL_LENGTH = 3;

/** Reads JSON text. */
export function readJson(text: string): Result<ReadJson, ReadProblem> {
  if (text.length > WHOLE_LENGTH) return read(text, MAX_MEMBERS);
  if (hasUnusualNumber(text)) return read(text, Number.POSITIVE_INFINITY);
  try {
    const value: unknown = JSON.parse(text);
    return done({ value, numbers: false, left: false, deep: isContainer(value) && trim(value, 1) });
  } catch (error) {
    return failed({ code: "not_json", message: (error as Error).message });
  }
}

/** Whether a number stands in the text, outside of its strings, that a double may not hold. Most of a text is strings: they are passed over. */
function hasUnusualNumber(text: string): boolean {
  for (let from = 0; ; ) {
    const quote = text.indexOf('"', from);
    const to = quote < 0 ? text.length : quote;
    if (to - from >= UNUSUAL_LENGTH && UNUSUAL_NUMBER.test(text.slice(from, to))) return true;
    const end = quote < 0 ? undefined : endOfString(text, quote);
    if (end === undefined) return false;
    from = end;
  }
}

/**
 * The elements of a list as texts, so that each can be read and forgotten before the next; undefined for what is no list.
 * Of a longer list than `max` one more than so many are given: a text takes more memory than the two characters it may have.
 */
export function splitList(text: string, max: number): Result<readonly string[], ReadProblem> | undefined {
  const open = /^\s{0,64}\[/.exec(text)?.[0].length;
  if (open === undefined) return undefined;
  const elements: string[] = [];
  let from = open;
  const end = passMembers(text, open, (comma) => {
    if (elements.length <= max) elements.push(text.slice(from, comma));
    from = comma + 1;
  });
  if (end === undefined) return failed(tooEarlyIn(text));
  if (text.slice(end).trim() !== "") return failed(unexpectedAt(end));
  const last = text.slice(from, end - 1);
  if (elements.length > max) return done(elements);
  // Whether each element is JSON shows when it is read.
  return done(elements.length > 0 || last.trim() !== "" ? [...elements, last] : []);
}

const tooEarlyIn = (text: string): ReadProblem => ({
  code: "not_json",
  message: "it ends too early",
  offset: text.length,
});
const unexpectedAt = (offset: number): ReadProblem => ({
  code: "not_json",
  message: "an unexpected character",
  offset,
});

/**
 * Goes from within a list or object to its end, by brackets and quotes alone.
 * Returns the index behind its closing bracket; undefined where the text ends before. `onComma` hears of its own commas.
 */
function passMembers(text: string, from: number, onComma: (at: number) => void): number | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (end === undefined) return undefined;
      at = end - 1;
    } else if (code === 91 || code === 123) depth++;
    else if (code === 93 || code === 125) {
      if (--depth === 0) return at + 1;
    } else if (code === 44 && depth === 1) onComma(at);
  }
  return undefined;
}

const QUOTE = 34;
const BACKSLASH = 92;

/** The index behind the quote that ends the string: before it stands an even number of backslashes. */
function endOfString(text: string, start: number): number | undefined {
  for (let from = start + 1; ; ) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return undefined;
    let before = quote - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    from = quote + 1;
    if ((quote - before) % 2 === 1) return from;
  }
}

type Container = Record<string, unknown> | unknown[];

const isContainer = (value: unknown): value is Container => typeof value === "object" && value !== null;

/** Replaces, in place, what is nested too deep. The value is ours alone: it was just parsed. */
function trim(node: Container, depth: number): boolean {
  let cut = false;
  const visit = (child: unknown): unknown => {
    if (!isContainer(child)) return child;
    if (depth < MAX_DEPTH) {
      cut = trim(child, depth + 1) || cut;
      return child;
    }
    cut = true;
    return DEPTH_MARK;
  };
  if (Array.isArray(node)) for (let i = 0; i < node.length; i++) node[i] = visit(node[i]);
  else
    for (const key of Object.keys(node)) {
      const before = node[key];
      const after = visit(before);
      if (after !== before) define(node, key, after);
    }
  return cut;
}

interface Frame {
  readonly list?: unknown[];
  readonly object?: Record<string, unknown>;
  /** Members may be kept while more room than this is left. */
  readonly floor: number;
  /** The key of the member that comes. */
  key: string;
  left: number;
  /** What may come next. */
  expects: "first" | "key" | "colon" | "value" | "comma";
}

function read(text: string, members: number): Result<ReadJson, ReadProblem> {
  const tokens = tokenizer(text);
  const frames: Frame[] = [];
  let room = members;
  let numbers = false;
  let left = false;
  let deep = false;
  let root: unknown;
  let finished = false;
  for (let kind = tokens.next(); kind !== END; kind = tokens.next()) {
    const frame = frames.at(-1);
    const expected = frame === undefined ? !finished && isValue(kind) : isExpected(frame, kind);
    if (!expected) return failed(tokens.problem());
    const problem = frame === undefined ? member(undefined, kind) : within(frame, kind);
    if (problem) return failed(problem);
    finished = frames.length === 0;
  }
  if (!finished) return failed(tooEarlyIn(text));
  return done({ value: root, numbers, left, deep });

  /** Takes the next token within a list or object. */
  function within(frame: Frame, kind: number): ReadProblem | undefined {
    if (kind === COLON) frame.expects = "value";
    else if (kind === COMMA) frame.expects = frame.list ? "value" : "key";
    else if (kind === CLOSE_LIST || kind === CLOSE_OBJECT) close(frame);
    else if (frame.object && frame.expects === "value") return member(frame, kind);
    else if (room <= frame.floor) return leaveRest(frame);
    else if (frame.list) return member(frame, kind);
    else {
      frame.key = String(tokens.value());
      frame.expects = "colon";
      if (tokens.failed) return tokens.problem();
    }
    return undefined;
  }

  function member(frame: Frame | undefined, kind: number): ReadProblem | undefined {
    room--;
    if (frame) frame.expects = "comma";
    if (kind === STRING || kind === LITERAL) {
      put(frame, scalar());
      return tokens.failed ? tokens.problem() : undefined;
    }
    if (frame && frames.length >= MAX_DEPTH) {
      deep = true;
      put(frame, DEPTH_MARK);
      return leave(tokens.end);
    }
    const shared = frame !== undefined && frames.length < SHARED_DEPTH && Number.isFinite(room);
    const above = frame?.floor ?? 0;
    const opened: Frame = {
      ...(kind === OPEN_LIST ? { list: [] } : { object: {} }),
      floor: shared ? above + Math.floor((room - above) / 2) : above,
      key: "",
      left: 0,
      expects: "first",
    };
    put(frame, opened.list ?? opened.object);
    frames.push(opened);
    return undefined;
  }

  function scalar(): unknown {
    const value = tokens.value();
    if (typeof value !== "number" || isExact(tokens.text(), value)) return value;
    numbers = true;
    return tokens.text();
  }

  function put(frame: Frame | undefined, value: unknown): void {
    if (frame === undefined) root = value;
    else if (frame.list) frame.list.push(value);
    else if (frame.object) define(frame.object, frame.key, value);
  }

  /** Passes over the member that begins with the last token, and all that follow it. */
  function leaveRest(frame: Frame): ReadProblem | undefined {
    frame.left = 1;
    const problem = leave(tokens.start, () => frame.left++);
    close(frame);
    return problem;
  }

  /** Goes on behind the list or object that the index is in. */
  function leave(from: number, onComma = () => {}): ReadProblem | undefined {
    const end = passMembers(text, from, onComma);
    if (end === undefined) return tooEarlyIn(text);
    tokens.goTo(end);
    return undefined;
  }

  function close(frame: Frame): void {
    frames.pop();
    if (frame.left === 0) return;
    left = true;
    if (frame.list) frame.list.push(cutMark(frame.left, "elements"));
    else if (frame.object) define(frame.object, cutMark(frame.left, "keys"), true);
  }
}

const isValue = (kind: number) => kind === STRING || kind === LITERAL || kind === OPEN_LIST || kind === OPEN_OBJECT;

function isExpected(frame: Frame, kind: number): boolean {
  const { expects, list } = frame;
  if (expects === "comma") return kind === COMMA || kind === (list ? CLOSE_LIST : CLOSE_OBJECT);
  if (expects === "colon") return kind === COLON;
  if (expects === "first" && kind === (list ? CLOSE_LIST : CLOSE_OBJECT)) return true;
  if (!list && expects !== "value") return kind === STRING;
  return isValue(kind);
}

/** Sets a member that is data, whatever its name: no setter of a prototype is reached. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

/** Whether a double holds what the characters say. */
function isExact(source: string, value: number): boolean {
  if (source.length < 15 && !/[eE]/.test(source)) return true;
  return Number.isFinite(value) && decimal(source) === decimal(String(value));
}

/** A decimal number in one spelling: its digits without zeros around them, and the exponent of the first. */
function decimal(source: string): string {
  const match = /^-?(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(source);
  const [, whole = "", fraction = "", exponent = "0"] = match ?? [];
  const digits = whole + fraction;
  const first = digits.search(/[1-9]/);
  if (first < 0) return "0";
  let end = digits.length;
  while (digits[end - 1] === "0") end--;
  return `${source.startsWith("-") ? "-" : ""}${digits.slice(first, end)}e${BigInt(exponent) + BigInt(whole.length - first)}`;
}

const END = 0;
const BAD = 1;
const OPEN_LIST = 2;
const CLOSE_LIST = 3;
const OPEN_OBJECT = 4;
const CLOSE_OBJECT = 5;
const COLON = 6;
const COMMA = 7;
const STRING = 8;
const LITERAL = 9;
const PUNCTUATION = new Map([
  ["[", OPEN_LIST],
  ["]", CLOSE_LIST],
  ["{", OPEN_OBJECT],
  ["}", CLOSE_OBJECT],
  [":", COLON],
  [",", COMMA],
]);
/** By character: the kind of the token that it is. */
const KIND_OF = new Uint8Array(128);
for (const [character, kind] of PUNCTUATION) KIND_OF[character.charCodeAt(0)] = kind;

/** Goes through the tokens of JSON, one at each `next`. */
function tokenizer(text: string) {
  let at = 0;
  let tooEarly = false;
  const tokens = {
    /** Of the last token. */
    start: 0,
    end: 0,
    /** Whether `value` was asked for what has none. */
    failed: false,
    next,
    value,
    text: () => text.slice(tokens.start, tokens.end),
    goTo(place: number) {
      at = place;
    },
    problem: () => (tooEarly ? tooEarlyIn(text) : unexpectedAt(tokens.start)),
  };
  return tokens;

  function next(): number {
    let code = text.charCodeAt(at);
    while (code === 32 || code === 10 || code === 13 || code === 9) code = text.charCodeAt(++at);
    tokens.start = at;
    if (at >= text.length) return END;
    const punctuation = KIND_OF[code] ?? 0;
    if (punctuation !== 0) {
      tokens.end = ++at;
      return punctuation;
    }
    if (code === QUOTE) {
      const end = endOfString(text, at);
      tooEarly = end === undefined;
      tokens.end = at = end ?? text.length;
      return tooEarly ? BAD : STRING;
    }
    while (isLiteral(text.charCodeAt(at))) at++;
    tokens.end = at;
    return at > tokens.start ? LITERAL : BAD;
  }

  /** Of a string, a number, true, false or null. */
  function value(): unknown {
    try {
      return JSON.parse(tokens.text());
    } catch {
      tokens.failed = true;
      return undefined;
    }
  }
}

/** What stands in a number or in true, false, null. */
function isLiteral(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 48 && code <= 57) ||
    code === 45 ||
    code === 43 ||
    code === 46 ||
    code === 69
  );
}
