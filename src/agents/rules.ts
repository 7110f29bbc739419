// What Claude Code accepts in a subagent's front matter, as of 2.1.330.
// - What it would skip, ignore or read otherwise without a word is an error here, with what was probably meant.
// - Fields and tools that it does not know are passed on: it grows monthly. A near miss of a known one is an error.

import * as z from "zod";
import { nearest } from "./nearest.ts";
import { shown } from "./problem.ts";

export const MODEL_ALIASES = ["sonnet", "opus", "haiku", "fable", "inherit"] as const;
const PERMISSION_MODES = ["default", "acceptEdits", "auto", "dontAsk", "bypassPermissions", "plan", "manual"] as const;
const EFFORTS = ["low", "medium", "high", "xhigh", "max"] as const;
const COLORS = ["red", "blue", "green", "yellow", "purple", "orange", "pink", "cyan"] as const;
const MEMORIES = ["user", "project", "local"] as const;
const ISOLATIONS = ["worktree", "remote"] as const;
const MAX_NAME_CHARS = 64;
const MAX_MODEL_CHARS = 256;
/** No list has more: a limit on the time that looking for near misses takes. */
const MAX_TOOLS = 1000;
const NAME = new RegExp(`^(?=.{1,${MAX_NAME_CHARS}}$)[a-z0-9]+(-[a-z0-9]+)*$`);
/** A model's full id, with the prefixes of cloud providers and gateways. */
const MODEL_ID = /^(?:claude-|.*[./:@-]claude-|arn:aws|[\w-]+\/)[\w.:/@-]*(?:\[1m\])?$/;

const TOOLS = [
  "Agent",
  "AskUserQuestion",
  "Bash",
  "BashOutput",
  "CronCreate",
  "CronDelete",
  "CronList",
  "Edit",
  "EnterPlanMode",
  "EnterWorktree",
  "ExitPlanMode",
  "ExitWorktree",
  "Glob",
  "Grep",
  "KillShell",
  "LSP",
  "ListAgents",
  "ListMcpResourcesTool",
  "Monitor",
  "NotebookEdit",
  "PowerShell",
  "Read",
  "ReadMcpResourceTool",
  "ReportFindings",
  "ScheduleWakeup",
  "SendMessage",
  "Skill",
  "Task",
  "TaskCreate",
  "TaskGet",
  "TaskList",
  "TaskOutput",
  "TaskStop",
  "TaskUpdate",
  "TeamCreate",
  "TeamDelete",
  "TodoWrite",
  "ToolSearch",
  "WebFetch",
  "WebSearch",
  "Workflow",
  "Write",
];

/** What is wrong with one field; the caller knows file and line. */
export interface FieldProblem {
  readonly severity: "error" | "warning";
  readonly path: readonly PropertyKey[];
  readonly expected: string;
  readonly received: string;
  readonly suggestion?: string;
}

const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `one of ${values.join(", ")}` });
const someText = (expected = "text") => z.string({ error: expected }).regex(/\S/, { error: expected });
const yesOrNo = z.union([z.boolean(), z.enum(["true", "false"])], { error: "true or false" });
const positive = z
  .union([z.number(), z.string()], { error: "a whole number from 1" })
  .refine((value) => /^[1-9][0-9]{0,8}$/.test(String(value)), { error: "a whole number from 1" });
const names = (what: string) => {
  const error = `${what}, separated by commas or as a list`;
  return z.union([someText(error), z.array(someText(error)).min(1, { error })], { error });
};

const hooks = z.record(
  z.string(),
  z.array(
    z.looseObject(
      {
        matcher: z.string({ error: "text" }).optional(),
        hooks: z.array(z.looseObject({ type: someText("a type, as `command`") }, { error: "a hook" }), {
          error: "a list of hooks",
        }),
      },
      { error: "matcher and hooks" },
    ),
    { error: "a list of matchers with their hooks" },
  ),
  { error: "hooks by event, as in the settings file" },
);

/** The front matter of a subagent; unknown fields are kept. A schema's message is what is expected. */
const AgentFields = z.looseObject({
  name: z
    .string({ error: "a name of lower-case letters, digits and hyphens" })
    .regex(NAME, { error: `a name of lower-case letters, digits and hyphens, ${MAX_NAME_CHARS} at most` }),
  description: someText("text that tells when to use the agent"),
  tools: names("tools").optional(),
  disallowedTools: names("tools").optional(),
  model: z
    .string({ error: "a model" })
    .refine(
      (model) =>
        (MODEL_ALIASES as readonly string[]).includes(model.replace(/\[1m\]$/, "")) ||
        (model.length <= MAX_MODEL_CHARS && MODEL_ID.test(model)),
      {
        error: `${MODEL_ALIASES.join(", ")} or a model's full id`,
      },
    )
    .optional(),
  permissionMode: oneOf(PERMISSION_MODES).optional(),
  maxTurns: positive.optional(),
  skills: names("skills").optional(),
  mcpServers: z
    .array(z.union([someText(), z.record(z.string(), z.looseObject({}))], { error: "a server's name or definition" }), {
      error: "a list of servers",
    })
    .optional(),
  hooks: hooks.optional(),
  memory: oneOf(MEMORIES).optional(),
  background: yesOrNo.optional(),
  effort: z.union([z.enum(EFFORTS), z.int()], { error: `one of ${EFFORTS.join(", ")}, or a whole number` }).optional(),
  isolation: oneOf(ISOLATIONS).optional(),
  color: oneOf(COLORS).optional(),
  initialPrompt: someText().optional(),
  autoCompactWindow: positive.optional(),
  omitClaudeMd: yesOrNo.optional(),
  observer: someText().optional(),
  observerMessage: someText().optional(),
  observeToolResults: yesOrNo.optional(),
  observeSubagents: yesOrNo.optional(),
  experimental: z.looseObject({}, { error: "options by name" }).optional(),
});

export const KNOWN_FIELDS: readonly string[] = Object.keys(AgentFields.shape);

/** Misspellings further away than a letter, and what other tools call the same thing. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  tool: "tools",
  skill: "skills",
  hook: "hooks",
  allowedtools: "tools",
  deniedtools: "disallowedTools",
  mcp: "mcpServers",
  turns: "maxTurns",
};

/** The host's rules for one value, for those that offer a choice. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  model: MODEL_ALIASES,
  permissionMode: PERMISSION_MODES,
  effort: EFFORTS,
  memory: MEMORIES,
  isolation: ISOLATIONS,
  color: COLORS,
};

const BUILT_IN = new Set(["general-purpose", "statusline-setup", "claude-code-guide", "claude", "fork"]);

/** True for a name that an agent can be deployed under. */
export function isAgentName(name: unknown): name is string {
  return typeof name === "string" && NAME.test(name);
}

/** Everything wrong with an agent's fields, in the order of the fields. */
export function checkFields(fields: Readonly<Record<string, unknown>>): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const parsed = AgentFields.safeParse(fields, { reportInput: true });
  for (const issue of parsed.error?.issues ?? []) {
    const suggestion = suggestionFor(issue.path, issue.input);
    problems.push({
      severity: "error",
      path: issue.path,
      expected: issue.message,
      received: shown(issue.input),
      ...(suggestion && { suggestion }),
    });
  }
  for (const field of Object.keys(fields)) {
    const problem = checkFieldName(field);
    if (problem) problems.push({ ...problem, received: `the field ${shown(field)}`, path: [field] });
  }
  for (const field of ["tools", "disallowedTools"]) {
    const tools = listOf(fields[field]);
    for (const tool of tools.slice(0, MAX_TOOLS)) {
      const problem = checkTool(tool);
      if (problem) problems.push({ ...problem, path: [field] });
    }
    if (tools.length > MAX_TOOLS)
      problems.push({
        severity: "error",
        path: [field],
        expected: `at most ${MAX_TOOLS} tools`,
        received: `${tools.length}`,
      });
  }
  if (BUILT_IN.has(fields["name"] as string))
    problems.push({
      severity: "warning",
      path: ["name"],
      expected: "a name that Claude Code has no agent of its own for",
      received: `${shown(fields["name"])}, which this one replaces`,
    });
  return problems;
}

/** The items of a comma-separated text or a list; commas in parentheses, as in `Agent(a, b)`, do not separate. */
export function listOf(value: unknown): string[] {
  const items = typeof value === "string" ? (value.match(/(?:\([^)]*(?:\)|$)|[^,(])+/g) ?? []) : value;
  if (!Array.isArray(items)) return [];
  return items.filter((item) => typeof item === "string").map((item) => item.trim());
}

/** A name in the accepted form that is nearest to what was given; undefined where nothing is left of it. */
export function asName(text: string): string | undefined {
  const name = text
    .normalize("NFKD")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_NAME_CHARS)
    .replace(/^-+|-+$/g, "");
  return NAME.test(name) ? name : undefined;
}

function suggestionFor(path: readonly PropertyKey[], value: unknown): string | undefined {
  const [field] = path;
  if (typeof value !== "string" || path.length !== 1 || typeof field !== "string") return undefined;
  if (field === "name") return asName(value);
  return nearest(value, CHOICES[field] ?? [], value.length < 5 ? 1 : 2);
}

function checkFieldName(field: string): Omit<FieldProblem, "path" | "received"> | undefined {
  if (KNOWN_FIELDS.includes(field)) return undefined;
  // Claude Code does not load an agent whose guards stand where they would not work.
  if (field === "PreToolUse" || field === "PermissionRequest")
    return { severity: "error", expected: `${field} within the field hooks` };
  const plain = field.toLowerCase().replace(/[-_]/g, "");
  const suggestion =
    OTHER_NAMES[plain] ?? nearest(field, KNOWN_FIELDS, field.length < 5 ? 0 : field.length < 10 ? 1 : 2);
  if (!suggestion) return undefined;
  return { severity: "error", expected: "a field that Claude Code knows", suggestion };
}

function checkTool(tool: string): Omit<FieldProblem, "path"> | undefined {
  const name = tool.endsWith(")") ? tool.replace(/\(.*/s, "") : tool;
  if (name === "*" || name.startsWith("mcp__") || TOOLS.includes(name)) return undefined;
  const expected = "a tool of Claude Code, or mcp__<server>__<tool>";
  const suggestion = nearest(name, TOOLS, name.length < 4 ? 0 : name.length < 7 ? 1 : 2);
  return {
    severity: suggestion ? "error" : "warning",
    expected,
    received: shown(tool),
    ...(suggestion && { suggestion }),
  };
}
