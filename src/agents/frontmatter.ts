// Markdown with YAML front matter, read as Claude Code 2.1.330 reads it.
// - The front matter ends at the first three hyphens after the first line, wherever they stand; what follows is the body.
// - YAML 1.2, core schema, as the host's runtime (Bun 1.4) parses it: a key may come twice, and the last one counts.
// - What is no YAML is tried once more with the special characters in quotes, as the host does, but for lines with CRLF.
// - `key: text` and `key: "text"` lines, which most files consist of, are read without the YAML library, and alike.

import { done, failed, type Result } from "../contract/result.ts";
import type { Block, Fault, ParseYaml } from "./yaml.ts";

/** Control characters, line separators and halves of surrogate pairs. */
const UNUSUAL =
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const OPENING = /^---\s*\n/;
const CLOSING = "---";
const SHOWN_CHARS = 60;
/** A top-level field with a value on its line, as the host mends it; `.` is no return, so that lines with CRLF are not. */
const MENDABLE = /^([a-zA-Z_-]+):\s+(\S.*)$/;
const SPECIAL = /[{}[\]*&#!|>%@`]|: /;

export interface FrontMatter {
  readonly fields: Readonly<Record<string, unknown>>;
  /** What follows the front matter. */
  readonly body: string;
  /** What the host reads otherwise than it looks. */
  readonly warnings: readonly Trouble[];
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

/** `absent`: no front matter at all. `unreadable`: the host cannot read it, and drops the file. */
export type Unread = { readonly code: "absent" } | { readonly code: "unreadable"; readonly trouble: Trouble };

/** The front matter of a file's text as the host sees it, or what is wrong with it. */
export async function readFrontMatter(text: string): Promise<Result<FrontMatter, Unread>> {
  const mark = text.startsWith("\uFEFF") ? 1 : 0;
  const opening = OPENING.exec(mark ? text.slice(mark) : text);
  if (!opening) return failed({ code: "absent" });
  const start = mark + opening[0].length;
  const end = text.indexOf(CLOSING, start);
  if (end < 0)
    return failed({
      code: "unreadable",
      trouble: { line: 1, expected: "a line --- that ends the front matter", received: "none" },
    });
  const frame = { block: text.slice(start, end), body: text.slice(end + CLOSING.length), start, text };
  const warnings = closesOddly(frame);

  const simple = readSimple(frame.block);
  if (!simple) return readYaml(frame, warnings);
  const rangeOf = (field: string) => shift(simple.offsets.get(field), start);
  return done({
    fields: simple.fields,
    body: frame.body,
    warnings,
    lineOf: ([field]) => lineAt(frame, simple.offsets.get(String(field))?.[0] ?? 0),
    rangeOf,
  });
}

/** A file's text, cut where the host cuts it. */
interface Frame {
  readonly text: string;
  /** The YAML. */
  readonly block: string;
  readonly body: string;
  /** Where the block begins in the text. */
  readonly start: number;
}

/** Line in the file of an offset in its block. */
function lineAt({ text, start }: Frame, offset: number): number {
  return 1 + count(text, "\n", start + offset);
}

/** A warning where the hyphens that end the front matter are no line of their own. */
function closesOddly(frame: Frame): Trouble[] {
  const { block, body, text, start } = frame;
  if ((block === "" || block.endsWith("\n")) && /^[ \t]*(?:\r?\n|$)/.test(body)) return [];
  const at = block.length;
  const from = text.lastIndexOf("\n", start + at - 1) + 1;
  const received = `${JSON.stringify(lineFrom(text, from))}, where Claude Code ends the front matter; the rest is body`;
  return [{ line: lineAt(frame, at), expected: "no --- within the front matter", received }];
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

/**
 * JSON is YAML, but for escaped halves of surrogate pairs; only what JSON.stringify would write the same is sure to have
 * no key twice and no number rounded.
 */
function canonicalJson(value: string): unknown {
  if (/\\ud[89a-f]/.test(value)) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return JSON.stringify(parsed) === value ? parsed : undefined;
  } catch {
    return undefined;
  }
}

async function readYaml(frame: Frame, warnings: readonly Trouble[]): Promise<Result<FrontMatter, Unread>> {
  const { block, start } = frame;
  const { parseYaml } = await import("./yaml.ts");
  const asWritten = parseYaml(block);
  if (asWritten.ok) {
    const { rangeOf } = asWritten.value;
    return done(located(frame, asWritten.value, warnings, (field) => shift(rangeOf(field), start)));
  }
  const mended = mend(block, parseYaml);
  const parsed = mended === block ? asWritten : parseYaml(mended);
  if (!parsed.ok) return failed({ code: "unreadable", trouble: explained(frame, parsed.reason, parseYaml) });
  const { offset, message } = asWritten.reason;
  const received = `${message}; Claude Code reads the value as plain text. Put it in quotes`;
  const warning = { line: lineAt(frame, offset), expected: "YAML", received };
  return done(located(frame, parsed.value, [warning, ...warnings], (field) => shift(rangeOnLine(block, field), start)));
}

function located(
  frame: Frame,
  { fields, lineOf: blockLine, repeated }: Block,
  warnings: readonly Trouble[],
  rangeOf: FrontMatter["rangeOf"],
): FrontMatter {
  const first = lineAt(frame, 0);
  const lineOf = (path: readonly PropertyKey[]) => first + blockLine(path);
  const twice = repeated.map(({ key, line }) => ({
    line: first + line,
    expected: "each field once",
    received: `${JSON.stringify(key)} again; to Claude Code the last one counts`,
  }));
  return { fields, body: frame.body, warnings: [...warnings, ...twice], lineOf, rangeOf };
}

/** Why the host cannot read a block, and what to do. */
function explained(frame: Frame, { offset, message }: Fault, parseYaml: ParseYaml): Trouble {
  const { text, start, block } = frame;
  const at = start + Math.min(offset, block.length);
  const received = JSON.stringify(lineFrom(text, text.lastIndexOf("\n", at - 1) + 1));
  const line = lineAt(frame, at - start);
  const unix = block.replaceAll("\r\n", "\n");
  if (unix !== block && parseYaml(mend(unix, parseYaml)).ok)
    return {
      line,
      expected: "quotes around the value, or LF line ends (with CRLF Claude Code cannot read it)",
      received,
    };
  return { line, expected: "YAML", received: `${received}: ${message}` };
}

/** The block with special characters put in quotes and tabs at the start of lines made spaces, as the host does it. */
function mend(block: string, parseYaml: ParseYaml): string {
  const lines = block.split("\n").map((line) => {
    const [, key, value] = MENDABLE.exec(line) ?? [];
    if (key === undefined || value === undefined || isQuoted(value) || !SPECIAL.test(value)) return line;
    if (/^\[.*\]$/.test(value) && isList(parseYaml(`list: ${value}`))) return line;
    return `${key}: "${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  });
  return lines.join("\n").replace(/^\t+/gm, (tabs) => "  ".repeat(tabs.length));
}

function isList(parsed: Result<Block, Fault>): boolean {
  return parsed.ok && Array.isArray(parsed.value.fields["list"]);
}

function isQuoted(value: string): boolean {
  return /^(["'])/.test(value) && value.endsWith(value.charAt(0));
}

/** Where a field's value stands that is all on the field's own line. */
function rangeOnLine(block: string, field: string): readonly [number, number] | undefined {
  for (const { index, 1: key = "", 2: gap = "", 3: rest = "" } of block.matchAll(/^([\w.-]+)(:[ \t]+)(\S.*)$/gm)) {
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

/** The beginning of the line that starts at an offset. */
function lineFrom(text: string, from: number): string {
  const to = text.indexOf("\n", from);
  return withoutEnd(text.slice(from, to < 0 ? undefined : to), "\r").slice(0, SHOWN_CHARS);
}
