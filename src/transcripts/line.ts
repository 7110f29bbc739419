// What one line of a transcript says, in a form that does not depend on the host's version.
// - The format is the host's own affair and changes monthly: a kind of line that is not known is `other`, a line that is no
//   line of a transcript is `strange`, and neither is an error.
// - Source of the fields: transcripts of hosts 1.0.60 to 2.1.330.

import * as z from "zod/mini";
import type { Tokens } from "../contract/session.ts";
import { readJson } from "../event/json.ts";
import { escapesSurrogates, mended, type Note } from "../event/payload.ts";

/** No message has so many: sums stay numbers that can be counted with. */
const MAX_TOKENS = 1e12;
const MAX_TITLE = 200;
/** The host ends a hook before. */
const MAX_HOOK_MS = 86_400_000;
const text = (max: number) => z.string().check(z.maxLength(max));
const count = z.catch(z.int().check(z.gte(0), z.lte(MAX_TOKENS)), 0);
const id = z.string().check(z.minLength(1), z.maxLength(256));
const maybe = <T>(schema: z.ZodMiniType<T>) => z.catch(z.optional(schema), undefined);

const Usage = z.object({
  input_tokens: count,
  output_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
  cache_creation: maybe(z.object({ ephemeral_1h_input_tokens: count })),
});
/** Usage of the main model, and of models that it asked in between, such as an advisor. */
const Iteration = z.extend(Usage, { type: z.catch(z.string(), ""), model: maybe(id) });
const WholeUsage = z.extend(Usage, { iterations: maybe(z.array(z.catch(Iteration, () => NO_ITERATION))) });
const NO_ITERATION = {
  type: "",
  input_tokens: 0,
  output_tokens: 0,
  cache_read_input_tokens: 0,
  cache_creation_input_tokens: 0,
};

const OTHER = { type: "other" } as const;
const Block = z.catch(
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("text"), text: z.string() }),
    z.object({ type: z.literal("thinking"), thinking: z.string() }),
    z.object({ type: z.literal("tool_use"), id, name: id, input: z.optional(z.unknown()) }),
    z.object({
      type: z.literal("tool_result"),
      tool_use_id: id,
      is_error: maybe(z.boolean()),
      content: z.optional(z.unknown()),
    }),
    z.object({ type: z.literal("other") }),
  ]),
  OTHER,
);
type Block = z.infer<typeof Block>;
const Content = z.union([z.string(), z.array(Block)]);

/** A text alone is one block of text. */
const blocksOf = (content: string | readonly Block[]): readonly Block[] =>
  typeof content === "string" ? [{ type: "text", text: content }] : content;

const Head = z.object({
  type: z.string(),
  uuid: maybe(id),
  timestamp: maybe(z.iso.datetime({ offset: true, local: true })),
  sessionId: maybe(id),
  requestSessionId: maybe(id),
  forkedFrom: maybe(z.object({ sessionId: id })),
  agentId: maybe(id),
  isSidechain: maybe(z.boolean()),
  cwd: maybe(text(8192)),
  gitBranch: maybe(text(256)),
  version: maybe(text(64)),
  entrypoint: maybe(text(64)),
});
/** Of the kinds of lines, what is not in every head. */
const Answer = z.object({
  type: z.literal("assistant"),
  requestId: maybe(id),
  isApiErrorMessage: maybe(z.boolean()),
  message: z.object({
    id,
    model: id,
    stop_reason: maybe(z.string()),
    content: z.catch(Content, []),
    usage: maybe(WholeUsage),
  }),
});
const User = z.object({
  type: z.literal("user"),
  promptId: maybe(id),
  isMeta: maybe(z.boolean()),
  isCompactSummary: maybe(z.boolean()),
  toolUseResult: z.optional(z.unknown()),
  message: z.object({ content: Content }),
});

/** What came of a hook; the host keeps such a line of those that answered something, or failed. */
const HookLine = z.object({
  attachment: z.object({
    type: z.string().check(z.startsWith("hook_")),
    hookEvent: text(64),
    command: z.catch(z.string(), ""),
    durationMs: z.number().check(z.gte(0), z.lte(MAX_HOOK_MS)),
  }),
});

/** What all lines that belong to a session say. */
export interface LineHead {
  readonly uuid?: string | undefined;
  /** ms since 1970 */
  readonly t?: number | undefined;
  readonly session?: string | undefined;
  /** The session that it was copied from when this one was forked, where it says so: the host has it say so of answers. */
  readonly copiedFrom?: string | undefined;
  /** Absent: the main agent. */
  readonly agent?: string | undefined;
  readonly cwd?: string | undefined;
  readonly branch?: string | undefined;
  readonly entrypoint?: string | undefined;
  /** What was mended when it was read. */
  readonly notes?: readonly Note[] | undefined;
}

/** What a model took for an answer, or for a part of it. */
export interface SaidUsage {
  /** Message id and request id: the identity of an answer, wherever it is repeated. */
  readonly id: string;
  readonly model: string;
  readonly tokens: Tokens;
}

export type Line =
  | (LineHead & { readonly kind: "prompt"; readonly prompt: string; readonly promptId?: string | undefined })
  | (LineHead & {
      readonly kind: "answer";
      readonly id: string;
      readonly model: string;
      readonly text: string;
      readonly thinking: string;
      readonly calls: readonly { readonly id: string; readonly name: string; readonly input: unknown }[];
      /** The model has nothing more to say in this turn. */
      readonly isLast: boolean;
      readonly usage: readonly SaidUsage[];
    })
  | (LineHead & { readonly kind: "results"; readonly results: readonly CallResult[] })
  | (LineHead & { readonly kind: "interrupted"; readonly promptId?: string | undefined })
  | (LineHead & {
      readonly kind: "title";
      readonly title: string;
      /** uuid of the last line that it is about, where it may be another session's. */
      readonly leaf?: string | undefined;
    })
  | (LineHead & { readonly kind: "compacted"; readonly trigger: string })
  | (LineHead & { readonly kind: "hook"; readonly event: string; readonly ms: number; readonly isOurs: boolean })
  | (LineHead & { readonly kind: "other" })
  | { readonly kind: "strange"; readonly reason: "not_json" | "not_an_object" | "unknown_form" };

export interface CallResult {
  readonly call: string;
  readonly isError: boolean;
  /** What the host kept of it, as a hook would be given it. */
  readonly response: unknown;
}

/** The agent of lines that older hosts wrote into the main transcript without saying which. */
const UNNAMED_AGENT = "sidechain";
/** Not a model: the host's own words. */
const SYNTHETIC = "<synthetic>";
/** No hook fires when the user breaks a turn off; the host then says so to the model, in words of its own. */
const INTERRUPTED = /^\[Request interrupted by user(?: for tool use)?\]$/;
/** What the host puts into the place of a prompt: output of commands, reminders. */
const NO_PROMPT = /^(?:<local-command-|<system-reminder>|<bash-|<task-notification>|Caveat: )/;
const COMMAND = /<command-name>(\/?[^<]*)<\/command-name>[\s\S]*?(?:<command-args>([\s\S]*?)<\/command-args>)?/;

/** Reads a line. */
export function readLine(bytes: Buffer): Line {
  const text = bytes.toString("utf8");
  const read = readJson(text);
  if (!read.ok) return { kind: "strange", reason: "not_json" };
  const { value: given, notes } = mended(read.value, escapesSurrogates(text));
  const parsed = Head.safeParse(given);
  if (!parsed.success)
    return {
      kind: "strange",
      reason: typeof given === "object" && given !== null ? "unknown_form" : "not_an_object",
    };
  const { data } = parsed;
  const head = headOf(data, notes);
  switch (data.type) {
    case "assistant":
      return readAnswer(given, head);
    case "user":
      return readUser(given, head);
    case "attachment":
      return readAttachment(given, head);
    case "custom-title":
    case "ai-title":
      return readTitle(given, head);
    case "summary":
      return readSummary(given, head);
    case "system":
      return readSystem(given, head);
    default:
      return { kind: "other", ...head };
  }
}

function headOf(
  {
    uuid,
    timestamp,
    sessionId,
    requestSessionId,
    forkedFrom,
    agentId,
    isSidechain,
    cwd,
    gitBranch,
    entrypoint,
  }: z.infer<typeof Head>,
  notes: readonly Note[],
): LineHead {
  const said = requestSessionId ?? forkedFrom?.sessionId;
  return {
    ...(said !== undefined && said !== sessionId ? { copiedFrom: said } : {}),
    ...(notes.length > 0 ? { notes } : {}),
    uuid,
    t: timestamp === undefined ? undefined : Date.parse(timestamp),
    session: sessionId,
    agent: agentId ?? (isSidechain ? UNNAMED_AGENT : undefined),
    cwd,
    branch: gitBranch,
    entrypoint,
  };
}

const OUR_HOOK = /\bmpm-hook\b|\bMPM_HOME\b/;

function readAttachment(given: unknown, head: LineHead): Line {
  const parsed = HookLine.safeParse(given);
  if (!parsed.success) return { kind: "other", ...head };
  const { hookEvent: event, durationMs: ms, command } = parsed.data.attachment;
  return { kind: "hook", ...head, event, ms, isOurs: OUR_HOOK.test(command) };
}

function readAnswer(given: unknown, head: LineHead): Line {
  const parsed = Answer.safeParse(given);
  if (!parsed.success) return { kind: "strange", reason: "unknown_form" };
  const { message, requestId, isApiErrorMessage } = parsed.data;
  const content = blocksOf(message.content);
  const identity = `${message.id} ${requestId ?? ""}`;
  const isModel = message.model !== SYNTHETIC && !isApiErrorMessage;
  return {
    kind: "answer",
    ...head,
    id: identity,
    model: message.model,
    text: textOf(content, "text"),
    thinking: textOf(content, "thinking"),
    calls: content.flatMap((block) =>
      block.type === "tool_use" ? [{ id: block.id, name: block.name, input: block.input }] : [],
    ),
    isLast: message.stop_reason === "end_turn" || message.stop_reason === "stop_sequence",
    usage: isModel && message.usage ? usagesOf(identity, message.model, message.usage) : [],
  };
}

function usagesOf(identity: string, model: string, usage: z.infer<typeof WholeUsage>): SaidUsage[] {
  const others = (usage.iterations ?? []).filter((one) => one.model !== undefined && one.model !== model);
  return [
    { id: identity, model, tokens: tokensOf(usage) },
    ...others.map((one, index) => ({ id: `${identity} ${index}`, model: one.model ?? model, tokens: tokensOf(one) })),
  ];
}

function tokensOf(usage: z.infer<typeof Usage>): Tokens {
  const hour = usage.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cacheRead: usage.cache_read_input_tokens,
    cacheWrite: usage.cache_creation_input_tokens,
    ...(hour > 0 ? { cacheWriteHour: hour } : {}),
  };
}

function readUser(given: unknown, head: LineHead): Line {
  const parsed = User.safeParse(given);
  if (!parsed.success) return { kind: "strange", reason: "unknown_form" };
  const { message, promptId, isMeta, isCompactSummary, toolUseResult } = parsed.data;
  const content = blocksOf(message.content);
  const ended = content.filter((block) => block.type === "tool_result");
  const results = ended.map(({ tool_use_id: call, is_error: isError = false, content: shown }) => ({
    call,
    isError,
    response: ended.length === 1 ? (toolUseResult ?? shown) : shown, // of several calls it is the last one's
  }));
  if (results.length > 0) return { kind: "results", ...head, results };
  if (isMeta || isCompactSummary) return { kind: "other", ...head };
  const text = textOf(content, "text");
  // The host says it as the only block of a list; what a person types is a text.
  if (typeof message.content !== "string" && content.length === 1 && INTERRUPTED.test(text))
    return { kind: "interrupted", ...head, promptId };
  const command = COMMAND.exec(text);
  const prompt = command ? `${command[1] ?? ""} ${command[2] ?? ""}`.trim() : text;
  if (prompt.trim() === "" || (!command && NO_PROMPT.test(text))) return { kind: "other", ...head };
  return { kind: "prompt", ...head, prompt, promptId };
}

const Title = z.object({ customTitle: maybe(z.string()), aiTitle: maybe(z.string()), title: maybe(z.string()) });

function readTitle(given: unknown, head: LineHead): Line {
  const { customTitle, aiTitle, title } = Title.parse(given);
  const named = customTitle ?? aiTitle ?? title;
  return named ? { kind: "title", ...head, title: named.slice(0, MAX_TITLE) } : { kind: "other", ...head };
}

/** Hosts before 2.1 named sessions so, also in the file of the session that was begun next. */
const Summary = z.object({ summary: z.string().check(z.minLength(1)), leafUuid: id });

function readSummary(given: unknown, head: LineHead): Line {
  const { data } = Summary.safeParse(given);
  return data
    ? { kind: "title", ...head, title: data.summary.slice(0, MAX_TITLE), leaf: data.leafUuid }
    : { kind: "other", ...head };
}

const Compaction = z.object({
  subtype: z.literal("compact_boundary"),
  compactMetadata: z.catch(z.object({ trigger: z.catch(text(64), "") }), { trigger: "" }),
});

function readSystem(given: unknown, head: LineHead): Line {
  const { data } = Compaction.safeParse(given);
  return data ? { kind: "compacted", ...head, trigger: data.compactMetadata.trigger } : { kind: "other", ...head };
}

function textOf(content: readonly Block[], type: "text" | "thinking"): string {
  return content
    .flatMap((block) => {
      if (type === "text" && block.type === "text") return [block.text];
      if (type === "thinking" && block.type === "thinking") return [block.thinking];
      return [];
    })
    .join("\n\n");
}
