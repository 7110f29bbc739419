// From an envelope to what is kept in columns: the row for lists, and the text for the search.

import { hookEvent } from "../contract/catalog.ts";
import { type Envelope, SOURCE_TRANSCRIPT } from "../contract/envelope.ts";
import type { EventRow } from "../contract/row.ts";
import { withheldOf } from "../contract/team.ts";
import type { Head } from "../session/input.ts";
import { askedOf } from "./asked.ts";
import { deedOf } from "./deed.ts";

const PREVIEW = 160;
/** What of one event is indexed for the search, in characters; beyond it the rest is not found. */
const MAX_SEARCH_TEXT = 65_536;
const MAX_DEPTH = 64;
/** What is kept of a turn's prompt and answer, in characters; the events have all of it. */
const MAX_TURN_TEXT = 4096;

/** The row without its cursor, and what only the store's own columns hold. */
export interface Extracted {
  readonly row: Omit<EventRow, "n">;
  /** The file that a tool read or changed. */
  readonly file: string | undefined;
  readonly project: string | undefined;
}

/** What the envelope knows of its session besides the row. */
export function headOf(envelope: Envelope, project: string | undefined): Head {
  const { data, host, cwd, hook_event_name: event } = envelope;
  const withheld = withheldOf(data);
  const tasks = data["background_tasks"];
  const crons = data["session_crons"];
  const model = text(data["model"]);
  const title = text(data["session_title"]);
  const prompt = event === "UserPromptSubmit" ? text(data["prompt"]) : undefined;
  const input = object(data["tool_input"]);
  const asked = askedOf(event, data, input);
  const failed = hasFailed(event, data, object(data["tool_response"])) === true;
  const about = failed ? previewOf("", data, input) : undefined;
  const deed = deedOf(envelope, { tool: text(data["tool_name"]), input, failed, text: about });
  const answer = event === "Stop" ? text(data["last_assistant_message"]) : undefined;
  return {
    project: project ?? "",
    host: host.name,
    ...(cwd ? { cwd } : {}),
    ...(host.machine ? { machine: host.machine } : {}),
    ...(host.pid === undefined ? {} : { pid: host.pid }),
    ...(host.pidns ? { pidns: host.pidns } : {}),
    ...(host.entrypoint ? { entrypoint: host.entrypoint } : {}),
    ...(withheld ? { shared: withheld.level } : {}),
    ...(model ? { model } : {}),
    ...(title ? { title } : {}),
    ...(prompt ? { prompt: prompt.slice(0, MAX_TURN_TEXT) } : {}),
    ...(answer ? { answer: answer.slice(0, MAX_TURN_TEXT) } : {}),
    ...(asked ? { asked } : {}),
    ...(Array.isArray(tasks) ? { backgroundTasks: tasks.length, backgroundAgents: subagentsOf(tasks) } : {}),
    ...(Array.isArray(crons) ? { scheduled: crons.length } : {}),
    ...(deed ? { deed } : {}),
  };
}

/** The ids of those background tasks that are subagents. */
function subagentsOf(tasks: readonly unknown[]): string[] {
  return tasks.flatMap((task) => {
    const { type, id } = object(task);
    return type === "subagent" && typeof id === "string" ? [id] : [];
  });
}

type Data = Readonly<Record<string, unknown>>;

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
const object = (value: unknown): Data => (typeof value === "object" && value !== null ? (value as Data) : {});
const isAgentTool = (tool: string | undefined) => tool === "Agent" || tool === "Task";

/** What is kept in columns of an envelope that has so many bytes. */
export function extract(envelope: Envelope, bytes: number): Extracted {
  const { data, hook_event_name: event } = envelope;
  const tool = text(data["tool_name"]);
  const input = object(data["tool_input"]);
  const response = object(data["tool_response"]);
  const kindField = hookEvent(event)?.kind;
  const failed = hasFailed(event, data, response);
  const ms = data["duration_ms"];
  const background = isBackground(event, tool, input, response);
  const child = event === "PostToolUse" ? childOf(tool, response) : undefined;
  const preview = previewOf(event, data, input);
  const agentType = text(data["agent_type"]);
  return {
    row: {
      id: envelope.id,
      t: Date.parse(envelope.timestamp),
      session: envelope.session_id,
      seq: envelope.seq,
      event,
      ...(tool ? { tool } : {}),
      ...(envelope.agent_id ? { agent: envelope.agent_id } : {}),
      ...(agentType ? { agentType } : {}),
      ...(envelope.correlation_id ? { call: envelope.correlation_id } : {}),
      ...(envelope.prompt_id ? { prompt: envelope.prompt_id } : {}),
      ...(failed ? { failed } : {}),
      ...(typeof ms === "number" && ms >= 0 ? { ms } : {}),
      ...kindOf(kindField, data),
      ...(child ? { child } : {}),
      ...(background ? { background } : {}),
      ...(preview ? { text: preview } : {}),
      bytes,
      ...(envelope.source === SOURCE_TRANSCRIPT ? { source: SOURCE_TRANSCRIPT } : {}),
    },
    file: text(input["file_path"]) ?? text(input["notebook_path"]),
    project: envelope.project_dir ?? envelope.cwd,
  };
}

function childOf(tool: string | undefined, response: Data): string | undefined {
  if (isAgentTool(tool)) return text(response["agentId"]);
  return tool === "TaskStop" ? text(response["task_id"]) : undefined;
}

function kindOf(field: string | undefined, data: Data): { kind?: string } {
  if (field === undefined || field === "tool_name") return {};
  const kind = text(data[field]);
  return kind ? { kind: kind.slice(0, 64) } : {};
}

function hasFailed(event: string, data: Data, response: Data): true | undefined {
  if (event === "PostToolUseFailure" || event === "StopFailure" || event === "PermissionDenied") return true;
  if (event !== "PostToolUse") return undefined;
  return response["is_error"] === true || response["success"] === false || typeof data["error"] === "string"
    ? true
    : undefined;
}

function isBackground(event: string, tool: string | undefined, input: Data, response: Data): true | undefined {
  const launched =
    response["status"] === "async_launched" || response["status"] === "remote_launched" || response["isAsync"] === true;
  if (event === "PostToolUse" && (launched || text(response["backgroundTaskId"]))) return true;
  return event === "PreToolUse" && tool !== undefined && input["run_in_background"] === true ? true : undefined;
}

/** What a person would want to read first of this event. */
function previewOf(event: string, data: Data, input: Data): string | undefined {
  const candidates = [
    event === "PostToolUseFailure" || event === "StopFailure" ? (data["error_details"] ?? data["error"]) : undefined,
    input["command"],
    input["file_path"],
    input["notebook_path"],
    input["pattern"],
    input["url"],
    input["query"],
    input["description"],
    input["subject"],
    input["prompt"],
    data["prompt"],
    data["message"],
    data["last_assistant_message"],
    data["task_subject"],
    data["file_path"],
    data["compact_summary"],
    data["new_cwd"],
    data["directory"],
    data["reason"],
    data["delta"],
  ];
  for (const candidate of candidates) {
    const found = text(candidate);
    if (found) return found.length > PREVIEW ? `${found.slice(0, PREVIEW - 1)}…` : found;
  }
  return undefined;
}

/** All strings of the payload that a person may search for: values, not the names of fields. */
export function searchText(envelope: Envelope): string {
  const parts: string[] = [];
  let left = MAX_SEARCH_TEXT;
  const walk = (value: unknown, depth: number): void => {
    if (left <= 0 || depth > MAX_DEPTH) return;
    if (typeof value === "string") {
      const part = value.length > left ? value.slice(0, left) : value;
      left -= part.length + 1;
      parts.push(part);
    } else if (Array.isArray(value)) {
      for (const item of value) walk(item, depth + 1);
    } else if (typeof value === "object" && value !== null) {
      for (const key in value) if (!NOT_SEARCHED.has(key)) walk((value as Data)[key], depth + 1);
    }
  };
  walk(envelope.data, 0);
  return parts.join("\n");
}

/** Ids and what we add: found by filters, not by words. */
const NOT_SEARCHED = new Set(["session_id", "transcript_path", "prompt_id", "mpm", "permission_mode", "tool_use_id"]);
