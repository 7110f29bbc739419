// What is known of events (src/event/catalog.ts), and what is derived from a payload (src/event/derive.ts).

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { HOOK_EVENTS, hookEvent, subtypeOf } from "../../../src/contract/catalog.ts";
import { derive } from "../../../src/event/derive.ts";
import type { Payload } from "../../../src/event/payload.ts";
import { holds } from "../../holds.ts";

test("all 31 events are known, each once, with a version and a subtype of its own", () => {
  assert.equal(HOOK_EVENTS.length, 31);
  assert.equal(new Set(HOOK_EVENTS.map(({ name }) => name)).size, 31);
  assert.equal(new Set(HOOK_EVENTS.map(({ subtype }) => subtype)).size, 31);
  for (const event of HOOK_EVENTS) {
    assert.match(event.name, /^[A-Z][A-Za-z]+$/);
    assert.match(event.subtype, /^[a-z_]+$/);
    assert.match(event.since, /^\d+\.\d+\.\d+$/);
    assert.equal(hookEvent(event.name), event);
  }
});

test("what replaces or floods the host is never registered by itself", () => {
  const unsafe = HOOK_EVENTS.filter(({ safety }) => safety !== "default").map(
    ({ name, safety }) => `${name} ${safety}`,
  );
  assert.deepEqual(unsafe.sort(), [
    "FileChanged opt-in",
    "MessageDisplay opt-in",
    "WorktreeCreate never",
    "WorktreeRemove opt-in",
  ]);
});

test("claude-mpm's short names are used where it has them, snake case elsewhere", () => {
  const names = [
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "SubagentStart",
    "SubagentStop",
    "SessionStart",
    "Notification",
    "Stop",
  ];
  const short = [
    "user_prompt",
    "pre_tool",
    "post_tool",
    "subagent_start",
    "subagent_stop",
    "session_start",
    "notification",
    "stop",
  ];
  assert.deepEqual(names.map(subtypeOf), short);
  assert.equal(subtypeOf("SomethingNewHappened"), "something_new_happened");
});

test("a name that nobody knows gives a subtype, too, and names of Object's prototype are nothing known", () => {
  holds(fc.property(fc.string({ maxLength: 200 }), (name) => assert.match(subtypeOf(name), /^.{0,64}$/su)));
  for (const name of ["constructor", "__proto__", "toString"]) assert.equal(hookEvent(name), undefined);
});

const payload = (fields: Record<string, unknown>): Payload => ({
  hook_event_name: "PreToolUse",
  session_id: "s",
  ...fields,
});

test("tools are told apart by what they do, today's names beside the older ones", () => {
  const operation = (tool_name: string) => derive(payload({ tool_name })).operation_type;
  assert.deepEqual(["Read", "Glob", "Grep", "LS"].map(operation), ["read", "read", "read", "read"]);
  assert.deepEqual(["Write", "Edit", "MultiEdit"].map(operation), ["write", "write", "write"]);
  assert.deepEqual(["Bash", "PowerShell", "KillBash", "KillShell"].map(operation), Array(4).fill("execute"));
  assert.deepEqual(["WebFetch", "TodoWrite", "Task", "Agent"].map(operation), [
    "network",
    "task_management",
    "delegation",
    "delegation",
  ]);
  assert.equal(operation("Nobody"), "other");
  assert.equal(operation("constructor"), "other");
  assert.equal(derive(payload({ tool_name: "Edit" })).is_file_operation, true);
  assert.equal(derive(payload({ tool_name: "Bash" })).is_file_operation, false);
});

test("delegations, tools of MCP servers, prompts and messages are described", () => {
  const agent = derive(payload({ tool_name: "Agent", tool_input: { subagent_type: "reviewer" } }));
  assert.deepEqual([agent.is_delegation, agent.agent_type], [true, "reviewer"]);
  const mcp = derive(payload({ tool_name: "mcp__plugin_tides__list__all" }));
  assert.deepEqual([mcp.mcp_server, mcp.mcp_tool], ["plugin_tides", "list__all"]);
  assert.deepEqual(derive(payload({ prompt: "/clear now" })), { prompt_length: 10, is_command: true });
  assert.deepEqual(derive(payload({ prompt: "a / b" })), { prompt_length: 5, is_command: false });
  assert.deepEqual(derive(payload({ last_assistant_message: "done" })), { message_length: 4 });
  assert.deepEqual(derive(payload({})), {});
});

test("nothing is derived from fields of the wrong type, and nothing is ever thrown", () => {
  const fields = fc.record({
    tool_name: fc.oneof(fc.jsonValue(), fc.constantFrom("Agent", "Task", "mcp____", "mcp__a__")),
    tool_input: fc.jsonValue(),
    prompt: fc.jsonValue(),
    message: fc.jsonValue(),
    last_assistant_message: fc.jsonValue(),
  });
  holds(
    fc.property(fields, (given) => {
      const derived = derive(payload(given));
      if (typeof given.tool_name !== "string") assert.equal(derived.operation_type, undefined);
      if (typeof given.prompt !== "string") assert.equal(derived.prompt_length, undefined);
      assert.ok(JSON.stringify(derived).length < 2000);
    }),
    { numRuns: 1000 },
  );
});
