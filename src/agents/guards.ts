// Hooks in a subagent's front matter, judged as Claude Code 2.1.330 judges them.
// - PreToolUse and PermissionRequest may be what guards an agent's permissions: where one of them cannot be loaded, or
//   stands where it would not work, Claude Code does not load the agent at all.
// - Of the other events it passes over the entries that it cannot load.

import * as z from "zod";
import { HOOK_EVENTS } from "../contract/catalog.ts";
import { type FieldProblem, shown } from "./problem.ts";

const EVENTS: ReadonlySet<string> = new Set(HOOK_EVENTS.map(({ name }) => name));
const GUARDS: ReadonlySet<string> = new Set(["PreToolUse", "PermissionRequest"]);
/** Fields in which Claude Code looks for no guards. */
const UNSEARCHED: ReadonlySet<string> = new Set(["hooks", "metadata", "mcpServers", "lspServers"]);
/** How deep Claude Code looks for them. */
const SEARCHED_LEVELS = 3;

const text = z.string({ error: "text" });
const common = {
  if: text.optional(),
  timeout: z.number({ error: "seconds" }).positive({ error: "seconds" }).optional(),
  statusMessage: text.optional(),
  once: z.boolean({ error: "true or false" }).optional(),
};
const Hook = z.discriminatedUnion(
  "type",
  [
    z.looseObject({
      ...common,
      type: z.literal("command"),
      command: text,
      args: z.array(text, { error: "a list" }).optional(),
      async: z.boolean({ error: "true or false" }).optional(),
    }),
    z.looseObject({ ...common, type: z.literal("prompt"), prompt: text }),
    z.looseObject({ ...common, type: z.literal("agent"), prompt: text }),
    z.looseObject({ ...common, type: z.literal("http"), url: text }),
    z.looseObject({ ...common, type: z.literal("mcp_tool"), server: text, tool: text }),
  ],
  { error: "a hook of type command, prompt, agent, http or mcp_tool" },
);
const Matcher = z.looseObject(
  { matcher: text.optional(), hooks: z.array(Hook, { error: "a list of hooks" }) },
  { error: "matcher and hooks" },
);
const Matchers = z.array(Matcher, { error: "a list of matchers with their hooks" });

/** What is wrong with an agent's hooks. An error is what keeps Claude Code from loading it. */
export function checkHooks(fields: Readonly<Record<string, unknown>>): FieldProblem[] {
  return [...misplacedGuards(fields), ...(fields["hooks"] ? checkEvents(fields["hooks"]) : [])];
}

function misplacedGuards(fields: Readonly<Record<string, unknown>>): FieldProblem[] {
  return Object.entries(fields).flatMap(([field, value]) => {
    if (UNSEARCHED.has(field) || !(isGuard(field, value) || holdsGuard(value, SEARCHED_LEVELS, !EVENTS.has(field))))
      return [];
    const expected = GUARDS.has(field) ? `${field} within the field hooks` : "hooks within the field hooks";
    return [{ severity: "error", path: [field], expected, received: `the field ${shown(field)}` }];
  });
}

function checkEvents(hooks: unknown): FieldProblem[] {
  if (typeof hooks !== "object" || hooks === null || Array.isArray(hooks) || looksLikeMatcher(hooks))
    return [
      {
        severity: "error",
        path: ["hooks"],
        expected: "hooks by event, as in the settings file",
        received: shown(hooks),
      },
    ];
  return Object.entries(hooks).flatMap(([event, value]: [string, unknown]): FieldProblem[] => {
    const path = ["hooks", event];
    if (!EVENTS.has(event)) {
      const severity = holdsGuard(value, SEARCHED_LEVELS, !Array.isArray(value)) ? "error" : "warning";
      return [{ severity, path, expected: "an event that Claude Code has hooks for", received: shown(event) }];
    }
    const unloadable = GUARDS.has(event) ? value !== null : holdsGuard(value, SEARCHED_LEVELS, false);
    const parsed = Matchers.safeParse(value, { reportInput: true });
    return (parsed.error?.issues ?? []).map((issue) => ({
      severity: unloadable ? "error" : "warning",
      path: [...path, ...issue.path],
      expected: issue.message,
      received: shown(issue.input),
    }));
  });
}

function isGuard(key: string, value: unknown): boolean {
  const empty = value === null || value === undefined || (Array.isArray(value) && value.length === 0);
  return GUARDS.has(key) && !empty;
}

/** True where guards stand somewhere in a value, or, if those count, what looks like a matcher with hooks. */
function holdsGuard(value: unknown, levels: number, matchersCount: boolean): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (!Array.isArray(value) && Object.entries(value).some(([key, item]) => isGuard(key, item))) return true;
  if (matchersCount && looksLikeMatcher(value)) return true;
  if (levels === 0) return false;
  if (Array.isArray(value)) return value.some((item) => holdsGuard(item, levels - 1, matchersCount));
  return Object.entries(value).some(([key, item]) => holdsGuard(item, levels - 1, matchersCount && !EVENTS.has(key)));
}

function looksLikeMatcher(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(looksLikeMatcher);
  if (typeof value !== "object" || value === null || !("hooks" in value)) return false;
  const { hooks } = value;
  if (!("matcher" in value) && Object.keys(value).some((key) => EVENTS.has(key))) return false;
  if (Array.isArray(hooks)) return hooks.length > 0;
  if (typeof hooks !== "object" || hooks === null) return false;
  return "matcher" in value || ("type" in hooks && typeof hooks.type === "string");
}
