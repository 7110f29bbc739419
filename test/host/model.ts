// A stand-in for the Messages API on loopback that answers from a script, so that the real Claude Code runs whole
// sessions, with real tool calls and real hook events, without any model.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Script, Turn } from "./script.ts";

export interface Model {
  /** For ANTHROPIC_BASE_URL. */
  readonly url: string;
  /** Bodies of the requests for a reply, in order of arrival. */
  readonly requests: readonly Request[];
  close(): Promise<void>;
}

interface Block {
  readonly type: string;
  readonly text?: string;
}

interface Message {
  readonly role: "user" | "assistant";
  readonly content: string | readonly Block[];
}

/** What is used here of the body of POST /v1/messages. */
export interface Request {
  readonly model: string;
  readonly stream?: boolean;
  readonly tools?: readonly unknown[];
  readonly messages: readonly Message[];
}

type Reply = { readonly type: "text"; text: string } | ToolUse;
interface ToolUse {
  readonly type: "tool_use";
  readonly id: string;
  readonly name: string;
  readonly input: Record<string, unknown>;
}

const USAGE = {
  input_tokens: 1200,
  output_tokens: 80,
  cache_creation_input_tokens: 300,
  cache_read_input_tokens: 9000,
};
/** Titles, summaries of tool calls and the like: the host asks for them without offering tools. */
const ASIDE: Turn = { text: "ok" };
const SUMMARY_REQUEST = "create a detailed summary of";
const SUMMARY: Turn = {
  text: "<analysis>\nThe work so far.\n</analysis>\n\n<summary>\n1. Primary Request and Intent: look after the tide tables.\n2. Current Work: none is open.\n</summary>",
};
const HOLD_TEXT = "Let me think about this for a while.\n";

/** Listens on a free port of 127.0.0.1. */
export async function startModel(script: Script): Promise<Model> {
  const requests: Request[] = [];
  let serial = 0;
  const nextId = (prefix: string): string => `${prefix}_scripted${String(++serial).padStart(6, "0")}`;

  const server = createServer(async (request, response) => {
    try {
      await answer(request, response);
    } catch {
      response.destroy(); // the host hung up while it was being answered
    }
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    if (!request.url?.startsWith("/v1/messages")) return sendJson(response, request.method === "HEAD" ? 200 : 404, {});
    if (request.url.includes("count_tokens")) return sendJson(response, 200, { input_tokens: USAGE.input_tokens });
    const parsed = JSON.parse(body) as Request;
    requests.push(parsed);
    const turn = turnFor(script, parsed);
    if (turn.thinkMs) await sleep(turn.thinkMs);
    if (turn.error) {
      const { status, type, message } = turn.error;
      return sendJson(response, status, { type: "error", error: { type, message } });
    }
    const content = repliesOf(turn, () => nextId("toolu"));
    const message = { id: nextId("msg"), type: "message", role: "assistant", model: parsed.model, stop_sequence: null };
    const stop_reason = turn.tools?.length ? "tool_use" : "end_turn";
    if (!parsed.stream) return sendJson(response, 200, { ...message, content, stop_reason, usage: USAGE });
    return stream(
      response,
      { ...message, content: [], stop_reason: null, usage: USAGE },
      content,
      stop_reason,
      turn.hold,
    );
  }

  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function turnFor(script: Script, { messages, tools }: Request): Turn {
  let turns: readonly Turn[] | undefined;
  let replies = 0;
  for (const message of messages) {
    if (message.role === "assistant") {
      replies++;
      continue;
    }
    const said = textOf(message);
    if (said.includes(SUMMARY_REQUEST)) [turns, replies] = [[SUMMARY], 0];
    for (const [needle, answers] of Object.entries(script.answers))
      if (said.includes(needle)) [turns, replies] = [answers, 0];
  }
  if (turns?.[0] !== SUMMARY && !tools?.length) return ASIDE;
  return turns?.[Math.min(replies, turns.length - 1)] ?? ASIDE;
}

function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  return content.map((block) => (block.type === "text" ? block.text : "")).join("\n");
}

function repliesOf(turn: Turn, nextId: () => string): Reply[] {
  const said = turn.hold ? HOLD_TEXT : turn.text;
  const calls = (turn.tools ?? []).map((tool): ToolUse => ({ type: "tool_use", id: nextId(), ...tool }));
  return said === undefined ? calls : [{ type: "text", text: said }, ...calls];
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Server-sent events as the Messages API has them; text goes line by line. */
function stream(
  response: ServerResponse,
  message: object,
  content: readonly Reply[],
  stop_reason: string,
  hold = false,
): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (type: string, data: object = {}): void => {
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  };
  send("message_start", { message });
  for (const [index, block] of content.entries()) {
    const [empty, deltas] =
      block.type === "text"
        ? [
            { ...block, text: "" },
            (block.text.match(/[^\n]*\n|[^\n]+/g) ?? []).map((text) => ({ type: "text_delta", text })),
          ]
        : [{ ...block, input: {} }, [{ type: "input_json_delta", partial_json: JSON.stringify(block.input) }]];
    send("content_block_start", { index, content_block: empty });
    for (const delta of deltas) send("content_block_delta", { index, delta });
    if (hold) return;
    send("content_block_stop", { index });
  }
  send("message_delta", { delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: USAGE.output_tokens } });
  send("message_stop");
  response.end();
}
