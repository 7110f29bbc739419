// mpm mcp: what a model is offered, and what it is answered, over the official client and a real monitor.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ANSWER_CHARS, cut, fitting, squeezed } from "../../../src/mcp/bound.ts";
import { dist, mpm, NODE, run, tempWorld } from "../../world.ts";
import { envelope, runMonitor } from "../trust/monitor.ts";
import { mcpClient } from "./client.ts";

const LONG = "tide ".repeat(20_000);

test("every tool says that it only reads, and names what it takes", async (t) => {
  const { client } = await mcpClient(t, tempWorld(t).env);
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map(({ name }) => name).slice(0, 4), [
    "search_events",
    "read_event",
    "list_sessions",
    "read_session",
  ]);
  for (const { annotations, inputSchema, description } of tools) {
    assert.equal(annotations?.readOnlyHint, true);
    assert.equal(inputSchema["additionalProperties"], false);
    assert.ok((description ?? "").length > 20);
  }
  assert.match(client.getInstructions() ?? "", /yesterday/);
});

test("events are found page by page, each once; one is read whole, redacted and bounded", async (t) => {
  const monitor = await runMonitor(t);
  const { ask } = await mcpClient(t, monitor.env);
  const many = Array.from({ length: 70 }, (_, index) => ({
    ...envelope(index + 1, { session: "many", tool_name: "Bash", tool_input: { command: `echo pier${index}` } }),
    hook_event_name: "PreToolUse",
  }));
  await monitor.store(
    ...many,
    envelope(1, { session: "long", last_assistant_message: LONG, token: "[redacted:name]" }),
  );
  const found: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { events: { id: string }[]; next: string | null } = await ask("search_events", {
      session: "many",
      ...(cursor === null ? {} : { cursor }),
    });
    found.push(...page.events.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== null);
  assert.deepEqual(found, many.map(({ id }) => id).reverse());

  const { events } = await ask("search_events", { q: "pier42" });
  assert.equal(events.length, 1);
  assert.match(events[0].snippet, /\*\*pier42\*\*/);
  const { event } = await ask("read_event", { id: "long-1" });
  assert.ok(JSON.stringify(event).length <= ANSWER_CHARS);
  assert.match(event.data.last_assistant_message, /\.\.\. \[\d+ more characters\]$/);
  assert.equal(event.data.token, "[redacted:name]");
});

test("sessions are listed and read, with their turns and what they cost", async (t) => {
  const monitor = await runMonitor(t);
  const { ask, say } = await mcpClient(t, monitor.env);
  const at = (seq: number, event: string, data: Record<string, unknown>) => ({
    ...envelope(seq, { session: "harbour-1", ...data }),
    hook_event_name: event,
    project_dir: "/home/dana/pier",
  });
  for (let turn = 0; turn < 5; turn++)
    await monitor.store(
      at(2 * turn + 1, "UserPromptSubmit", { prompt: `count the boats ${turn} ${LONG}`, prompt_id: `p${turn}` }),
      at(2 * turn + 2, "Stop", { last_assistant_message: `There are ${turn}. ${LONG}` }),
    );
  const { sessions, next, total } = await ask("list_sessions", { project: "pier" });
  assert.deepEqual([sessions[0].id, sessions[0].turns, next, total], ["harbour-1", 5, null, 1]);
  assert.match(sessions[0].about, /^count the boats 0/);
  const { session } = await ask("read_session", { session: "harb" });
  assert.deepEqual([session.id, session.state, session.turns], ["harbour-1", "idle", 5]);
  const first = await ask("session_turns", { session: "harbour-1", limit: 3 });
  const rest = await ask("session_turns", { session: "harbour-1", cursor: first.next });
  assert.deepEqual(
    [...first.turns, ...rest.turns].map(({ answer }: { answer: string }) => answer.slice(0, 12)),
    [0, 1, 2, 3, 4].map((turn) => `There are ${turn}.`),
  );
  assert.equal(rest.next, null);
  const cost = await ask("cost", { by: "model" });
  assert.deepEqual([cost.total, cost.lines], [0, []]);

  const none = await say("read_session", { session: "nowhere" });
  assert.deepEqual([none.isError, /^there is no /.test(none.text)], [true, true]);
  const wrong = await say("list_sessions", { since: "the day before" });
  assert.deepEqual([wrong.isError, wrong.text.startsWith("since: expected an ISO time")], [true, true], wrong.text);
  const stray = await say("cost", { colour: "red" });
  assert.equal(stray.isError, true);
});

test("a monitor that does not run is started; where it may not be, a sentence says what to do", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  t.after(() => mpm(["monitor", "stop"], { env }));
  assert.equal((await mpm(["config", "set", "monitor.port", "0"], { env })).status, 0);
  const { ask } = await mcpClient(t, env);
  assert.deepEqual((await ask("list_sessions")).sessions, []);
  assert.ok(existsSync(join(mpmHome, "monitor.json")));
  assert.equal((await mpm(["monitor", "stop"], { env })).status, 0);

  const config = JSON.parse(readFileSync(join(mpmHome, "config.json"), "utf8"));
  writeFileSync(join(mpmHome, "config.json"), JSON.stringify({ monitor: { ...config.monitor, autostart: false } }));
  const { say } = await mcpClient(t, env);
  const { text, isError } = await say("list_sessions");
  assert.equal(isError, true);
  assert.match(text, /^no monitor listens at .*`mpm monitor start` starts it\.$/);
});

test("what is no protocol is passed over, and the end of stdin is its end", async (t) => {
  const { env } = tempWorld(t);
  const input = `no json\n${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" })}\n`;
  const { status, stdout, stderr } = await run(NODE, [dist("cli.js"), "mcp"], { env, input });
  assert.deepEqual([status, stderr], [0, ""]);
  assert.deepEqual(JSON.parse(stdout), { jsonrpc: "2.0", id: 1, result: {} });
});

test("an answer holds what fits, at least one, and every text says what was cut", () => {
  assert.deepEqual(fitting(["aaaa", "bbbb", "cccc"], 15), ["aaaa", "bbbb"]);
  assert.deepEqual(fitting(["a".repeat(100)], 15), ["a".repeat(100)]);
  assert.equal(cut("abcdef", 4), "abcd... [2 more characters]");
  assert.ok(JSON.stringify(squeezed({ a: Array.from({ length: 100 }, () => LONG) })).length <= ANSWER_CHARS);
  assert.ok(JSON.stringify(squeezed(Array.from({ length: 100_000 }, () => 1))).length <= ANSWER_CHARS * 1.1);
});

test("a conversation is read from both ends, each message once; files have their diffs", async (t) => {
  const monitor = await runMonitor(t);
  const { ask } = await mcpClient(t, monitor.env);
  const at = (seq: number, event: string, data: Record<string, unknown>) => ({
    ...envelope(seq, { session: "talk-1", hook_event_name: event, ...data }),
    hook_event_name: event,
    project_dir: "/home/dana/pier",
  });
  for (let turn = 0; turn < 9; turn++)
    await monitor.store(
      at(2 * turn + 1, "UserPromptSubmit", { prompt: `question ${turn} ${LONG}`, prompt_id: `p${turn}` }),
      at(2 * turn + 2, "Stop", { last_assistant_message: `answer ${turn}` }),
    );
  const edit = {
    tool_name: "Edit",
    tool_use_id: "t1",
    tool_input: { file_path: "/home/dana/pier/a.ts", old_string: "one", new_string: "two" },
  };
  await monitor.store(
    at(19, "UserPromptSubmit", { prompt: "change it", prompt_id: "p9" }),
    at(20, "PreToolUse", edit),
    at(21, "PostToolUse", {
      ...edit,
      tool_response: {
        filePath: "/home/dana/pier/a.ts",
        oldString: "one",
        newString: "two",
        structuredPatch: [{ oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, lines: ["-one", "+two"] }],
      },
    }),
  );
  type Page = { messages: { text: string }[]; older: string | null; newer: string | null; total: number };
  const words = ({ messages }: Page) => messages.map(({ text }) => text.slice(0, 10).trim());
  const last: Page = await ask("session_conversation", { session: "talk-1", limit: 4 });
  assert.equal(words(last).at(-1), "change it");
  const before: Page = await ask("session_conversation", { session: "talk-1", limit: 4, cursor: last.older });
  const forward: string[] = [];
  let page: Page = await ask("session_conversation", { session: "talk-1", limit: 5, from: "start" });
  for (; page.messages.length > 0 && forward.length < 100; ) {
    assert.ok(JSON.stringify(page).length <= ANSWER_CHARS);
    forward.push(...words(page));
    if (page.newer === null) break;
    page = await ask("session_conversation", { session: "talk-1", limit: 5, cursor: page.newer });
  }
  assert.equal(forward.length, last.total);
  assert.equal(new Set(forward).size, last.total);
  assert.deepEqual([...words(before), ...words(last)], forward.slice(-8));

  const { files } = await ask("session_files", { session: "talk-1" });
  assert.deepEqual([files[0].path, files[0].edits], ["/home/dana/pier/a.ts", 1]);
  const one = await ask("session_files", { session: "talk-1", path: "/home/dana/pier/a.ts" });
  assert.match(JSON.stringify(one.diff), /\+two/);
  assert.equal((await ask("changed_files", { since: "1d" })).files[0].session, "talk-1");
});
