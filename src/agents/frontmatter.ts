// Markdown with YAML front matter, read as Claude Code reads it, but with an error where Claude Code would be silent.
// - YAML 1.2, core schema: no custom tags, no merge keys, no anchors, no key twice, a limit on size.
// - `key: text` and `key: "text"` lines, which most files consist of, are read without the YAML library, and alike.
// - What is not YAML only because a value holds a colon or the like is read as text, as the host does, with a warning.

import type { Document, YAMLMap } from "yaml";

/** Control characters, line separators and halves of surrogate pairs. */
const UNUSUAL =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
/** Claude Code refuses more in files that it does not trust. */
const MAX_CHARS = 65_536;

export interface FrontMatter {
  readonly fields: Readonly<Record<string, unknown>>;
  /** What follows the front matter. */
  readonly body: string;
  /** Set where the block is no valid YAML and was read leniently: why. */
  readonly lenient?: Trouble;
  /** Line of the field with that path in the file, from 1; of its nearest parent where it has no line of its own. */
  lineOf(path: readonly PropertyKey[]): number;
  /** Where a top-level field's value stands in the text, as [start, end). */
  rangeOf(field: string): readonly [number, number] | undefined;
}

export interface Trouble {
  readonly line: number;
  readonly expected: string;
  readonly received: string;
}

/** The front matter of a file's text, or what is wrong with it. No front matter at all is `undefined`. */
export async function readFrontMatter(text: string): Promise<FrontMatter | Trouble | undefined> {
  const opening = /^\uFEFF?---[ \t]*\r?\n/.exec(text);
  if (!opening) return undefined;
  const start = opening[0].length;
  const closing = /^---[ \t]*(?:\r?\n|$)/m.exec(text.slice(start));
  if (!closing) return { line: 1, expected: "a line --- that ends the front matter", received: "none" };
  const block = text.slice(start, start + closing.index);
  const body = text.slice(start + closing.index + closing[0].length);
  const lineAt = (offset: number) => 2 + count(block, "\n", offset);

  if (block.length > MAX_CHARS)
    return { line: 1, expected: `front matter of at most ${MAX_CHARS} characters`, received: `${block.length}` };
  const dashes = block.indexOf("---");
  if (dashes >= 0)
    return {
      line: lineAt(dashes),
      expected: "no --- within the front matter (Claude Code would end it there)",
      received: lineOfText(block, dashes),
    };

  const simple = readSimple(block);
  if (simple) {
    const offsets = (field: PropertyKey | undefined) => simple.offsets.get(String(field));
    return {
      fields: simple.fields,
      body,
      lineOf: ([field]) => lineAt(offsets(field)?.[0] ?? 0),
      rangeOf: (field) => shift(offsets(field), start),
    };
  }
  return readYaml(block, body, start, lineAt);
}

/**
 * A block of nothing but `key: value` lines with plain text, JSON, booleans and small whole numbers, as YAML's core
 * schema reads it; undefined for anything else, in doubt too.
 */
export function readSimple(
  block: string,
): { fields: Record<string, unknown>; offsets: Map<string, readonly [number, number]> } | undefined {
  const fields: Record<string, unknown> = {};
  const offsets = new Map<string, readonly [number, number]>();
  const line = /([A-Za-z][A-Za-z0-9_-]*):( +)([^\n\r]*)\r?(?:\n|$)/y;
  while (line.lastIndex < block.length) {
    const found = line.exec(block);
    const [, key, gap = "", rest = ""] = found ?? [];
    if (!found || key === undefined || offsets.has(key)) return undefined;
    const value = withoutEnd(rest, " ");
    const parsed = simpleValue(value);
    if (parsed === undefined) return undefined;
    fields[key] = parsed;
    const from = found.index + key.length + 1 + gap.length;
    offsets.set(key, [from, from + value.length]);
  }
  return { fields, offsets };
}

function simpleValue(value: string): unknown {
  if (value === "true") return true;
  if (value === "false") return false;
  if (/^[1-9][0-9]{0,8}$/.test(value)) return Number(value);
  if (UNUSUAL.test(value)) return undefined;
  if (/^["{[]/.test(value)) return canonicalJson(value);
  if (!/^[A-Za-z]/.test(value)) return undefined;
  if (/:(?: |$)| #/.test(value) || /^(?:null|true|false)$/i.test(value)) return undefined;
  return value;
}

/** JSON is YAML; only what JSON.stringify would write the same is sure to have no key twice and no number rounded. */
function canonicalJson(value: string): unknown {
  try {
    const parsed: unknown = JSON.parse(value);
    return JSON.stringify(parsed) === value ? parsed : undefined;
  } catch {
    return undefined;
  }
}

async function readYaml(
  block: string,
  body: string,
  start: number,
  lineAt: (offset: number) => number,
): Promise<FrontMatter | Trouble> {
  // CommonJS: its names are on the default export, in a bundle only there.
  const { default: yaml } = await import("yaml");
  const parse = (text: string): { fields: Record<string, unknown>; document: Document.Parsed } | Trouble => {
    try {
      const document = yaml.parseDocument(text, {
        version: "1.2",
        schema: "core",
        merge: false,
        uniqueKeys: true,
        prettyErrors: false,
      });
      const fault = document.errors[0] ?? document.warnings[0];
      if (fault)
        return {
          line: lineAt(fault.pos[0]),
          expected: "YAML",
          received: fault.message.split("\n")[0] ?? "something else",
        };
      let anchor: number | undefined;
      yaml.visit(document, {
        Node: (_, node) => {
          if (!("anchor" in node && node.anchor) && !yaml.isAlias(node)) return undefined;
          anchor = node.range?.[0] ?? 0;
          return yaml.visit.BREAK;
        },
      });
      if (anchor !== undefined)
        return { line: lineAt(anchor), expected: "no YAML anchors and aliases", received: lineOfText(text, anchor) };
      if (document.contents !== null && !yaml.isMap(document.contents))
        return { line: 2, expected: "lines of `field: value`", received: "a list or a single value" };
      return { fields: (document.toJS({ maxAliasCount: 0 }) ?? {}) as Record<string, unknown>, document };
    } catch (error) {
      // nested deeper than the stack
      return { line: 2, expected: "YAML", received: (error as Error).message };
    }
  };

  const strict = parse(block);
  if ("fields" in strict) return located(strict.fields, strict.document, block);
  const quoted = quoteValues(block);
  const lenient = quoted === block ? strict : parse(quoted);
  if (!("fields" in lenient)) return strict;
  const rangeOf = (field: string) => shift(rangeOnLine(block, field), start);
  return { ...located(lenient.fields, lenient.document, quoted), rangeOf, lenient: strict };

  function located(fields: Record<string, unknown>, document: Document.Parsed, text: string): FrontMatter {
    const positions = (path: readonly PropertyKey[]): readonly [number, number] | undefined => {
      for (let length = path.length; length > 0; length--) {
        const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
        if (node?.range) return [node.range[0], node.range[1]];
      }
      return undefined;
    };
    const keyOffset = (field: PropertyKey | undefined): number | undefined => {
      const pair = (document.contents as YAMLMap | null)?.items.find(
        (item) => String((item.key as { value?: unknown } | null)?.value) === field,
      );
      return (pair?.key as { range?: [number, number, number] } | undefined)?.range?.[0];
    };
    return {
      fields,
      body,
      // the quoted text has the lines of the original, though not its columns
      lineOf: (path) => {
        const offset = path.length === 1 ? keyOffset(path[0]) : positions(path)?.[0];
        return 2 + count(text, "\n", offset ?? 0);
      },
      rangeOf: (field) => shift(positions([field]), start),
    };
  }
}

/** A top-level field with a value that begins on its line. */
const FIELD_LINE = /^([A-Za-z0-9_][\w.-]*)(:[ \t]+)([^\s].*)$/gm;

/** Puts the unquoted values of top-level fields in double quotes. */
function quoteValues(block: string): string {
  return block.replace(FIELD_LINE, (line, key, gap, rest) => {
    if (/^["'[{|>&*!]/.test(rest)) return line;
    const value = withoutEnd(rest, " \t\r");
    const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    return `${key}${gap}"${escaped}"${rest.slice(value.length)}`;
  });
}

/** Where a field's value stands that is all on the field's own line. */
function rangeOnLine(block: string, field: string): readonly [number, number] | undefined {
  for (const { index, 1: key = "", 2: gap = "", 3: rest = "" } of block.matchAll(FIELD_LINE)) {
    const from = index + key.length + gap.length;
    if (key === field) return [from, from + withoutEnd(rest, " \t\r").length];
  }
  return undefined;
}

/** Without those characters at the end. A regular expression would take time with the square of the length. */
function withoutEnd(text: string, chars: string): string {
  let end = text.length;
  while (end > 0 && chars.includes(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

function shift(range: readonly [number, number] | undefined, by: number): readonly [number, number] | undefined {
  return range && [range[0] + by, range[1] + by];
}

function count(text: string, char: string, before: number): number {
  let found = 0;
  for (let at = text.indexOf(char); at >= 0 && at < before; at = text.indexOf(char, at + 1)) found++;
  return found;
}

function lineOfText(text: string, offset: number): string {
  const from = text.lastIndexOf("\n", offset) + 1;
  const to = text.indexOf("\n", offset);
  return JSON.stringify(text.slice(from, to < 0 ? undefined : to).slice(0, 60));
}
