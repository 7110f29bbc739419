// Reads a session page by page and writes it into parts of a file, so that a long one is never one string.

import type { Message } from "../../contract/conversation.ts";
import type { StoredEnvelope } from "../../contract/envelope.ts";
import type { SessionSummary } from "../../contract/session.ts";
import { rowFromTuple } from "../../contract/timeline.ts";
import { ask, lines } from "../api.ts";
import { type Call, type Conversation, ConversationModel, type Item } from "../model/conversation.ts";
import { plural } from "../model/format.ts";
import { HTML_AGENT_END, HTML_END, htmlAgent, htmlBegin, htmlCall, htmlMessage, htmlNote } from "./html.ts";
import { aboutOf } from "./record.ts";
import { textBegin, textCall, textMessage, textNote } from "./text.ts";

/** A record to be read, as HTML that needs nothing else or as Markdown, or envelopes, one a line. */
export type Format = "html" | "md" | "jsonl";

const PAGE = 500;
/** A page of messages may be as long as so many whole prompts. */
const MESSAGES = 100;
const ENDS = "PostToolUse,PostToolUseFailure,PermissionDenied";
const BEGINNING = "0-0";

/** Why something could not be read; undefined where it was. */
type Failure = string | undefined;
type Tell = (progress: string) => void;

/** Makes the file and hands it to the browser; the answer is why there is none. */
export async function exportSession(
  session: SessionSummary,
  format: Format,
  signal: AbortSignal,
  tell: Tell,
): Promise<Failure> {
  const parts: Blob[] = [];
  const failure =
    format === "jsonl"
      ? await envelopesOf(session.id, "", signal, tell, (events) =>
          parts.push(new Blob(events.map((event) => `${JSON.stringify(withoutCursor(event))}\n`))),
        )
      : await record(session, format, signal, tell, parts);
  if (signal.aborted || failure !== undefined) return failure;
  const type = { html: "text/html", md: "text/markdown", jsonl: "application/x-ndjson" }[format];
  download(new Blob(parts, { type }), `session-${fileName(session.id)}.${format}`);
  return undefined;
}

async function record(
  session: SessionSummary,
  format: "html" | "md",
  signal: AbortSignal,
  tell: Tell,
  parts: Blob[],
): Promise<Failure> {
  const model = new ConversationModel();
  const unread = await lines("timeline", { parts: { id: session.id }, signal }, (line) => {
    for (const values of Array.isArray(line) ? line : []) {
      const row = rowFromTuple(values, session.id);
      if (row) model.push(row);
    }
    return Array.isArray(line);
  });
  if (unread) return unread.message;
  const talk = model.conversation(false);
  /** What stands for a message or for the event of a call, by its id. */
  const pieces = new Map<string, Blob>();
  const withoutMessages = await messagesOf(session.id, signal, (message) =>
    pieces.set(message.id, new Blob([format === "html" ? htmlMessage(message) : textMessage(message)])),
  );
  if (withoutMessages !== undefined) return withoutMessages;
  if (format === "html") {
    const calls = new Map([...model.calls()].map((call) => [call.event, call]));
    const withoutCalls = await envelopesOf(session.id, ENDS, signal, tell, (events) => {
      for (const event of events) {
        const call = calls.get(event.id);
        if (call) pieces.set(event.id, new Blob([htmlCall(call, event)]));
      }
    });
    if (withoutCalls !== undefined) return withoutCalls;
  }
  const about = aboutOf(session, Date.now());
  const write = format === "html" ? htmlItems : textItems;
  parts.push(new Blob([format === "html" ? htmlBegin(about) : textBegin(about)]));
  parts.push(...write(talk.items, talk, pieces, 0));
  for (const { type, items } of talk.agents.get("") ?? []) parts.push(...agentOf(format, type, items, talk, pieces, 0));
  if (format === "html") parts.push(new Blob([HTML_END]));
  return undefined;
}

type Pieces = ReadonlyMap<string, Blob>;

function htmlItems(items: readonly Item[], talk: Conversation, pieces: Pieces, depth: number): Blob[] {
  return items.flatMap((item): Blob[] => {
    if (item.kind === "note") return [new Blob([htmlNote(item)])];
    if (item.kind === "message") return [pieces.get(item.id) ?? new Blob()];
    return item.calls.flatMap((call) => [
      pieces.get(call.event) ?? new Blob([htmlCall(call, undefined)]),
      ...agentsOf("html", call, talk, pieces, depth),
    ]);
  });
}

function textItems(items: readonly Item[], talk: Conversation, pieces: Pieces, depth: number): Blob[] {
  return items.flatMap((item): Blob[] => {
    if (item.kind === "note") return [new Blob([textNote(item)])];
    // What a subagent says stands under its call: a list cannot hold it as it was written.
    if (item.kind === "message") return depth > 0 ? [] : [pieces.get(item.id) ?? new Blob()];
    const calls = item.calls.flatMap((call) => [
      new Blob([textCall(call, depth)]),
      ...agentsOf("md", call, talk, pieces, depth + 1),
    ]);
    return depth > 0 ? calls : [...calls, new Blob(["\n"])];
  });
}

function agentsOf(format: "html" | "md", call: Call, talk: Conversation, pieces: Pieces, depth: number): Blob[] {
  return (talk.agents.get(call.id) ?? []).flatMap(({ type, items }) =>
    agentOf(format, type, items, talk, pieces, depth),
  );
}

/** Subagents in subagents. */
const MAX_DEPTH = 16;

function agentOf(
  format: "html" | "md",
  type: string,
  items: readonly Item[],
  talk: Conversation,
  pieces: Pieces,
  depth: number,
): Blob[] {
  if (depth > MAX_DEPTH) return [];
  if (format === "md") return textItems(items, talk, pieces, Math.max(1, depth));
  return [
    new Blob([htmlAgent(type || "Subagent")]),
    ...htmlItems(items, talk, pieces, depth + 1),
    new Blob([HTML_AGENT_END]),
  ];
}

async function messagesOf(session: string, signal: AbortSignal, take: (message: Message) => void): Promise<Failure> {
  for (let after = BEGINNING; ; ) {
    const query = new URLSearchParams({ limit: String(MESSAGES), after });
    const page = await ask("messages", { parts: { id: session }, query, signal });
    if (signal.aborted) return "";
    if (!page.ok) return page.reason.message;
    for (const message of page.value.messages) take(message);
    const { next, messages } = page.value;
    if (messages.length === 0 || next.after === null) return undefined;
    after = next.after;
  }
}

/** @param event names of events, with commas between; "" for all */
async function envelopesOf(
  session: string,
  event: string,
  signal: AbortSignal,
  tell: Tell,
  take: (events: readonly StoredEnvelope[]) => void,
): Promise<Failure> {
  let count = 0;
  for (let after = 0; ; ) {
    const query = new URLSearchParams({ session, after: String(after), limit: String(PAGE) });
    if (event) query.set("event", event);
    const page = await ask("events", { query, signal });
    if (signal.aborted) return "";
    if (!page.ok) return page.reason.message;
    const events = page.value.events.toSorted((a, b) => a.n - b.n);
    take(events);
    count += events.length;
    tell(`${plural(count, "event")}…`);
    after = events.at(-1)?.n ?? after;
    if (events.length < PAGE) return undefined;
  }
}

/** The envelope as it was sent: `n` is the store's own. */
function withoutCursor({ n: _, ...envelope }: StoredEnvelope): Partial<StoredEnvelope> {
  return envelope;
}

function fileName(session: string): string {
  return session.replace(/[^A-Za-z0-9-]/g, "_").slice(0, 36);
}

function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
