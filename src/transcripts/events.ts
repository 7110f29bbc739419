// Lines of a session's transcripts as events: what hooks would have said, and what no hook says.
// - Payloads have the form of the hook's; `AssistantMessage` is ours alone. Ids follow from the line's own uuid, so that
//   reading again, or a copy of the file, adds nothing.
// - What hooks recorded of the session is not said again.

import { createHash } from "node:crypto";
import type { Note, Payload } from "../event/payload.ts";
import type { Line, LineHead, SaidUsage } from "./line.ts";

/** What the store has of a session already. */
export interface KnownSession {
  /** Hooks have reported it. */
  readonly byHooks: boolean;
  /** tool_use_ids */
  readonly calls: ReadonlySet<string>;
  /** prompt_ids */
  readonly prompts: ReadonlySet<string>;
  /** Ids of events that a transcript has told. */
  readonly told: ReadonlySet<string>;
  /** When it began as a fork, ms since 1970: what its transcript has of before is a copy of another session's (copies.ts). */
  readonly forkedAt?: number | undefined;
}

/** An event before it is redacted. */
export interface ReadEvent {
  readonly id: string;
  /** ms since 1970 */
  readonly t: number;
  readonly payload: Payload;
  readonly entrypoint?: string | undefined;
  /** What was mended in its line. */
  readonly notes?: readonly Note[] | undefined;
}

/** Of one session's files. */
const MAX_SUMMARIES = 1000;

export interface TranscriptReader {
  /** The events that a line stands for, in order. */
  read(line: Line): ReadEvent[];
  /** What is to be said at the end of all files; nothing while the session may go on. */
  end(mayGoOn: boolean): ReadEvent[];
}

interface OpenCall {
  readonly name: string;
  readonly input: unknown;
  readonly t: number;
}

/** What an answer of the model says, as an event; nothing where it only called tools. */
export function messageOf(line: Line, session: string): ReadEvent[] {
  if (line.kind !== "answer" || line.t === undefined || (line.text === "" && line.thinking === "")) return [];
  const payload = payloadOf(session, line, "AssistantMessage", {
    message: line.text,
    ...(line.thinking === "" ? {} : { thinking: line.thinking }),
    model: line.model,
  });
  const { t, entrypoint, notes } = line;
  return [{ id: idOf(session, line, "m"), t, payload, entrypoint, notes }];
}

/** What a line counts for, with when. */
export function usageOf(line: Line): readonly (SaidUsage & { readonly t: number | undefined })[] {
  return line.kind === "answer" ? line.usage.map((usage) => ({ ...usage, t: line.t })) : [];
}

/** Opens a reader for the transcripts of one session, its subagents' among them. */
export function openReader(session: string, known: KnownSession): TranscriptReader {
  const { forkedAt = 0 } = known;
  const calls = new Map<string, OpenCall>();
  const agents = new Set<string>();
  /** uuids of prompts that were read: one that stands in two files ends no turn. */
  const prompts = new Set<string>();
  let title: string | undefined;
  /** Titles by the line that they are about, which may be one of this session. */
  const summaries = new Map<string, string>();
  let started = known.byHooks;
  let turn: { readonly isKnown: boolean; said: string } | undefined;
  /** The last line of the main agent that has a time. */
  let last: (LineHead & { readonly t: number }) | undefined;

  const event = (head: LineHead, mark: string, name: string, fields: Record<string, unknown>): ReadEvent => ({
    id: idOf(session, head, mark),
    t: head.t ?? last?.t ?? 0,
    payload: payloadOf(session, head, name, fields),
    entrypoint: head.entrypoint,
    notes: head.notes,
  });
  const start = (line: LineHead): ReadEvent[] => {
    if (started) return [];
    started = true;
    return [event(line, "start", "SessionStart", { source: "import" })];
  };
  const endTurn = (): ReadEvent[] => {
    const ended = turn;
    turn = undefined;
    if (ended === undefined || ended.isKnown || last === undefined) return [];
    const fields = { last_assistant_message: ended.said, ...(title ? { session_title: title } : {}) };
    return [event(last, "stop", "Stop", fields)];
  };
  const readCalls = (line: Line & { kind: "answer" }): ReadEvent[] =>
    line.calls.flatMap(({ id, name, input }, index) => {
      if (known.calls.has(id)) return [];
      calls.set(id, { name, input, t: line.t ?? 0 });
      return [event(line, `c${index}`, "PreToolUse", { tool_name: name, tool_input: input, tool_use_id: id })];
    });
  const readResults = (line: Line & { kind: "results" }): ReadEvent[] =>
    line.results.flatMap(({ call, isError, response }, index) => {
      const opened = calls.get(call);
      if (!opened) return []; // hooks know it, or its beginning was not there
      calls.delete(call);
      return [
        event(line, `r${index}`, isError ? "PostToolUseFailure" : "PostToolUse", {
          tool_name: opened.name,
          tool_input: opened.input,
          tool_use_id: call,
          ...(isError ? { error: errorOf(response) } : { tool_response: response }),
          ...(line.t !== undefined && line.t >= opened.t ? { duration_ms: line.t - opened.t } : {}),
        }),
      ];
    });
  const readPrompt = (line: Line & { kind: "prompt" }): ReadEvent[] => {
    if (line.agent !== undefined) return []; // what a call gave its subagent
    if (line.uuid !== undefined && prompts.has(line.uuid)) return []; // of a copy of the file
    if (line.uuid !== undefined) prompts.add(line.uuid);
    const ended = endTurn();
    const isKnown = line.promptId !== undefined && known.prompts.has(line.promptId);
    turn = { isKnown, said: "" };
    if (isKnown) return ended;
    const fields = { prompt: line.prompt, ...(line.promptId ? { prompt_id: line.promptId } : {}) };
    return [...ended, event(line, "p", "UserPromptSubmit", fields)];
  };
  const readOne = (line: Line): ReadEvent[] => {
    switch (line.kind) {
      case "prompt":
        return readPrompt(line);
      case "answer":
        if (turn && line.agent === undefined && line.text !== "") turn.said = line.text;
        return [...messageOf(line, session), ...readCalls(line)];
      case "results":
        return readResults(line);
      case "interrupted":
        return line.agent === undefined && turn?.isKnown === false
          ? [event(line, "i", "Interrupted", line.promptId ? { prompt_id: line.promptId } : {})]
          : [];
      case "compacted":
        return known.byHooks ? [] : [event(line, "k", "PostCompact", { trigger: line.trigger })];
      case "title":
        if (line.leaf === undefined || line.leaf === last?.uuid) title = line.title;
        else if (summaries.size < MAX_SUMMARIES) summaries.set(line.leaf, line.title);
        return [];
      default:
        return [];
    }
  };
  const startAgent = (line: Exclude<Line, { kind: "strange" }>): ReadEvent[] => {
    if (line.agent === undefined || known.byHooks || agents.has(line.agent) || line.t === undefined) return [];
    agents.add(line.agent);
    return [event(line, "a", "SubagentStart", {})];
  };
  return {
    read(line) {
      if (line.kind === "strange") return [];
      if (line.t !== undefined && line.t < forkedAt) return [];
      const events = [...(line.t === undefined ? [] : start(line)), ...startAgent(line), ...readOne(line)];
      if (line.uuid !== undefined) title = summaries.get(line.uuid) ?? title;
      if (line.t !== undefined && line.agent === undefined) last = { ...line, t: line.t };
      return events;
    },
    end(mayGoOn) {
      if (mayGoOn || last === undefined) return [];
      const ended = endTurn();
      if (known.byHooks) return ended;
      return [
        ...ended,
        event(last, "end", "SessionEnd", { reason: "import", ...(title ? { session_title: title } : {}) }),
      ];
    },
  };
}

function payloadOf(session: string, head: LineHead, name: string, fields: Record<string, unknown>): Payload {
  return {
    session_id: session,
    hook_event_name: name,
    ...(head.cwd ? { cwd: head.cwd } : {}),
    ...(head.agent ? { agent_id: head.agent } : {}),
    ...(head.branch ? { git_branch: head.branch } : {}),
    ...fields,
  };
}

const PLAIN_UUID = /^[0-9a-zA-Z-]{8,40}$/;

/** The id of an event that a line stands for; the same whenever and wherever the line is read. */
function idOf(session: string, { uuid, t }: LineHead, mark: string): string {
  if (uuid !== undefined && PLAIN_UUID.test(uuid)) return `t_${uuid}_${mark}`;
  const digest = createHash("sha256")
    .update(JSON.stringify([session, uuid ?? null, t ?? null]))
    .digest("base64url");
  return `t_${digest.slice(0, 32)}_${mark}`;
}

function errorOf(response: unknown): string {
  if (typeof response === "string") return response;
  return JSON.stringify(response) ?? "";
}
