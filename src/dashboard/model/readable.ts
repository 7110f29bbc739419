// What an event says, in blocks: tools by tools.ts, other events here. What no row knows is shown by its fields.

import type { Envelope } from "../../contract/envelope.ts";
import { WITHHELD, withheldOf } from "../../contract/team.ts";
import { type Block, code, contentText, facts, type Item, list, prose, record, words } from "./blocks.ts";
import { plural } from "./format.ts";
import { own } from "./own.ts";
import { toolBlocks } from "./tools.ts";

type Data = Record<string, unknown>;

/** Fields that every payload has, and that the page shows elsewhere. */
const COMMON = new Set([
  "session_id",
  "prompt_id",
  "transcript_path",
  "agent_transcript_path",
  "cwd",
  "permission_mode",
  "effort",
  "hook_event_name",
  "agent_id",
  "agent_type",
  "tool_use_id",
  "duration_ms",
  // What the relay adds: shown with the event's particulars.
  "mpm",
]);

const READERS: Record<string, (data: Data) => Block[]> = {
  PreToolUse: (data) => tool(data, undefined),
  PostToolUse: (data) => tool(data, data["tool_response"]),
  PostToolUseFailure: (data) => [
    ...(data["is_interrupt"] === true
      ? [{ kind: "note" as const, tone: "bad" as const, text: "interrupted by the user" }]
      : []),
    ...code("error", data["error"], { tone: "bad" }),
    ...tool(data, undefined),
  ],
  PermissionRequest: (data) => [
    { kind: "note", tone: "wait", text: `asks for permission to use ${words(data["tool_name"])}` },
    ...tool(data, undefined),
    ...suggestions(data["permission_suggestions"]),
  ],
  PermissionDenied: (data) => [
    { kind: "note", tone: "bad", text: `denied: ${words(data["reason"])}` },
    ...tool(data, undefined),
  ],
  PostToolBatch: (data) =>
    list(data["tool_calls"]).flatMap((call): Block[] => {
      const { tool_name, tool_input, tool_response } = record(call);
      return [
        ...facts(["tool", tool_name], ...Object.entries(record(tool_input)).slice(0, 3)),
        ...code("sent to the model", contentText(tool_response)),
      ];
    }),
  UserPromptSubmit: (data) => prose("prompt", data["prompt"]),
  UserPromptExpansion: (data) => [
    ...facts(
      ["command", data["command_name"]],
      ["arguments", data["command_args"]],
      ["source", data["command_source"]],
    ),
    ...prose("prompt", data["prompt"]),
  ],
  AssistantMessage: (data) => [
    ...prose("thought", data["thinking"]),
    ...prose("said", data["message"]),
    ...facts(["model", data["model"]]),
  ],
  Stop: ended,
  SubagentStop: ended,
  StopFailure: (data) => [
    { kind: "note", tone: "bad", text: `the turn failed: ${words(data["error"]).replaceAll("_", " ")}` },
    ...prose("", data["error_details"]),
    ...prose("said", data["last_assistant_message"]),
  ],
  Notification: (data) => [
    {
      kind: "note",
      tone: words(data["notification_type"]).endsWith("_prompt") ? "wait" : "plain",
      text: words(data["message"]),
    },
    ...facts(["title", data["title"]], ["kind", words(data["notification_type"]).replaceAll("_", " ")]),
  ],
  PostCompact: (data) => [...facts(["trigger", data["trigger"]]), ...prose("summary", data["compact_summary"])],
  TaskCreated: task,
  TaskCompleted: task,
};

function tool(data: Data, response: unknown): Block[] {
  return toolBlocks(words(data["tool_name"]), data["tool_input"], response);
}

function task(data: Data): Block[] {
  return [
    ...facts(["task", data["task_id"]], ["subject", data["task_subject"]], ["by", data["teammate_name"]]),
    ...prose("description", data["task_description"]),
  ];
}

function ended(data: Data): Block[] {
  const running = list(data["background_tasks"]).map((entry): Item => {
    const { type, status, description, command } = record(entry);
    const about = [type, status].map(words).filter(Boolean).join(", ");
    return { state: words(status) === "running" ? "doing" : "none", text: words(description || command), about };
  });
  const planned = list(data["session_crons"]).map((entry): Item => {
    const { schedule, prompt } = record(entry);
    return { state: "none", text: words(prompt), about: words(schedule) };
  });
  return [
    ...prose("said", data["last_assistant_message"]),
    ...(running.length > 0 ? [{ kind: "list" as const, title: "still in the background", items: running }] : []),
    ...(planned.length > 0 ? [{ kind: "list" as const, title: "scheduled", items: planned }] : []),
  ];
}

function suggestions(value: unknown): Block[] {
  const items = list(value).map((entry): Item => {
    const { type, rules, behavior, mode, directories, destination } = record(entry);
    const what = list(rules)
      .map((rule) => `${words(record(rule)["toolName"])}(${words(record(rule)["ruleContent"])})`)
      .join(", ");
    const text = [words(type), words(behavior), what || words(mode), list(directories).map(words).join(", ")];
    return { state: "none", text: text.filter(Boolean).join(" "), about: words(destination) };
  });
  return items.length > 0 ? [{ kind: "list", title: "rules it offers", items }] : [];
}

/** What the event says, without the fields that every event has. */
export function readable(envelope: Pick<Envelope, "hook_event_name" | "data">): Block[] {
  const withheld = withheldOf(envelope.data);
  if (withheld) return shared(envelope.data, withheld.bytes);
  const name = envelope.hook_event_name;
  const reader = own(READERS, name);
  const blocks = reader?.(envelope.data) ?? [];
  if (blocks.length > 0) return blocks;
  const rest = Object.entries(envelope.data).filter(([field]) => !COMMON.has(field));
  const isShort = ([, value]: [string, unknown]): boolean => typeof value !== "object" && words(value).length <= 200;
  return [
    ...facts(...rest.filter(isShort).map(([field, value]) => [field.replaceAll("_", " "), value] as const)),
    ...rest.filter((field) => !isShort(field)).flatMap(([field, value]) => code(field.replaceAll("_", " "), value)),
  ];
}

/** What its machine shares of an event: a list of facts, as no text is among them. */
function shared(data: Data, bytes: number): Block[] {
  const rest = Object.entries(data).filter(([field]) => !COMMON.has(field) && field !== WITHHELD);
  const rows = rest.flatMap(([field, value]): [string, unknown][] => {
    if (Array.isArray(value)) return value.length > 0 ? [[field, value.length]] : [];
    return typeof value === "object" && value !== null ? Object.entries(value) : [[field, value]];
  });
  const plain = rows.filter(([, value]) => typeof value !== "object" && value !== "");
  return [
    { kind: "note", tone: "plain", text: `not shared: ${plural(bytes, "byte")} of it stayed on its machine` },
    ...facts(...plain.map(([field, value]) => [field.replaceAll("_", " "), value] as const)),
  ];
}
