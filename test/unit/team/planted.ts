// Events that hold a word that must not leave, in every place that an event has: fields of every event, inputs and outputs
// of every tool, fields that nobody knows, names of fields, lists in lists, heads.
// Source of the fields: the hooks reference and the SDK types of Claude Code (host 2.1.330). What is known of them stands
// here once more on purpose: the code's own table is what is tested.

import { subtypeOf } from "../../../src/contract/catalog.ts";
import type { Envelope } from "../../../src/contract/envelope.ts";

/** Nothing says it by chance. */
export const WORD = "quokkavexing";
export const NUMBER = 73_517_351;

const COMMON = ["transcript_path", "permission_mode", "effort", "agent_type", "git_branch", "mpm"];

/** The fields of each event besides those that all have. */
export const EVENT_FIELDS: Readonly<Record<string, readonly string[]>> = {
  SessionStart: ["source", "model", "session_title"],
  Setup: ["trigger"],
  InstructionsLoaded: ["file_path", "memory_type", "load_reason", "globs", "trigger_file_path", "parent_file_path"],
  UserPromptSubmit: ["prompt", "session_title"],
  UserPromptExpansion: ["expansion_type", "command_name", "command_args", "command_source", "prompt"],
  MessageDisplay: ["turn_id", "message_id", "index", "final", "delta"],
  PreToolUse: ["tool_name", "tool_input"],
  PermissionRequest: ["tool_name", "tool_input", "permission_suggestions"],
  PermissionDenied: ["tool_name", "tool_input", "reason"],
  PostToolUse: ["tool_name", "tool_input", "tool_response", "duration_ms", "error"],
  PostToolUseFailure: ["tool_name", "tool_input", "error", "is_interrupt", "duration_ms"],
  PostToolBatch: ["tool_calls"],
  Notification: ["message", "title", "notification_type"],
  SubagentStart: [],
  SubagentStop: [
    "stop_hook_active",
    "agent_transcript_path",
    "last_assistant_message",
    "background_tasks",
    "session_crons",
  ],
  TaskCreated: ["task_id", "task_subject", "task_description", "teammate_name", "team_name"],
  TaskCompleted: ["task_id", "task_subject", "task_description", "teammate_name", "team_name"],
  Stop: ["stop_hook_active", "last_assistant_message", "background_tasks", "session_crons", "session_title"],
  StopFailure: ["error", "error_details", "last_assistant_message"],
  TeammateIdle: ["teammate_name", "team_name"],
  ConfigChange: ["source", "file_path"],
  CwdChanged: ["old_cwd", "new_cwd"],
  DirectoryAdded: ["directory", "source"],
  FileChanged: ["file_path", "event"],
  WorktreeCreate: ["name"],
  WorktreeRemove: ["worktree_path"],
  PreCompact: ["trigger", "custom_instructions"],
  PostCompact: ["trigger", "compact_summary"],
  SessionEnd: ["reason", "session_title"],
  Elicitation: ["mcp_server_name", "message", "mode", "url", "elicitation_id", "requested_schema"],
  ElicitationResult: ["mcp_server_name", "action", "mode", "elicitation_id", "content"],
  // Of transcripts.
  AssistantMessage: ["message", "thinking", "model"],
  Interrupted: [],
};

interface ToolFields {
  readonly input: readonly string[];
  readonly response: readonly string[];
}

export const TOOL_FIELDS: Readonly<Record<string, ToolFields>> = {
  Bash: {
    input: ["command", "description", "timeout", "run_in_background", "dangerouslyDisableSandbox"],
    response: [
      "stdout",
      "stderr",
      "interrupted",
      "isImage",
      "rawOutputPath",
      "backgroundTaskId",
      "backgroundedByUser",
      "timedOutAfterMs",
      "backgroundCwdHint",
      "backgroundEndsWithFinalResponse",
      "dangerouslyDisableSandbox",
      "returnCodeInterpretation",
      "noOutputExpected",
      "structuredContent",
      "persistedOutputPath",
      "persistedOutputSize",
      "staleReadFileStateHint",
      "ghRateLimitHint",
      "gitOperation",
      "is_error",
      "success",
    ],
  },
  PowerShell: { input: ["command", "description", "timeout", "run_in_background"], response: ["stdout", "stderr"] },
  Write: {
    input: ["file_path", "content"],
    response: ["type", "filePath", "content", "structuredPatch", "originalFile", "gitDiff", "userModified"],
  },
  Edit: {
    input: ["file_path", "old_string", "new_string", "replace_all"],
    response: [
      "filePath",
      "oldString",
      "newString",
      "originalFile",
      "structuredPatch",
      "userModified",
      "replaceAll",
      "gitDiff",
    ],
  },
  MultiEdit: { input: ["file_path", "edits"], response: ["filePath", "edits", "originalFileContents"] },
  Read: { input: ["file_path", "offset", "limit", "pages"], response: ["type", "file", "source"] },
  Glob: {
    input: ["pattern", "path"],
    response: ["durationMs", "numFiles", "filenames", "truncated", "totalMatches", "countIsComplete"],
  },
  Grep: {
    input: [
      "pattern",
      "path",
      "glob",
      "type",
      "output_mode",
      "-i",
      "-o",
      "-n",
      "-A",
      "-B",
      "-C",
      "context",
      "head_limit",
      "offset",
      "multiline",
    ],
    response: [
      "mode",
      "numFiles",
      "filenames",
      "content",
      "numLines",
      "numMatches",
      "totalFiles",
      "totalLines",
      "appliedLimit",
      "appliedOffset",
    ],
  },
  WebFetch: {
    input: ["url", "prompt"],
    response: ["bytes", "code", "codeText", "result", "durationMs", "url", "artifactRead"],
  },
  WebSearch: {
    input: ["query", "allowed_domains", "blocked_domains"],
    response: ["query", "results", "durationSeconds", "searchCount"],
  },
  Agent: {
    input: [
      "prompt",
      "description",
      "subagent_type",
      "model",
      "run_in_background",
      "name",
      "team_name",
      "mode",
      "isolation",
    ],
    response: [
      "status",
      "agentId",
      "agentType",
      "content",
      "resolvedModel",
      "modelsUsed",
      "totalToolUseCount",
      "totalDurationMs",
      "totalTokens",
      "usage",
      "toolStats",
      "prompt",
      "worktreePath",
      "worktreeBranch",
      "isAsync",
      "description",
      "outputFile",
      "canReadOutputFile",
      "taskId",
      "sessionUrl",
    ],
  },
  AskUserQuestion: {
    input: ["questions", "answers", "annotations", "metadata"],
    response: ["questions", "answers", "response", "annotations", "afkTimeoutMs"],
  },
  ExitPlanMode: {
    input: ["plan", "planFilePath", "allowedPrompts"],
    response: ["plan", "isAgent", "filePath", "hasTaskTool", "planWasEdited", "awaitingLeaderApproval", "requestId"],
  },
  NotebookEdit: {
    input: ["notebook_path", "cell_id", "new_source", "cell_type", "edit_mode"],
    response: [
      "new_source",
      "old_source",
      "cell_id",
      "cell_type",
      "language",
      "edit_mode",
      "error",
      "notebook_path",
      "original_file",
      "updated_file",
    ],
  },
  Monitor: {
    input: ["command", "ws", "description", "timeout_ms", "persistent"],
    response: ["taskId", "timeoutMs", "persistent"],
  },
  TaskCreate: { input: ["subject", "description", "activeForm", "metadata"], response: ["task"] },
  TaskUpdate: {
    input: [
      "taskId",
      "status",
      "subject",
      "description",
      "activeForm",
      "addBlocks",
      "addBlockedBy",
      "owner",
      "metadata",
    ],
    response: ["success", "taskId", "updatedFields", "error", "statusChange"],
  },
  EnterWorktree: { input: ["name", "path"], response: ["worktreePath", "worktreeBranch", "message"] },
  ExitWorktree: {
    input: ["action", "discard_changes"],
    response: [
      "action",
      "originalCwd",
      "worktreePath",
      "worktreeBranch",
      "tmuxSessionName",
      "discardedFiles",
      "discardedCommits",
      "message",
    ],
  },
  TaskStop: { input: ["task_id", "shell_id"], response: ["message", "task_id", "task_type", "command"] },
  TodoWrite: { input: ["todos"], response: ["oldTodos", "newTodos"] },
  Skill: { input: ["skill", "args"], response: ["success", "commandName"] },
  Workflow: {
    input: ["script", "name", "scriptPath", "args", "resumeFromRunId", "title", "description"],
    response: [
      "status",
      "taskId",
      "taskType",
      "workflowName",
      "runId",
      "summary",
      "transcriptDir",
      "scriptPath",
      "sessionUrl",
      "warning",
      "error",
    ],
  },
  mcp__harbour__read_gauge: { input: ["gauge"], response: ["content", "structuredContent", "isError"] },
  ToolOfNextMonth: { input: ["anything"], response: ["anything"] },
};

/** What a field of any kind may hold instead of what it should. */
export const PLANTS: Readonly<Record<string, unknown>> = {
  "a word": WORD,
  "a sentence": `please ${WORD} the gauge\nand ${WORD} again`,
  "a path": `/home/${WORD}/code/${WORD}.ts`,
  "a path of Windows": `C:\\Users\\${WORD}\\${WORD}.ts`,
  "an address": `https://${WORD}.example/${WORD}?q=${WORD}`,
  "an identifier": `toolu_${WORD}_1`,
  "a tool of a server": `mcp__${WORD}__${WORD}`,
  "an agent of a plugin": `${WORD}:${WORD}`,
  "an enumerated word and more": `startup ${WORD}`,
  "a number as text": String(NUMBER),
  "a mark": `[redacted:${WORD}]`,
  "an object": { [WORD]: WORD, nested: { [`deep_${WORD}`]: [[WORD, { x: WORD }]] } },
  "a list": [
    WORD,
    [WORD],
    { [WORD]: WORD, id: WORD, type: WORD, status: WORD, tool_name: `a ${WORD}`, tool_input: { a: WORD } },
  ],
  "very much": WORD.repeat(200),
};

/** Names leave: of tools, of agents, of servers. A text that has the form of one, and stands where one does, is one. */
const NAMED = new Set(["tool_name", "agent_type", "agentType", "subagent_type", "mcp_server_name"]);
const isName = (field: string, plant: unknown): boolean =>
  NAMED.has(field) && typeof plant === "string" && /^[\w:]+$/.test(plant) && plant !== String(NUMBER);

/** What is nothing, or nearly. */
export const EMPTY: Readonly<Record<string, unknown>> = {
  "an empty text": "",
  "an empty object": {},
  "an empty list": [],
  null: null,
  true: true,
  zero: 0,
  "minus zero": -0,
  "a huge number": 1e308,
};

/** An event as it should be, with no word of anybody's in it. */
export function plain(event: string, fields: Record<string, unknown> = {}): Envelope {
  return {
    id: "01KB3W6N2Q9F5Z8T4XJ7VC0RDM",
    schema: 1,
    event: "claude_event",
    type: "hook",
    subtype: subtypeOf(event),
    source: event === "AssistantMessage" || event === "Interrupted" ? "transcript" : "mpm_hook",
    hook_event_name: event,
    timestamp: "2026-11-23T20:48:10.162Z",
    session_id: "2b8e6f40-9d1c-4e57-8a33-c1f09b7de215",
    cwd: "/home/dana/code/tidepool",
    project_dir: "/home/dana/code/tidepool",
    correlation_id: "toolu_01A09q90qw90lq917835lq9",
    agent_id: "a7c41e09f3b2d586",
    prompt_id: "6ccbb111-547f-44ad-83b7-5f17738593b2",
    host: { name: "workshop", machine: "5f0c1a2b3c4d5e6f", pid: 4242, pidns: "4026531836", entrypoint: "cli" },
    seq: 42,
    data: {
      session_id: "2b8e6f40-9d1c-4e57-8a33-c1f09b7de215",
      hook_event_name: event,
      transcript_path: "/home/dana/.claude/projects/-home-dana-code-tidepool/2b8e6f40.jsonl",
      cwd: "/home/dana/code/tidepool",
      tool_use_id: "toolu_01A09q90qw90lq917835lq9",
      agent_id: "a7c41e09f3b2d586",
      prompt_id: "6ccbb111-547f-44ad-83b7-5f17738593b2",
      ...fields,
    },
  };
}

export interface Planted {
  /** Where the word stands, in words. */
  readonly where: string;
  readonly event: Envelope;
}

const UNKNOWN = ["field_of_next_month", "__proto__", "toString"];

/** An object of one field, whatever its name. */
const one = (name: string, value: unknown): Record<string, unknown> => Object.fromEntries([[name, value]]);

/** Each event with each of its fields, and fields that it does not have, holding what is given. */
export function* inFields(plants: Readonly<Record<string, unknown>>): Generator<Planted> {
  for (const [event, fields] of Object.entries(EVENT_FIELDS))
    for (const field of [...COMMON, ...fields, ...UNKNOWN])
      for (const [kind, plant] of Object.entries(plants))
        if (!isName(field, plant))
          yield { where: `${event}.${field}, ${kind}`, event: plain(event, one(field, plant)) };
}

const CALL_EVENTS = ["PreToolUse", "PermissionRequest", "PostToolUseFailure"];

/** Each tool with each field of its input and its output holding what is given. */
export function* inTools(plants: Readonly<Record<string, unknown>>): Generator<Planted> {
  for (const [tool, { input, response }] of Object.entries(TOOL_FIELDS))
    for (const [kind, plant] of Object.entries(plants)) {
      for (const field of [...input, ...UNKNOWN])
        for (const event of isName(field, plant) ? [] : CALL_EVENTS)
          yield {
            where: `${event}(${tool}).tool_input.${field}, ${kind}`,
            event: plain(event, { tool_name: tool, tool_input: one(field, plant) }),
          };
      for (const field of [...response, ...UNKNOWN]) {
        if (isName(field, plant)) continue;
        const answer = { tool_name: tool, tool_input: {}, tool_response: one(field, plant) };
        yield { where: `PostToolUse(${tool}).tool_response.${field}, ${kind}`, event: plain("PostToolUse", answer) };
        yield {
          where: `PostToolBatch(${tool}).${field}, ${kind}`,
          event: plain("PostToolBatch", { tool_calls: [{ ...answer, tool_use_id: "toolu_1" }, plant] }),
        };
      }
    }
}

/** Members of lists that an event holds, each field of each. */
const MEMBERS: Readonly<Record<string, readonly [event: string, fields: readonly string[]]>> = {
  background_tasks: [
    "Stop",
    ["id", "type", "status", "description", "command", "agent_type", "server", "tool", "name", "x"],
  ],
  session_crons: ["Stop", ["id", "schedule", "recurring", "prompt", "x"]],
  permission_suggestions: [
    "PermissionRequest",
    ["type", "rules", "behavior", "mode", "directories", "destination", "x"],
  ],
  tool_calls: ["PostToolBatch", ["tool_name", "tool_input", "tool_use_id", "tool_response", "x"]],
};

export function* inMembers(plants: Readonly<Record<string, unknown>>): Generator<Planted> {
  for (const [list, [event, fields]] of Object.entries(MEMBERS))
    for (const field of fields)
      for (const [kind, plant] of Object.entries(plants)) {
        if (isName(field, plant)) continue;
        const member = { type: "subagent", id: "a7c41e09f3b2d586", ...one(field, plant) };
        yield { where: `${event}.${list}[].${field}, ${kind}`, event: plain(event, { [list]: [member] }) };
      }
}

/** What an object within an answer is called, and what stands in it. */
const NESTED: readonly (readonly [tool: string, field: string, members: readonly string[]])[] = [
  ["Read", "file", ["filePath", "content", "numLines", "startLine", "totalLines", "type", "base64", "x"]],
  ["Agent", "usage", ["input_tokens", "output_tokens", "service_tier", "server_tool_use", "x"]],
  ["Agent", "toolStats", ["readCount", "Bash", "x"]],
  ["Bash", "gitOperation", ["commit", "push", "branch", "pr", "x"]],
  ["TaskUpdate", "statusChange", ["from", "to", "x"]],
  ["TaskCreate", "task", ["id", "subject", "x"]],
];

export function* inNested(plants: Readonly<Record<string, unknown>>): Generator<Planted> {
  for (const [tool, field, members] of NESTED)
    for (const member of members)
      for (const [kind, plant] of Object.entries(plants)) {
        const fields = { tool_name: tool, tool_input: {}, tool_response: { [field]: one(member, plant) } };
        yield { where: `${tool}.${field}.${member}, ${kind}`, event: plain("PostToolUse", fields) };
      }
}

/** A head that holds the word: only what fits there by the envelope's schema. Ids of sessions and events leave as they are. */
export function* inHeads(): Generator<Planted> {
  const base = plain("PostToolUse", { tool_name: "Bash", tool_input: {}, tool_response: {} });
  const texts = Object.entries(PLANTS).flatMap(([kind, plant]) =>
    typeof plant === "string" && plant.length <= 256 ? [[kind, plant] as const] : [],
  );
  for (const [kind, text] of texts) {
    for (const field of ["type", "subtype", "source"])
      yield { where: `head.${field}, ${kind}`, event: { ...base, ...one(field, text.slice(0, 64)) } };
    if (!/^[\w:]+$/.test(text)) yield { where: `head.session_id, ${kind}`, event: { ...base, session_id: text } };
    for (const field of ["correlation_id", "agent_id", "prompt_id", "hook_event_name", "x"])
      yield { where: `head.${field}, ${kind}`, event: { ...base, ...one(field, text.slice(0, 128)) } };
    for (const field of ["machine", "pidns", "entrypoint", "x"])
      yield {
        where: `host.${field}, ${kind}`,
        event: { ...base, host: { ...base.host, ...one(field, text.slice(0, 64)) } },
      };
    for (const field of ["cwd", "project_dir"])
      yield { where: `head.${field}, ${kind}`, event: { ...base, ...one(field, `/home/${text}/code/tidepool`) } };
  }
}
