// What Claude Code wrote on a hook's stdin, read without ever failing.
// - Total: every input is a payload or a problem that names path, expected and received; nothing is thrown.
// - A problem never quotes the input, which may hold secrets.
// - Unknown events and fields are kept; known fields of the wrong type are kept too, and are nobody's reason to refuse.
// - Time and memory grow with the input, not with what it holds, and nothing is nested deeper than MAX_DEPTH (json.ts).
// - Keys stay data, `__proto__` included. Strings are well-formed Unicode.

import { isUtf8 } from "node:buffer";
import * as z from "zod/mini";
import { errorOffset, placeOf } from "../platform/json.ts";
import { MAX_DEPTH, type ReadJson, type ReadProblem, readJson } from "./json.ts";

export { MAX_DEPTH } from "./json.ts";

/** What must be there; everything else is passed on as it came. */
const Head = z.looseObject({
  hook_event_name: z.string().check(z.minLength(1), z.maxLength(128)),
  session_id: z.string().check(z.minLength(1), z.maxLength(256)),
});

export type Payload = { readonly hook_event_name: string; readonly session_id: string } & Readonly<
  Record<string, unknown>
>;

/** What was mended on the way in. */
export type Note =
  /** Bytes that are no UTF-8 became U+FFFD. */
  | "invalid-utf8"
  /** Lone surrogates became U+FFFD. */
  | "lone-surrogates"
  /** What was nested deeper than MAX_DEPTH is gone; a mark says so. */
  | "too-deep"
  /** Of a list or object with very many members the first were kept; a mark says so. */
  | "too-many"
  /** Of texts that are longer than what is looked at of one event the middle is gone; a mark says so. */
  | "too-long"
  /** Numbers that a double cannot hold became strings of the same characters. */
  | "numbers-as-text"
  /** The payload did not name its event: the name is the one that the hook was registered for. */
  | "registered-name";

export interface PayloadProblem {
  /** Dotted path of the field, or `(payload)`. */
  readonly path: string;
  readonly expected: string;
  /** A description, never the content. */
  readonly received: string;
  /** A whole sentence. */
  readonly reason: string;
}

export type Parsed =
  | { readonly ok: true; readonly payload: Payload; readonly notes: readonly Note[] }
  | { readonly ok: false; readonly problem: PayloadProblem };

/** Reads one payload from JSON text; a byte order mark is skipped. The registered event stands in where the payload names none. */
export function parsePayload(bytes: Uint8Array | string, registered?: string): Parsed {
  const notes: Note[] = [];
  const text = textOf(bytes, notes);
  const read = readJson(text);
  if (!read.ok) return { ok: false, problem: notJson(text, read.reason) };
  return payloadOf(read.value, { notes, registered, mayBeIllFormed: mayBeIllFormed(text) });
}

/** Whether a text of JSON may have half of a pair of surrogates: as it is, or by an escape. */
export const mayBeIllFormed = (text: string): boolean => !text.isWellFormed() || escapesSurrogates(text);

/** The same for a text that was decoded from UTF-8, which has none as it is. */
export const escapesSurrogates = (text: string): boolean => text.includes(ESCAPE) && SURROGATE_ESCAPE.test(text);

/** A value that was just read, and is nobody else's, with nothing in it that readers cannot do with, and what was mended. */
export function mended(
  read: ReadJson,
  mayBeIllFormed = true,
): { readonly value: unknown; readonly notes: readonly Note[] } {
  const mends = mayBeIllFormed && !isWellFormed(read.value, 0);
  const notes = [
    ...(mends ? (["lone-surrogates"] as const) : []),
    ...(read.deep ? (["too-deep"] as const) : []),
    ...(read.left ? (["too-many"] as const) : []),
    ...(read.numbers ? (["numbers-as-text"] as const) : []),
  ];
  return { value: mends ? wellFormed(read.value, 0) : read.value, notes };
}

/** Takes a value that was just read, and is nobody else's, as a payload. */
export function payloadOf(
  read: ReadJson,
  {
    notes = [],
    registered,
    mayBeIllFormed = true,
  }: { notes?: Note[]; registered?: string | undefined; mayBeIllFormed?: boolean } = {},
): Parsed {
  const { value, notes: mends } = mended(read, mayBeIllFormed);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return problem("(payload)", "a JSON object", describe(value), "The payload is JSON, but no object.");
  notes.push(...mends);
  let object = value as Record<string, unknown>;
  if (registered && (!Object.hasOwn(object, "hook_event_name") || object["hook_event_name"] === "")) {
    object = { ...object, hook_event_name: registered };
    notes.push("registered-name");
  }
  const head = Head.safeParse({
    hook_event_name: own(object, "hook_event_name"),
    session_id: own(object, "session_id"),
  });
  if (head.success) return { ok: true, payload: object as Payload, notes };
  const path = String(head.error.issues[0]?.path[0]);
  const expected = path === "session_id" ? "a string of 1 to 256 characters" : "a string of 1 to 128 characters";
  const received = describe(own(object, path));
  return problem(path, expected, received, `An event needs ${path}: ${expected}, not ${received}.`);
}

/** Few texts have one: looking for it first is many times quicker. */
const ESCAPE = "\\u";
/** Only an escape can bring in half of a pair. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;
const BYTE_ORDER_MARK = "\ufeff";

function problem(path: string, expected: string, received: string, reason: string): Parsed {
  return { ok: false, problem: { path, expected, received, reason } };
}

function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Record<string, unknown>)[key] : undefined;
}

function textOf(bytes: Uint8Array | string, notes: Note[]): string {
  if (typeof bytes === "string") return bytes.startsWith(BYTE_ORDER_MARK) ? bytes.slice(1) : bytes;
  if (!isUtf8(bytes)) notes.push("invalid-utf8");
  return new TextDecoder().decode(bytes);
}

/** Type and size of a value, without its content. */
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "string") return value === "" ? "an empty string" : `a string of ${value.length} characters`;
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function notJson(text: string, { message, offset }: ReadProblem): PayloadProblem {
  const size = `${text.length} characters`;
  const make = (received: string, reason: string) => ({ path: "(payload)", expected: "JSON", received, reason });
  if (text.trim() === "") return make("nothing", "The payload is empty.");
  const place = offset ?? errorOffset(text, message);
  if (place === undefined) return make(`${size} that are not JSON`, "The payload is not JSON.");
  if (place >= text.length)
    return make(`${size} that end too early`, "The payload stops in the middle: it is the beginning of JSON, not all.");
  const { line, column } = placeOf(text, place);
  const where = `position ${place} (line ${line}, column ${column})`;
  return make(`${size} that stop being JSON at ${where}`, `The payload is not JSON from ${where} on.`);
}

function isWellFormed(value: unknown, depth: number): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return true;
  if (Array.isArray(value)) return value.every((item) => isWellFormed(item, depth + 1));
  return Object.entries(value).every(([key, item]) => key.isWellFormed() && isWellFormed(item, depth + 1));
}

/** A copy with well-formed strings and keys. */
function wellFormed(value: unknown, depth: number): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => wellFormed(item, depth + 1));
  // fromEntries defines properties, so that a key `__proto__` stays a key.
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item, depth + 1)]),
  );
}
