// What Claude Code 2.1.330 does with the front matter of a subagent.
// - An error is what keeps it from loading the agent. It says nothing of that to the user.
// - A warning is what it ignores, or reads otherwise than was probably meant; the agent loads all the same.

import * as z from "zod";
import { nearest } from "../platform/nearest.ts";
import { checkHooks } from "./guards.ts";
import { asName, isWise, nameFault, WISE_NAME } from "./name.ts";
import { type FieldProblem, shown } from "./problem.ts";
import { checkTools } from "./tools.ts";

const MODEL_ALIASES = ["sonnet", "opus", "haiku", "fable", "best", "opusplan", "inherit"] as const;
const PERMISSION_MODES = ["default", "acceptEdits", "auto", "dontAsk", "bypassPermissions", "plan", "manual"] as const;
const EFFORTS = ["low", "medium", "high", "xhigh", "max"] as const;
/** Case does not matter, and there is a short form. */
const EXPECTED_EFFORT = `one of ${EFFORTS.join(", ")}, or a whole number`;
const EFFORT = new RegExp(`^(?:${EFFORTS.join("|")}|med|-?[0-9]+)$`, "i");
const COLORS = ["red", "blue", "green", "yellow", "purple", "orange", "pink", "cyan"] as const;
const MEMORIES = ["user", "project", "local"] as const;
const ISOLATIONS = ["worktree", "remote"] as const;
const MIN_COMPACT_WINDOW = 100_000;
/** Descriptions of all agents go to the model with every session. */
const MAX_DESCRIPTION_CHARS = 8000;
const MAX_MODEL_CHARS = 256;
/** A model's full id, with the prefixes of cloud providers and gateways. */
const MODEL_ID = /^(?:claude-|.*[./:@-]claude-|arn:aws|[\w-]+\/)[\w.:/@-]*(?:\[1m\])?$/;

const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `one of ${values.join(", ")}` });
const someText = z.string({ error: "text" }).regex(/\S/, { error: "text" });
const yesOrNo = z.union([z.boolean(), z.enum(["true", "false"])], { error: "true or false" });
const wholeFrom = (least: number) => {
  const error = `a whole number from ${least}`;
  return z
    .union([z.number(), z.string()], { error })
    .refine((value) => /^[1-9][0-9]{0,8}$/.test(String(value)) && Number(value) >= least, { error });
};
const names = (what: string) => {
  const error = `${what}, separated by commas or as a list`;
  return z.union([z.string(), z.array(z.string({ error })), z.null()], { error });
};

/** Values that Claude Code makes use of; unknown fields are kept. A schema's message is what is expected. */
const Values = z.looseObject({
  name: z.unknown().optional(),
  description: z.unknown().optional(),
  tools: names("tools").optional(),
  disallowedTools: names("tools").optional(),
  model: someText
    .refine((model) => isModel(model.trim()), { error: `${MODEL_ALIASES.join(", ")} or the full id of a Claude model` })
    .optional(),
  permissionMode: oneOf(PERMISSION_MODES).optional(),
  maxTurns: wholeFrom(1).optional(),
  skills: names("skills").optional(),
  mcpServers: z
    .array(z.union([someText, z.record(z.string(), z.looseObject({}))], { error: "a server's name or definition" }), {
      error: "a list of servers",
    })
    .optional(),
  hooks: z.unknown().optional(),
  memory: oneOf(MEMORIES).optional(),
  background: yesOrNo.optional(),
  effort: z
    .union([z.string(), z.int()], { error: EXPECTED_EFFORT })
    .refine((effort) => EFFORT.test(String(effort)), { error: EXPECTED_EFFORT })
    .optional(),
  isolation: oneOf(ISOLATIONS).optional(),
  color: oneOf(COLORS).optional(),
  initialPrompt: someText.optional(),
  autoCompactWindow: wholeFrom(MIN_COMPACT_WINDOW).optional(),
  omitClaudeMd: yesOrNo.optional(),
  observer: someText.optional(),
  observerMessage: someText.optional(),
  observeToolResults: yesOrNo.optional(),
  observeSubagents: yesOrNo.optional(),
  experimental: z.looseObject({}, { error: "options by name" }).optional(),
});

export const KNOWN_FIELDS: readonly string[] = Object.keys(Values.shape);

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

/** Values to choose from, by field. */
const CHOICES: Readonly<Record<string, readonly string[]>> = {
  model: MODEL_ALIASES,
  permissionMode: PERMISSION_MODES,
  effort: EFFORTS,
  memory: MEMORIES,
  isolation: ISOLATIONS,
  color: COLORS,
};

const BUILT_IN = new Set(["general-purpose", "statusline-setup", "claude-code-guide", "claude", "fork"]);

/** Everything wrong with an agent's fields: what keeps it from being loaded, then what is unwise. */
export function checkFields(fields: Readonly<Record<string, unknown>>): FieldProblem[] {
  return [
    ...checkName(fields["name"]),
    ...checkDescription(fields["description"]),
    ...checkHooks(fields),
    ...checkValues(fields),
    ...Object.keys(fields).flatMap(checkFieldName),
    ...(fields["tools"] === undefined ? [] : checkTools("tools", fields["tools"], true)),
    ...checkTools("disallowedTools", fields["disallowedTools"], false),
  ];
}

function checkName(name: unknown): FieldProblem[] {
  const say = (severity: "error" | "warning", expected: string, received = shown(name)): FieldProblem[] => {
    const suggestion = typeof name === "string" && !isWise(name) ? asName(name) : undefined;
    return [{ severity, path: ["name"], expected, received, ...(suggestion && { suggestion }) }];
  };
  if (typeof name !== "string" || name === "") return say("error", "a name, as text");
  const fault = nameFault(name);
  if (fault !== undefined) return say("error", fault);
  if (!isWise(name)) return say("warning", WISE_NAME, `${shown(name)}, which not every program takes`);
  if (!BUILT_IN.has(name)) return [];
  return say(
    "warning",
    "a name that Claude Code has no agent of its own for",
    `${shown(name)}, which this one replaces`,
  );
}

function checkDescription(description: unknown): FieldProblem[] {
  const expected = "text that tells when to use the agent";
  const say = (severity: "error" | "warning", received: string): FieldProblem[] => {
    return [{ severity, path: ["description"], expected, received }];
  };
  if (typeof description === "number" || typeof description === "boolean")
    return say("error", `${shown(description)}, which is no text without quotes`);
  if (typeof description !== "string" || description === "") return say("error", shown(description));
  if (!/\S/.test(description)) return say("warning", shown(description));
  if (description.length <= MAX_DESCRIPTION_CHARS) return [];
  return say("warning", `${description.length} characters, which the model is given with every session`);
}

function checkValues(fields: Readonly<Record<string, unknown>>): FieldProblem[] {
  const parsed = Values.safeParse(fields, { reportInput: true });
  return (parsed.error?.issues ?? []).map((issue) => {
    const [field] = issue.path;
    const choices = issue.path.length === 1 ? (CHOICES[String(field)] ?? []) : [];
    const { input } = issue;
    const suggestion = typeof input === "string" ? nearest(input, choices, input.length < 5 ? 1 : 2) : undefined;
    return {
      severity: "warning",
      path: issue.path,
      expected: issue.message,
      received: shown(input),
      ...(suggestion && { suggestion }),
    };
  });
}

function checkFieldName(field: string): FieldProblem[] {
  if (KNOWN_FIELDS.includes(field)) return [];
  const plain = field.toLowerCase().replace(/[-_]/g, "");
  const known = Object.hasOwn(OTHER_NAMES, plain) ? OTHER_NAMES[plain] : undefined;
  const suggestion = known ?? nearest(field, KNOWN_FIELDS, field.length < 5 ? 0 : field.length < 10 ? 1 : 2);
  if (!suggestion) return [];
  const expected = "a field that Claude Code knows";
  return [{ severity: "warning", path: [field], expected, received: `the field ${shown(field)}`, suggestion }];
}

function isModel(model: string): boolean {
  const plain = model.toLowerCase().replace(/\[1m\]$/, "");
  if (MODEL_ALIASES.some((alias) => alias === plain)) return true;
  return model.length <= MAX_MODEL_CHARS && MODEL_ID.test(model);
}
