// A client of `mpm mcp`, as the official SDK makes one.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { dist, NODE } from "../../world.ts";

export interface Asked {
  readonly text: string;
  readonly isError: boolean;
}

export interface McpClient {
  readonly client: Client;
  /** What a tool says. */
  say(name: string, given?: Record<string, unknown>): Promise<Asked>;
  /** What a tool answers, which must not be an error. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what it needs
  ask(name: string, given?: Record<string, unknown>): Promise<any>;
}

export async function mcpClient(t: TestContext, env: Record<string, string>): Promise<McpClient> {
  const client = new Client({ name: "test", version: "1" });
  await client.connect(new StdioClientTransport({ command: NODE, args: [dist("cli.js"), "mcp"], env, stderr: "pipe" }));
  t.after(() => client.close());
  const say = async (name: string, given: Record<string, unknown> = {}): Promise<Asked> => {
    const { content, isError = false } = await client.callTool({ name, arguments: given });
    assert.ok(Array.isArray(content) && content.length === 1);
    const [{ text }] = content;
    return { text, isError: isError === true };
  };
  return {
    client,
    say,
    async ask(name, given) {
      const { text, isError } = await say(name, given);
      assert.equal(isError, false, text);
      return JSON.parse(text);
    },
  };
}
