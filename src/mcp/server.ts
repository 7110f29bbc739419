// A server of the Model Context Protocol on stdin and stdout: read-only tools over the monitor's API.
// - stdout carries the protocol and nothing else.
// - A tool that cannot answer says why in a sentence, and the conversation goes on.

import type { Readable, Writable } from "node:stream";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  ListToolsRequestSchema,
  McpError,
} from "@modelcontextprotocol/sdk/types.js";
import type { World } from "../config/world.ts";
import { adviceFor, textOf } from "../contract/texts.ts";
import { VERSION } from "../platform/version.ts";
import { askerOf } from "./ready.ts";
import { TOOLS } from "./tools.ts";

const INSTRUCTIONS =
  "What Claude Code did on this machine, as its hooks reported it: sessions, turns, tool calls, failures, cost. Use it for questions about earlier or other sessions, such as what was done yesterday, which session waits, or what failed. Times are given as ISO, `3h`, `2d`, `today` or `yesterday`.";

/** Serves until the client has gone or the signal comes. */
export async function serveMcp(world: World, input: Readable, output: Writable): Promise<void> {
  const ask = askerOf(world);
  const server = new Server(
    { name: "mpm", version: VERSION },
    { capabilities: { tools: {} }, instructions: INSTRUCTIONS },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: TOOLS.map(({ name, title, about, schema }) => ({
      name,
      title,
      description: about,
      inputSchema: { ...schema, type: "object" as const },
      annotations: { readOnlyHint: true, openWorldHint: false },
    })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }): Promise<CallToolResult> => {
    const tool = TOOLS.find(({ name }) => name === params.name);
    if (!tool) throw new McpError(ErrorCode.InvalidParams, `there is no tool ${params.name}`);
    const answer = await tool.call(ask, params.arguments ?? {});
    if (answer.ok) return said(JSON.stringify(answer.value));
    if (answer.reason.code === "bad_query") return { ...said(textOf(answer.reason)), isError: true };
    return { ...said(`${textOf(answer.reason)}. ${adviceFor(answer.reason)}`), isError: true };
  });
  const over = Promise.withResolvers<void>();
  input.once("end", over.resolve).once("close", over.resolve);
  world.signal.addEventListener("abort", () => over.resolve());
  if (world.signal.aborted) over.resolve();
  await server.connect(new StdioServerTransport(input, output));
  await over.promise;
  await server.close();
}

const said = (text: string): CallToolResult => ({ content: [{ type: "text", text }] });
