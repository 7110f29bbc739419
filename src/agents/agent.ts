// One agent file, from bytes to the Markdown that is deployed.
// - Markdown is deployed as it was written, byte for byte, but for former values that have a counterpart today.
// - JSON becomes Markdown, the same bytes every time.
// - What is wrong comes back as problems; an agent with an error is not deployed.

import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import type { ParseError } from "jsonc-parser";
import { readFrontMatter } from "./frontmatter.ts";
import { isAgentName } from "./name.ts";
import { type FieldProblem, type Problem, shown } from "./problem.ts";
import { checkFields } from "./rules.ts";
import { fromTemplate, toMarkdown, withTodaysValues } from "./template.ts";

/** Larger files Claude Code does not read. */
export const MAX_AGENT_BYTES = 1024 * 1024;
/** Of one file; looking for the line of each takes time. */
const MAX_PROBLEMS = 100;

export type TierName = "project" | "user" | "system";

export interface SourceFile {
  readonly tier: TierName;
  /** Absolute. */
  readonly path: string;
  /** Within its tier, with slashes. */
  readonly relative: string;
}

export interface Agent {
  readonly name: string;
  readonly description: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** What is deployed. */
  readonly text: string;
  readonly sha256: string;
}

export interface Reading {
  /** Absent where there is an error, or where the file is plain documentation. */
  readonly agent?: Agent;
  /** The name that the file claims, also where it has errors. */
  readonly name?: string;
  readonly problems: readonly Problem[];
}

/** Reads one agent file; the path's ending says whether it is JSON or Markdown. */
export async function readAgent(path: string, bytes: Uint8Array): Promise<Reading> {
  if (bytes.length > MAX_AGENT_BYTES)
    return broken({
      path,
      severity: "error",
      expected: `at most ${MAX_AGENT_BYTES} bytes`,
      received: `${bytes.length}`,
    });
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    return broken({ path, severity: "error", expected: "UTF-8", received: "UTF-16" });
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  try {
    const reading = await (path.toLowerCase().endsWith(".json") ? readJson(path, text) : readMarkdown(path, text));
    return isUtf8(bytes) ? reading : { ...reading, problems: [replacedBytes(path), ...reading.problems] };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the stack's end: JSON.parse goes deeper than those that read on
    return broken({ path, severity: "error", expected: "values in a few levels", received: "thousands of them" });
  }
}

export function sha256(text: string | Uint8Array): string {
  return hash("sha256", text);
}

/** What is no UTF-8 becomes replacement characters, as it does for the host. */
function replacedBytes(path: string): Problem {
  const received = "bytes that are not, which Claude Code replaces by \ufffd";
  return { path, severity: "warning", expected: "UTF-8", received };
}

async function readMarkdown(path: string, text: string): Promise<Reading> {
  const front = await readFrontMatter(text);
  if (!front.ok) {
    if (front.reason.code === "unreadable") return broken({ path, severity: "error", ...front.reason.trouble });
    if (isDocumentation(path)) return { problems: [] };
    const received = /^\s+---/.test(text) ? "an empty line" : shown(text.slice(0, text.indexOf("\n") >>> 0));
    return broken({ path, line: 1, severity: "error", expected: "--- and front matter from the first line", received });
  }
  const { fields, body, warnings, lineOf, rangeOf } = front.value;
  const today = withTodaysValues(fields, (field) => rangeOf(field) !== undefined);
  const deployed = today.problems
    .map(({ path: [field = ""] }) => ({ range: rangeOf(String(field)), value: today.fields[String(field)] }))
    .flatMap(({ range, value }) => (range ? [{ from: range[0], to: range[1], value }] : []))
    .sort((a, b) => b.from - a.from) // the last one first: then the others stay where they were found
    .reduce((before, { from, to, value }) => before.slice(0, from) + String(value) + before.slice(to), text);
  const found = [...today.problems, ...checkFields(today.fields)];
  if (!/\S/.test(body)) found.push(noInstructions(["body"], "none"));
  const problems = [
    ...warnings.map((warning): Problem => ({ path, severity: "warning", ...warning })),
    ...firstOf(found).map((problem) => locate(problem, path, lineOf(problem.path))),
  ];
  return reading(today.fields, deployed, problems);
}

/** To the host an agent without instructions is one; to a person hardly. */
function noInstructions(path: readonly PropertyKey[], received: string): FieldProblem {
  return { severity: "warning", path, expected: "instructions for the agent", received };
}

async function readJson(path: string, text: string): Promise<Reading> {
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    return broken({ path, severity: "error", ...(await jsonFault(text)) });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json))
    return broken({ path, line: 1, severity: "error", expected: "a JSON object", received: shown(json) });

  const template = fromTemplate(json as Record<string, unknown>);
  const today = withTodaysValues(template.fields);
  const found: FieldProblem[] = [...today.problems, ...checkFields(today.fields)];
  const { instructions } = template;
  if (typeof instructions !== "string")
    found.push({ severity: "error", path: ["instructions"], expected: "text", received: shown(instructions) });
  else if (!/\S/.test(instructions)) found.push(noInstructions(["instructions"], shown(instructions)));
  const deployed = typeof instructions === "string" ? toMarkdown(today.fields, instructions) : "";

  const lineOf = found.length > 0 ? await jsonLines(text) : () => 1;
  const problems = firstOf(found).map((problem) => {
    const place = template.places.get(String(problem.path[0]));
    const at = place ? [...place, ...problem.path.slice(1)] : problem.path;
    return locate({ ...problem, path: at }, path, lineOf(at));
  });
  return reading(today.fields, deployed, problems);
}

function reading(fields: Readonly<Record<string, unknown>>, text: string, found: readonly Problem[]): Reading {
  const { name, description } = fields;
  const problems = found.toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (!isAgentName(name)) return { problems };
  if (problems.some((problem) => problem.severity === "error")) return { name, problems };
  return { name, agent: { name, description: String(description), fields, text, sha256: sha256(text) }, problems };
}

/** Errors first, and no more than anybody reads. */
function firstOf(found: readonly FieldProblem[]): FieldProblem[] {
  return found
    .toSorted((a, b) => (a.severity === b.severity ? 0 : a.severity === "error" ? -1 : 1))
    .slice(0, MAX_PROBLEMS);
}

function locate(problem: FieldProblem, path: string, line: number): Problem {
  return { ...problem, path, line, field: problem.path.map(String).join(".") };
}

function broken(problem: Problem): Reading {
  return { problems: [problem] };
}

/** README, LICENSE, BASE-AGENT: capitals and no front matter mark a file for people, which the host passes over too. */
function isDocumentation(path: string): boolean {
  return /(?:^|[/\\])[A-Z][A-Z0-9_-]*\.md$/.test(path);
}

async function jsonFault(text: string): Promise<{ line: number; expected: string; received: string }> {
  const { parseTree, printParseErrorCode } = await import("jsonc-parser");
  const errors: ParseError[] = [];
  parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  const [first] = errors;
  if (!first) return { line: 1, expected: "JSON", received: "something else" };
  const received = printParseErrorCode(first.error)
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase();
  return { line: text.slice(0, first.offset).split("\n").length, expected: "JSON", received };
}

async function jsonLines(text: string): Promise<(path: readonly PropertyKey[]) => number> {
  const { findNodeAtLocation, parseTree } = await import("jsonc-parser");
  const tree = parseTree(text);
  return (path) => {
    for (let length = path.length; tree && length > 0; length--) {
      const node = findNodeAtLocation(tree, path.slice(0, length) as (string | number)[]);
      if (node) return text.slice(0, (node.parent?.type === "property" ? node.parent : node).offset).split("\n").length;
    }
    return 1;
  };
}
