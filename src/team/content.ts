// What of an event leaves this machine for its team: pure, by a list of what may, never by a list of what may not.
// - `metadata`: names, times, sizes, counts, and words of the host's own vocabulary. No text, and no path beyond the
//   project's name. `hashed` adds keyed hashes of paths and commands, in their places. `content`: the event as it is stored.
// - What is not listed here does not leave, whatever it is called and wherever it stands: a field of next year does not.
// - Ids that may hold words are hashed with the key, so that they still tell one thing from another.
// - The meaning of a session (states, calls, waits, turns, durations) follows from what is left as from the whole.
// docs/team-content.md has the same list for people; a test compares both.

import { createHmac } from "node:crypto";
import { HOOK_EVENTS, subtypeOf } from "../contract/catalog.ts";
import { type Envelope, SOURCE_HOOK, SOURCE_TRANSCRIPT } from "../contract/envelope.ts";
import { baseName } from "../contract/project.ts";
import { type ContentLevel, leastContent, WITHHELD, type Withheld, withheldOf } from "../contract/team.ts";

/** Words of the host. Source: the hooks reference of Claude Code (host 2.1.330), its enumerations. */
const WORDS: ReadonlySet<string> = new Set(
  [
    ["startup", "resume", "clear", "compact", "fork", "import", "init", "maintenance", "manual", "auto"],
    ["User", "Project", "Local", "Managed"],
    ["session_start", "nested_traversal", "path_glob_match", "include"],
    ["slash_command", "mcp_prompt", "register_repo_root"],
    ["permission_prompt", "idle_prompt", "auth_success", "elicitation_dialog", "elicitation_url_dialog"],
    ["elicitation_complete", "elicitation_response", "agent_needs_input", "agent_completed"],
    ["rate_limit", "overloaded", "authentication_failed", "oauth_org_not_allowed", "billing_error", "invalid_request"],
    ["model_not_found", "server_error", "max_output_tokens", "unknown"],
    ["user_settings", "project_settings", "local_settings", "policy_settings", "skills"],
    ["change", "add", "unlink", "logout", "prompt_input_exit", "other", "form", "url", "accept", "decline", "cancel"],
    ["default", "acceptEdits", "plan", "bypassPermissions", "dontAsk", "low", "medium", "high", "xhigh", "max"],
    [
      "completed",
      "async_launched",
      "remote_launched",
      "running",
      "failed",
      "killed",
      "pending",
      "in_progress",
      "deleted",
    ],
    [
      "shell",
      "subagent",
      "monitor",
      "workflow",
      "keep",
      "remove",
      "create",
      "update",
      "text",
      "image",
      "notebook",
      "pdf",
    ],
    ["parts", "file_unchanged", "content", "files_with_matches", "count"],
    ["cli", "sdk-cli", "sdk-ts", "sdk-py", "remote", "claude-vscode", "claude-desktop", "github-action"],
  ].flat(),
);
const EVENTS: ReadonlySet<string> = new Set([
  ...HOOK_EVENTS.map(({ name }) => name),
  "AssistantMessage",
  "Interrupted",
]);
/** What stands for an event that this version does not know. */
const OTHER_EVENT = "OtherEvent";

/** A tool, an agent type, an MCP server, a model: what is called so by who set it up, and no more than a name. */
const NAME = /^[A-Za-z][\w:-]{0,127}$/;
const MODEL = /^(?:[a-z]{2,6}\.)?(?:anthropic\.)?claude-[\w.:@[\]-]{1,80}$|^(?:opus|sonnet|haiku|inherit|default)$/;
/** What stands for a model of somebody else's: it may be called after anything. */
const OTHER_MODEL = "other";
/** An id that holds no words, and no number that means something: hexadecimal, a UUID, or of a call. */
const PLAIN_ID =
  /^(?:(?=\D*\d)(?=.*[a-f])[0-9a-f]{12,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:srv)?toolu_(?=\D*\d)[0-9A-Za-z]{8,64})$/;
const SESSION_ID = /^[\w.:-]{1,128}$/;
/** What was hashed here before. */
const HASHED = /^(?:id|path|command):[0-9a-f]{24}$/;
const HASH_CHARS = 24;
/** A directory that is called after a person. */
const HOME_DIRECTORY = /(?:^|[\\/])(?:home|users|homes)[\\/][^\\/]+[\\/]*$|^\/root\/*$/i;
/** No name of a directory is longer. */
const MAX_PROJECT = 255;

/** How a value may leave. */
export type Kind = "word" | "event" | "name" | "model" | "number" | "flag" | "id" | "path" | "command";

/** What of a value may leave; undefined: nothing of it. */
interface Rule {
  (value: unknown, hash: Hash): unknown;
  readonly kind?: Kind;
  /** Of an object, or of each object of a list. */
  readonly fields?: Fields;
}
type Hash = { readonly of: (kind: "id" | "path" | "command", text: string) => string; readonly places: boolean };
type Fields = Readonly<Record<string, Rule>>;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const rule = (kind: Kind, take: (value: unknown, hash: Hash) => unknown): Rule => Object.assign(take, { kind });
const texts = (kind: Kind, take: (text: string, hash: Hash) => unknown): Rule =>
  rule(kind, (value, hash) => (typeof value === "string" ? take(value, hash) : undefined));

const word = texts("word", (text) => (WORDS.has(text) ? text : undefined));
const event = rule("event", (value) => (typeof value === "string" && EVENTS.has(value) ? value : OTHER_EVENT));
const name = texts("name", (text) => (NAME.test(text) ? text : undefined));
const model = texts("model", (text) => (MODEL.test(text) ? text : undefined));
const number = rule("number", (value) => (typeof value === "number" && Number.isFinite(value) ? value : undefined));
const flag = rule("flag", (value) => (typeof value === "boolean" ? value : undefined));
const id = rule("id", (value, hash) => {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || value === "") return undefined;
  return PLAIN_ID.test(value) || HASHED.test(value) ? value : hash.of("id", value);
});
const hashed = (kind: "path" | "command"): Rule =>
  texts(kind, (text, hash) => {
    if (!hash.places || text === "") return undefined;
    return HASHED.test(text) ? text : hash.of(kind, text);
  });
const path = hashed("path");
const command = hashed("command");
const fields = (known: Fields): Rule =>
  Object.assign((value: unknown, hash: Hash) => (isObject(value) ? left(value, known, hash) : undefined), {
    fields: known,
  });
const each = ({ fields: known = {} }: Rule): Rule =>
  Object.assign(
    (value: unknown, hash: Hash) =>
      Array.isArray(value) ? value.flatMap((item) => (isObject(item) ? [left(item, known, hash)] : [])) : undefined,
    { fields: known },
  );

/** What of an object's fields may leave, in the order of the list. */
function left(value: Readonly<Record<string, unknown>>, known: Fields, hash: Hash): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, take] of Object.entries(known)) {
    const of = Object.hasOwn(value, key) ? take(value[key], hash) : undefined;
    if (of !== undefined) kept[key] = of;
  }
  return kept;
}

/** Of the API's counts of an answer. */
const USAGE: Fields = {
  input_tokens: number,
  output_tokens: number,
  cache_read_input_tokens: number,
  cache_creation_input_tokens: number,
};

const TOOL_INPUT: Fields = {
  run_in_background: flag,
  timeout: number,
  timeout_ms: number,
  replace_all: flag,
  offset: number,
  limit: number,
  head_limit: number,
  output_mode: word,
  subagent_type: name,
  model,
  mode: word,
  status: word,
  action: word,
  taskId: id,
  task_id: id,
  shell_id: id,
  persistent: flag,
  file_path: path,
  notebook_path: path,
  path,
  command,
};

const TOOL_RESPONSE: Fields = {
  type: word,
  is_error: flag,
  success: flag,
  interrupted: flag,
  isImage: flag,
  isAsync: flag,
  status: word,
  agentId: id,
  agentType: name,
  resolvedModel: model,
  backgroundTaskId: id,
  backgroundedByUser: flag,
  timedOutAfterMs: number,
  taskId: id,
  task_id: id,
  numFiles: number,
  numLines: number,
  numMatches: number,
  totalFiles: number,
  totalLines: number,
  totalMatches: number,
  truncated: flag,
  bytes: number,
  code: number,
  durationMs: number,
  durationSeconds: number,
  searchCount: number,
  persistedOutputSize: number,
  totalToolUseCount: number,
  totalDurationMs: number,
  totalTokens: number,
  usage: fields(USAGE),
  userModified: flag,
  replaceAll: flag,
  planWasEdited: flag,
  filePath: path,
};

const TASK: Fields = { id, type: word, status: word, agent_type: name };

/** What may leave of `data`. */
const DATA: Fields = {
  hook_event_name: event,
  source: word,
  trigger: word,
  reason: word,
  load_reason: word,
  memory_type: word,
  expansion_type: word,
  notification_type: word,
  permission_mode: word,
  effort: fields({ level: word }),
  event: word,
  action: word,
  mode: word,
  model,
  tool_name: name,
  tool_use_id: id,
  tool_input: fields(TOOL_INPUT),
  tool_response: fields(TOOL_RESPONSE),
  tool_calls: each(fields({ tool_name: name, tool_use_id: id })),
  duration_ms: number,
  is_interrupt: flag,
  stop_hook_active: flag,
  agent_id: id,
  agent_type: name,
  prompt_id: id,
  task_id: id,
  turn_id: id,
  message_id: id,
  elicitation_id: id,
  mcp_server_name: name,
  index: number,
  final: flag,
  background_tasks: each(fields(TASK)),
  session_crons: each(fields({})),
  usage: fields(USAGE),
  file_path: path,
};

/** HMAC-SHA-256, cut to 96 bits; the same text hashes differently as an id, a path and a command. */
const hashing =
  (key: string): Hash["of"] =>
  (kind, text) =>
    `${kind}:${createHmac("sha256", key).update(`mpm ${kind} 1\n${text}`).digest("hex").slice(0, HASH_CHARS)}`;

/** What a session is called for a team. */
export const leavingSession = (session: string, level: ContentLevel, key: string): string =>
  level === "content" || SESSION_ID.test(session) ? session : hashing(key)("id", session);

/** What a model is called for a team, which is told what answers took. */
export const leavingModel = (name: string, level: ContentLevel): string =>
  level === "content" || MODEL.test(name) ? name : OTHER_MODEL;

/** Every field of `data` that may leave, by its dotted path, and how. */
export function leavingFields(known: Fields = DATA, within = ""): [path: string, kind: Kind | undefined][] {
  return Object.entries(known).flatMap(([key, { kind, fields: inner }]): [string, Kind | undefined][] => {
    const at = within === "" ? key : `${within}.${key}`;
    return inner && Object.keys(inner).length > 0 ? leavingFields(inner, at) : [[at, kind]];
  });
}

/**
 * The event as it leaves at a level, at most: what did not leave before is not there. `key` is this machine's own: who does
 * not have it cannot turn a hash back, nor try whether a text is behind it. Projected again, it stays the same.
 */
export function projectEnvelope(envelope: Envelope, most: ContentLevel, key: string): Envelope {
  if (most === "content") return envelope;
  const before = withheldOf(envelope.data);
  const level = before?.level === "metadata" ? "metadata" : most;
  const hash: Hash = { of: hashing(key), places: level === "hashed" };
  const { data, session_id: session, correlation_id: call, agent_id: agent, prompt_id: prompt } = envelope;
  const eventName = String(event(envelope.hook_event_name, hash));
  const kept = keptOf(data, eventName, hash);
  const bare = hash.places ? keptOf(data, eventName, { ...hash, places: false }) : kept;
  const bytes = before?.bytes ?? Math.max(0, sizeOf(data) - sizeOf(bare));
  const project = sharedName(envelope.project_dir ?? envelope.cwd);
  const text = (key: string, value: string | undefined) => {
    const plain = value === undefined ? undefined : id(value, hash);
    return typeof plain === "string" ? { [key]: plain } : {};
  };
  return {
    id: envelope.id,
    schema: 1,
    event: "claude_event",
    type: "hook",
    subtype: subtypeOf(eventName),
    source: envelope.source === SOURCE_TRANSCRIPT ? SOURCE_TRANSCRIPT : SOURCE_HOOK,
    hook_event_name: eventName,
    timestamp: envelope.timestamp,
    session_id: leavingSession(session, level, key),
    ...(project === undefined ? {} : { project_dir: project }),
    ...text("correlation_id", call),
    ...text("agent_id", agent),
    ...text("prompt_id", prompt),
    host: {
      name: envelope.host.name,
      ...(typeof word(envelope.host.entrypoint, hash) === "string" ? { entrypoint: envelope.host.entrypoint } : {}),
    },
    seq: envelope.seq,
    data: { ...kept, [WITHHELD]: { level, bytes } satisfies Withheld },
  };
}

/**
 * The event as a team takes it that asks for no more than `most`: of a machine that sends more, by mistake or because it is
 * older, names and numbers are kept.
 */
export function limitEnvelope(envelope: Envelope, most: ContentLevel): Envelope {
  if (most === "content") return envelope;
  const sent = withheldOf(envelope.data)?.level ?? "metadata";
  return projectEnvelope(envelope, leastContent(sent, most), "");
}

function keptOf(data: Envelope["data"], event: string, hash: Hash): Record<string, unknown> {
  const error = typeof data["error"] === "string" ? { error: errorOf(event, data["error"], hash) } : {};
  return { ...left(data, DATA, hash), ...error };
}

/** A turn that failed says why in a word; of a text, that there was one says that a call failed. */
const errorOf = (event: string, error: string, hash: Hash): unknown =>
  event === "StopFailure" ? (word(error, hash) ?? "unknown") : "";

/** The last part of its path; of a person's home nothing but that it is one. */
function sharedName(directory: string | undefined): string | undefined {
  if (directory === undefined) return undefined;
  if (HOME_DIRECTORY.test(directory)) return "~";
  const name = baseName(directory).slice(0, MAX_PROJECT);
  return /[^/\\]/.test(name) ? name : undefined;
}

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
