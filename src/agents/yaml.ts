// YAML as the host's runtime parses it (Bun 1.4), by the `yaml` library: 1.2, core schema, with merge keys and aliases.
// - A key may come twice; the last one counts. Tags that are not of the core schema are passed over.
// - Where the two differ, this follows the host's; test/host/agents.test.ts asks it.

import { type Document, isMap, isNode, isScalar, parseDocument, type ScalarTag, type Tags, visit } from "yaml";
import { done, failed, type Result } from "../contract/result.ts";
import { errorMessage } from "../platform/error.ts";

/** A mapping; lines count from 0. */
export interface Block {
  readonly fields: Record<string, unknown>;
  /** Top-level keys that were there before. */
  readonly repeated: readonly { readonly key: string; readonly line: number }[];
  /** Line of the field with that path, 0 where it is nowhere; of its nearest parent where it has no line of its own. */
  lineOf(path: readonly PropertyKey[]): number;
  /** Where a top-level field's value stands, as [start, end). */
  rangeOf(field: string): readonly [number, number] | undefined;
}

export interface Fault {
  readonly offset: number;
  readonly message: string;
}

export type ParseYaml = (text: string) => Result<Block, Fault>;

/** More levels exhaust the host's stack, sooner or later. */
const MAX_LEVELS = 500;
/** Larger whole numbers in hexadecimal or octal are text. */
const MAX_WHOLE = 2n ** 64n - 1n;

/** A mapping as the host's runtime reads it. An empty text is one without fields. */
export function parseYaml(text: string): Result<Block, Fault> {
  const refuse = (offset: number, message: string) => failed({ offset, message: message.split("\n")[0] ?? message });
  const nul = text.indexOf("\0");
  if (nul >= 0) return refuse(nul, "a NUL character");
  if (isDeep(text)) return refuse(0, "values within values, hundreds of levels deep");
  try {
    const document = toDocument(text, text.includes("<<") && mergesMappings(text));
    const fault = document.errors.find(({ code, pos: [at] }) => code !== "BAD_SCALAR_START" || text[at] !== ",");
    if (fault) return refuse(fault.pos[0], fault.message);
    const open = openQuote(document, text);
    if (open !== undefined) return refuse(open, "a quote without an end");
    const second = SECOND_DOCUMENT.exec(text);
    if (second) return refuse(second.index, "a second document");
    const fields: unknown = document.toJS();
    if (hasHalfCharacter(fields)) return refuse(0, "an escape sequence for half a character");
    const { contents } = document;
    if (!isMap(contents)) {
      if (contents !== null && !(isScalar(contents) && contents.value === null))
        return refuse(0, "no lines of `field: value`");
      return done({ fields: {}, repeated: [], lineOf: () => 0, rangeOf: () => undefined });
    }

    const keys = contents.items.map(({ key }) => ({
      key: String(isScalar(key) ? key.value : key),
      offset: isNode(key) ? key.range?.[0] : undefined,
    }));
    const lineAt = (offset = 0) => text.slice(0, offset).split("\n").length - 1;
    const rangeAt = (path: readonly PropertyKey[]): readonly [number, number] | undefined => {
      const node = document.getIn(path, true);
      return isNode(node) && node.range ? [node.range[0], node.range[1]] : undefined;
    };
    return done({
      fields: { ...Object(fields) },
      repeated: again(keys).map(({ key, offset }) => ({ key, line: lineAt(offset) })),
      lineOf: (path) => {
        for (let length = path.length; length > 1; length--) {
          const range = rangeAt(path.slice(0, length));
          if (range) return lineAt(range[0]);
        }
        return lineAt(keys.findLast(({ key }) => key === path[0])?.offset);
      },
      rangeOf: (field) => (keys.filter(({ key }) => key === field).length === 1 ? rangeAt([field]) : undefined),
    });
  } catch (error) {
    // an alias that leads nowhere, too many of them, or values nested deeper than the stack
    return refuse(0, errorMessage(error));
  }
}

/** Where a quoted value begins whose last quote is an escaped one: the library takes that for the end. */
function openQuote(document: Document.Parsed, text: string): number | undefined {
  let found: number | undefined;
  visit(document, {
    Scalar: (_key, { type, range }) => {
      if (!range || (type !== "QUOTE_DOUBLE" && type !== "QUOTE_SINGLE")) return undefined;
      const source = text.slice(range[0] + 1, range[1]);
      const unescaped = type === "QUOTE_DOUBLE" ? source.replace(/\\./gs, "") : source.replaceAll("''", "");
      const closed = unescaped.endsWith(type === "QUOTE_DOUBLE" ? '"' : "'");
      if (closed) return undefined;
      [found] = range;
      return visit.BREAK;
    },
  });
  return found;
}

/** A document of the library's. A return that no new line follows is a new line, as it is to the host. */
function toDocument(text: string, merge: boolean): Document.Parsed {
  return parseDocument(text.replace(/\r(?!\n)/g, "\n"), {
    version: "1.2",
    schema: "core",
    merge,
    uniqueKeys: false,
    resolveKnownTags: false,
    customTags: withWholeNumbers,
    prettyErrors: false,
    logLevel: "silent",
  });
}

/** False where a merge key has a value that cannot be merged: it is a key like any other then. */
function mergesMappings(text: string): boolean {
  try {
    toDocument(text, true).toJS();
    return true;
  } catch {
    return false;
  }
}

/** True where brackets might open more levels than the library reads in a reasonable time. */
function isDeep(text: string): boolean {
  let [depth, deepest] = [0, 0];
  for (const [bracket] of text.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/gs, "").matchAll(/[[\]{}]/g)) {
    depth = bracket === "[" || bracket === "{" ? depth + 1 : Math.max(depth - 1, 0);
    deepest = Math.max(deepest, depth);
  }
  return deepest > MAX_LEVELS;
}

/** The keys that were there before. */
function again<T extends { readonly key: string }>(keys: readonly T[]): T[] {
  const seen = new Set<string>();
  return keys.filter(({ key }) => seen.size === seen.add(key).size);
}

/** A line `...` with anything but comments behind it. */
const SECOND_DOCUMENT = /^\.\.\.[ \t]*\r?\n(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*[^\s#]/m;

/** The core schema's hexadecimal and octal numbers, here also with a sign. */
function withWholeNumbers(tags: Tags): Tags {
  const tag = (format: "HEX" | "OCT", test: RegExp): ScalarTag => ({
    tag: "tag:yaml.org,2002:int",
    default: true,
    format,
    test,
    resolve: (text) => {
      const size = BigInt(text.replace(/^[-+]/, ""));
      if (size > MAX_WHOLE) return text;
      return text.startsWith("-") ? -Number(size) : Number(size);
    },
  });
  const others = tags.filter((tag) => typeof tag === "string" || (tag.format !== "HEX" && tag.format !== "OCT"));
  return [tag("HEX", /^[-+]?0x[0-9a-fA-F]+$/), tag("OCT", /^[-+]?0o[0-7]+$/), ...others];
}

function hasHalfCharacter(value: unknown): boolean {
  if (typeof value === "string") return !value.isWellFormed();
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([key, item]) => !key.isWellFormed() || hasHalfCharacter(item));
}
