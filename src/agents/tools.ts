// Lists of tools in a subagent's front matter, split as Claude Code splits them.

import { nearest } from "../platform/nearest.ts";
import type { FieldProblem } from "./problem.ts";
import { shown } from "./problem.ts";

/** No list has more: a limit on the time that looking for near misses takes. */
const MAX_TOOLS = 1000;

/** Claude Code's own, as of 2.1.330. */
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

/** The names in a text or a list; commas and spaces separate them, but not in parentheses, as in `Bash(git log:*)`. */
function toolsIn(value: unknown): string[] {
  const texts = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === "string");
  return texts.flatMap((text) => text.match(/(?:\([^)]*(?:\)|$)|[^, (])+/g) ?? []).map((name) => name.trim());
}

/** What is unwise in a list of tools. `allows` says whether it names the only tools that the agent may use. */
export function checkTools(field: string, value: unknown, allows: boolean): FieldProblem[] {
  const tools = toolsIn(value);
  const warn = (expected: string, received: string, suggestion?: string): FieldProblem => {
    return { severity: "warning", path: [field], expected, received, ...(suggestion && { suggestion }) };
  };
  if (tools.length === 0)
    return allows ? [warn("a tool, or no field tools for all of them", `${shown(value)}: the agent may use none`)] : [];
  const problems = tools.slice(0, MAX_TOOLS).flatMap((tool) => {
    const name = tool.endsWith(")") ? tool.replace(/\(.*/s, "") : tool;
    if (name === "*" || name.startsWith("mcp__") || TOOLS.includes(name)) return [];
    const near = nearest(name, TOOLS, name.length < 4 ? 0 : name.length < 7 ? 1 : 2);
    return [warn("a tool of Claude Code, or mcp__<server>__<tool>", shown(tool), near)];
  });
  if (tools.length > MAX_TOOLS) problems.push(warn(`at most ${MAX_TOOLS} tools`, `${tools.length}`));
  return problems;
}
