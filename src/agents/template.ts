// Agents in JSON, as claude-mpm's templates have them, and values of its that Claude Code does not know.
// - agent_id, instructions and what stands in metadata and capabilities take their places in the front matter.
// - Everything else is kept as it is, at the end: Claude Code passes over fields that it does not know.
// - A value that has a counterpart today is replaced, with a warning; every other goes to the rules as it is.

import { type FieldProblem, shown } from "./problem.ts";
import { KNOWN_FIELDS } from "./rules.ts";

/** Today's value for a former one. */
const FORMER_VALUES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  effort: { thorough: "high", balanced: "medium", quick: "low", fast: "low" },
  color: { magenta: "pink", violet: "purple", indigo: "purple", teal: "cyan", brown: "orange", gold: "yellow" },
};

/** Where a field of the front matter may stand in a template; the first that is there counts. */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  name: ["agent_id", "name", "metadata.name"],
  description: ["description", "metadata.description"],
  tools: ["tools", "capabilities.tools"],
  disallowedTools: ["disallowedTools", "disallowed_tools", "capabilities.disallowed_tools"],
  model: ["model", "capabilities.model", "metadata.model"],
  permissionMode: ["permissionMode", "permission_mode", "capabilities.permission_mode"],
  maxTurns: ["maxTurns", "max_turns", "capabilities.max_turns"],
  skills: ["skills", "capabilities.skills"],
  mcpServers: ["mcpServers", "mcp_servers"],
  effort: ["effort", "capabilities.effort"],
  color: ["color", "metadata.color"],
  initialPrompt: ["initialPrompt", "initial_prompt"],
};
/** Text that is the same without quotes. */
const PLAIN = /^[A-Za-z][\w .,;()/'+-]*[\w.)]$/;
const INSTRUCTIONS = ["instructions", "system_prompt", "prompt"];

export interface Template {
  /** In the order in which they are written. */
  readonly fields: Record<string, unknown>;
  readonly instructions: unknown;
  /** Where each field stood in the JSON. */
  readonly places: ReadonlyMap<string, readonly string[]>;
}

/** The front matter and instructions that a JSON agent stands for. */
export function fromTemplate(json: Readonly<Record<string, unknown>>): Template {
  const rest = structuredClone(json) as Record<string, unknown>;
  const fields: Record<string, unknown> = {};
  const places = new Map<string, readonly string[]>();
  const take = (candidates: readonly string[]): { value: unknown; path: string[] } | undefined => {
    for (const candidate of candidates) {
      const path = candidate.split(".");
      const value = remove(rest, path);
      if (value !== undefined) return { value, path };
    }
    return undefined;
  };

  for (const field of KNOWN_FIELDS) {
    const found = take(PLACES[field] ?? [field]);
    if (!found) continue;
    places.set(field, found.path);
    fields[field] = found.value;
  }
  if (
    Array.isArray(fields["tools"]) &&
    fields["tools"].every((tool) => typeof tool === "string") &&
    fields["tools"].length
  )
    fields["tools"] = fields["tools"].join(", ");
  const instructions = take(INSTRUCTIONS);
  if (instructions) places.set("instructions", instructions.path);
  if (places.has("name")) delete rest["name"]; // a title beside the agent_id
  for (const [field, value] of Object.entries(rest)) if (!isEmptyObject(value)) fields[field] = value;
  return { fields, instructions: instructions?.value, places };
}

/** The fields with former values replaced where the caller can replace them in the text, and a warning for each. */
export function withTodaysValues(
  fields: Readonly<Record<string, unknown>>,
  replaceable: (field: string) => boolean = () => true,
): { readonly fields: Record<string, unknown>; readonly problems: readonly FieldProblem[] } {
  const replaced: Record<string, unknown> = { ...fields };
  const problems: FieldProblem[] = [];
  for (const [field, values] of Object.entries(FORMER_VALUES)) {
    const value = fields[field];
    if (typeof value !== "string" || !Object.hasOwn(values, value) || !replaceable(field)) continue;
    replaced[field] = values[value];
    problems.push({
      severity: "warning",
      path: [field],
      expected: "a value that Claude Code knows",
      received: `${shown(value)}, deployed as ${values[value]}`,
    });
  }
  return { fields: replaced, problems };
}

/** Markdown with front matter; the same fields and instructions give the same bytes. */
export function toMarkdown(fields: Readonly<Record<string, unknown>>, instructions: string): string {
  const lines = Object.entries(fields).map(([field, value]) => `${scalar(field)}: ${scalar(value)}\n`);
  return `---\n${lines.join("")}---\n\n${instructions.trim().toWellFormed()}\n`;
}

/** A value as YAML that Claude Code reads as the same value. */
function scalar(value: unknown): string {
  const plain = typeof value === "string" && PLAIN.test(value) && !value.includes("---");
  // YAML 1.1 readers take these for something else than text
  if (plain && !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value)) return value;
  return JSON.stringify(value)
    .replace(/\\(?:ud[89a-f][0-9a-f]{2}|.)/g, (escaped) => (escaped.length > 2 ? "\\ufffd" : escaped)) // no half characters
    .replace(/--(?=-)/g, "-\\x2d"); // three hyphens end the front matter
}

function remove(tree: Record<string, unknown>, path: readonly string[]): unknown {
  let node = tree;
  for (const part of path.slice(0, -1)) {
    const next = Object.hasOwn(node, part) ? node[part] : undefined;
    if (typeof next !== "object" || next === null || Array.isArray(next)) return undefined;
    node = next as Record<string, unknown>;
  }
  const last = path.at(-1) ?? "";
  if (!Object.hasOwn(node, last)) return undefined;
  const value = node[last];
  delete node[last];
  return value;
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
}
