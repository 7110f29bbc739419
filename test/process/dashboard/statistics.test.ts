// GET /api/stats: counted beside the work of the monitor, from what is stored when its turn comes.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Statistics } from "../../../src/contract/statistics.ts";
import { storeAll } from "../../browser/page.ts";
import { Story } from "../../browser/story.ts";
import { runMonitor } from "../trust/monitor.ts";

const START = Date.now() - 60_000;
const story = () => new Story({ session: "s", project: "/p", start: START });

test("a person was waited for until the answer, whatever other agents did meanwhile; who still waits is not counted", async (t) => {
  const monitor = await runMonitor(t);
  const agent = { id: "a1", type: "Explore" };
  const call = (tool: string, id: string) => ({ tool_name: tool, tool_use_id: id, tool_input: {} });
  const asks = (tool: string) => ({ tool_name: tool, tool_input: {}, permission_suggestions: [] });
  const told = story()
    .emit("UserPromptSubmit", { prompt: "go" })
    .emit("PreToolUse", call("Bash", "y"))
    .emit("PermissionRequest", asks("Bash"))
    .wait(5000)
    .emit("PostToolUse", call("Read", "x"), agent)
    .wait(15_000)
    .emit("PostToolUse", { ...call("Bash", "y"), duration_ms: 0 })
    .emit("PreToolUse", call("Edit", "z"))
    .emit("PermissionRequest", asks("Edit"));
  await storeAll(monitor, told.events);
  const { waits } = (await (await monitor.ask(`/api/stats?since=0&until=${START + 60_000}`)).json()) as Statistics;
  assert.deepEqual(waits, [{ kind: "permission", tool: "Bash", count: 1, total: 20_000, p50: 20_000 }]);
});

test("all of the time begins with the first event that is stored", async (t) => {
  const monitor = await runMonitor(t);
  await storeAll(monitor, story().begin().wait(1000).end().events);
  const { since, events, activity } = (await (await monitor.ask("/api/stats?since=0")).json()) as Statistics;
  assert.deepEqual([since, events], [START, 2]);
  // The two may lie at both sides of a minute.
  assert.ok(activity.from <= START && START < activity.from + activity.step);
  assert.equal(
    activity.events.reduce((sum, count) => sum + count, 0),
    2,
  );
});

test("many questions at once are all answered, each with what was stored before it was asked", async (t) => {
  const monitor = await runMonitor(t);
  const told = story();
  const answers: Promise<number>[] = [];
  for (let count = 1; count <= 8; count++) {
    told.wait(10).emit("Stop");
    await storeAll(monitor, told.events.slice(-1));
    answers.push(
      monitor.ask("/api/stats?since=0").then(async (answer) => ((await answer.json()) as Statistics).events - count),
    );
  }
  const late = await Promise.all(answers);
  assert.ok(
    late.every((more) => more >= 0 && more < 8),
    `${late}`,
  );
});

test("a monitor that is told to end does so, also when it is asked for statistics at that moment", async (t) => {
  const monitor = await runMonitor(t);
  await storeAll(monitor, story().begin().events);
  const asked = Promise.allSettled(Array.from({ length: 20 }, () => monitor.ask("/api/stats")));
  await monitor.ask("/api/stats");
  await monitor.kill("SIGTERM");
  await asked;
  await assert.rejects(fetch(`${monitor.url}/health`));
});
