// What follows from a payload and saves every reader the work: small, cheap, and never a guess.
// - Names are claude-mpm's where it has them; today's tool names are understood beside the older ones.

import type { Payload } from "./payload.ts";

export type OperationType = "read" | "write" | "execute" | "network" | "task_management" | "delegation" | "other";

export interface Derived {
  readonly operation_type?: OperationType;
  readonly is_file_operation?: boolean;
  readonly is_delegation?: boolean;
  /** Of a delegation: which kind of agent was asked for. */
  readonly agent_type?: string;
  readonly mcp_server?: string;
  readonly mcp_tool?: string;
  readonly prompt_length?: number;
  /** The prompt is a slash command. */
  readonly is_command?: boolean;
  readonly message_length?: number;
}

const OPERATIONS: Readonly<Record<OperationType, readonly string[]>> = {
  read: [
    "Read",
    "Glob",
    "Grep",
    "LS",
    "NotebookRead",
    "LSP",
    "ToolSearch",
    "ReadMcpResourceTool",
    "ListMcpResourcesTool",
  ],
  write: ["Write", "Edit", "MultiEdit", "NotebookEdit"],
  execute: ["Bash", "PowerShell", "BashOutput", "KillShell", "KillBash", "Monitor", "REPL"],
  network: ["WebFetch", "WebSearch"],
  task_management: ["TodoWrite", "TaskCreate", "TaskUpdate", "TaskGet", "TaskList", "TaskOutput", "TaskStop"],
  // Agent is today's name of Task.
  delegation: ["Agent", "Task"],
  other: [],
};
const FILE_TOOLS: ReadonlySet<string> = new Set(["Read", "Write", "Edit", "MultiEdit", "NotebookEdit", "NotebookRead"]);
const OPERATION_OF: ReadonlyMap<string, OperationType> = new Map(
  Object.entries(OPERATIONS).flatMap(([operation, tools]) => tools.map((tool) => [tool, operation as OperationType])),
);

/** @param payload already redacted */
export function derive(payload: Payload): Derived {
  const tool = payload["tool_name"];
  return {
    ...(typeof tool === "string" ? ofTool(tool, payload["tool_input"]) : {}),
    ...ofTexts(payload),
  };
}

function ofTool(tool: string, input: unknown): Derived {
  const operation_type = OPERATION_OF.get(tool) ?? "other";
  const is_delegation = operation_type === "delegation";
  const agent = is_delegation && typeof input === "object" && input !== null && (input as Payload)["subagent_type"];
  const mcp = /^mcp__(.+?)__(.+)$/s.exec(tool);
  return {
    operation_type,
    is_file_operation: FILE_TOOLS.has(tool),
    is_delegation,
    ...(typeof agent === "string" ? { agent_type: agent.slice(0, 128) } : {}),
    ...(mcp?.[1] && mcp[2] ? { mcp_server: mcp[1].slice(0, 128), mcp_tool: mcp[2].slice(0, 128) } : {}),
  };
}

function ofTexts(payload: Payload): Derived {
  const prompt = payload["prompt"];
  const message = payload["last_assistant_message"] ?? payload["message"];
  return {
    ...(typeof prompt === "string" ? { prompt_length: prompt.length, is_command: /^\s*\/[a-z]/i.test(prompt) } : {}),
    ...(typeof message === "string" ? { message_length: message.length } : {}),
  };
}
