// What a span says of its call's input and output, where content may leave.

import assert from "node:assert/strict";
import { test } from "node:test";
import { heldIn } from "../../../src/export/held.ts";
import { envelope } from "../../process/trust/monitor.ts";
import { tempDir } from "../../world.ts";
import { openTestStore } from "../store/open.ts";

const CUT_CHARS = 8192;

test("inputs and outputs are found by their events, as JSON, and what is long is cut and says so", async (t) => {
  const store = openTestStore(t, tempDir(t));
  const told = (seq: number, name: string, data: Record<string, unknown>) => ({
    ...envelope(seq),
    hook_event_name: name,
    data: { session_id: "s", hook_event_name: name, tool_name: "Bash", tool_use_id: "c", ...data },
  });
  const events = [
    told(1, "PreToolUse", { tool_input: { command: "ls" } }),
    told(2, "PostToolUse", { tool_input: { command: "ls" }, tool_response: { stdout: "x".repeat(CUT_CHARS) } }),
    told(3, "PostToolUseFailure", { tool_input: { command: "ls" }, error: "no such file" }),
    told(4, "Stop", {}),
  ];
  assert.equal((await store.append(events)).trouble, undefined);
  const [before, after, failed, stop] = events.map(({ id }) => id);
  const held = await heldIn(store, 0, 10);
  assert.deepEqual(held.get(before ?? ""), { input: '{"command":"ls"}' });
  const { output = "" } = held.get(after ?? "") ?? {};
  assert.ok(output.startsWith('{"stdout":"xxx') && output.endsWith("x..."), output.slice(-20));
  assert.equal(output.length, CUT_CHARS + "...".length);
  assert.deepEqual(held.get(failed ?? ""), { input: '{"command":"ls"}', output: "no such file" });
  assert.ok(!held.has(stop ?? ""));
});
