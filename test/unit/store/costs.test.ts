// What a session cost, and what it asks of a person: kept with it, found by it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Pricing, Store } from "../../../src/store/port.ts";
import { openSqlite } from "../../../src/store/sqlite/store.ts";
import { Story } from "../../browser/story.ts";
import { tempDir, until } from "../../world.ts";

const START = Date.UTC(2026, 0, 5, 8);
const tokens = { input: 100, output: 10, cacheRead: 0, cacheWrite: 0 };
/** A dollar a hundred tokens of input, for the models that begin so. */
const dollars = (key: string, known: string, price = 1): Pricing => ({
  key,
  cost: (model, { input }) => (model.startsWith(known) ? (price * input) / 100 : undefined),
});

function open(home: string, pricing: Pricing): Store {
  const opened = openSqlite({ file: join(home, "monitor.db"), now: () => START + 3_600_000, pricing });
  assert.ok(opened.ok);
  return opened.value;
}

async function told(store: Store, session: string, minutes: number, ...models: readonly string[]): Promise<void> {
  const story = new Story({ session, project: "/home/dana/code/tidepool", start: START });
  story
    .begin()
    .prompt("Mend the gauge")
    .wait(minutes * 60_000)
    .stop("Mended.");
  await store.append(story.events);
  const answers = models.map((model, index) => ({ id: `${session}-${index}`, t: START + index, model, tokens }));
  await store.record([{ session, facts: [{ kind: "answers", answers }] }]);
}

test("a session has what its answers cost, and is found by it and by its length", async (t) => {
  const store = open(tempDir(t), dollars("1", "opus"));
  t.after(() => store.close());
  await told(store, "dear", 30, "opus-1", "opus-2", "unknown");
  await told(store, "cheap", 90, "opus-1");
  await told(store, "free", 1, "unknown");
  const ids = async (filter: object) => (await store.sessions({ limit: 10, ...filter })).sessions.map(({ id }) => id);
  const costs = (await store.sessions({ limit: 10 })).sessions.map(({ id, cost }) => [id, cost]);
  assert.deepEqual(costs, [
    ["cheap", 1],
    ["dear", 2],
    ["free", undefined],
  ]);
  assert.deepEqual(await ids({ minCost: 1.5 }), ["dear"]);
  assert.deepEqual(await ids({ minMs: 20 * 60_000 }), ["cheap", "dear"]);
  assert.deepEqual(await ids({ minMs: 20 * 60_000, q: "gauge", minCost: 0.5, states: ["idle"] }), ["cheap", "dear"]);
  assert.equal((await store.sessions({ limit: 1, minCost: 0.5 })).total, 2);
});

test("other prices, and every session costs what it would by them", async (t) => {
  const home = tempDir(t);
  const first = open(home, dollars("1", "opus"));
  await told(first, "one", 1, "opus-1", "opus-2");
  await told(first, "two", 1, "sonnet");
  await first.close();
  const second = open(home, dollars("2", "", 5));
  t.after(() => second.close());
  const costs = async () =>
    Object.fromEntries((await second.sessions({ limit: 10 })).sessions.map(({ id, cost }) => [id, cost]));
  await until(async () => (await costs())["two"] === 5, 10_000, "the new prices");
  assert.deepEqual(await costs(), { one: 10, two: 5 });
});

test("a wait says what is asked: the command, the plan, the questions with their options", async (t) => {
  const store = open(tempDir(t), dollars("1", ""));
  t.after(() => store.close());
  const ask = async (session: string, tell: (story: Story) => unknown) => {
    const story = new Story({ session, project: "/p", start: START });
    story.begin().prompt("Go on");
    tell(story);
    await store.append(story.events);
    return (await store.session(session))?.waits.map(({ asked }) => asked);
  };
  const question = {
    question: "Which format?",
    header: "Format",
    multiSelect: true,
    options: [{ label: "CSV", description: "as before" }, { label: "Parquet" }],
  };
  assert.deepEqual(await ask("question", (story) => story.open("AskUserQuestion", { questions: [question] })), [
    {
      questions: [
        {
          question: "Which format?",
          options: [{ label: "CSV", about: "as before" }, { label: "Parquet" }],
          several: true,
        },
      ],
    },
  ]);
  assert.deepEqual(await ask("plan", (story) => story.open("ExitPlanMode", { plan: "1. Read\n2. Mend" })), [
    { text: "1. Read\n2. Mend" },
  ]);
  const input = { command: "rm -rf var/cache", description: "Clear the cache" };
  const permission = (story: Story) => {
    story.open("Bash", input);
    story.emit("PermissionRequest", { tool_name: "Bash", tool_input: input });
  };
  assert.deepEqual(await ask("command", permission), [{ text: "rm -rf var/cache", about: "Clear the cache" }]);
  assert.deepEqual(
    await ask("tool", (story) => story.emit("PermissionRequest", { tool_name: "mcp__x__y", tool_input: { a: 1 } })),
    [{ text: '{"a":1}' }],
  );
  assert.deepEqual(await ask("strange", (story) => story.open("AskUserQuestion", { questions: "none" })), [undefined]);
  const long = await ask("long", (story) => story.open("ExitPlanMode", { plan: "x".repeat(9000) }));
  assert.equal(long?.[0]?.text?.length, 1500);
});

test("a session says what was concluded, until it works again", async (t) => {
  const store = open(tempDir(t), dollars("1", ""));
  t.after(() => store.close());
  const story = new Story({ session: "s", project: "/p", start: START });
  story.begin().prompt("Mend the gauge").wait(1000).stop("Mended: it was the unit.");
  await store.append(story.events);
  assert.equal((await store.session("s"))?.answer, "Mended: it was the unit.");
  const before = story.events.length;
  await store.append(story.wait(1000).prompt("And the test?").events.slice(before));
  assert.equal((await store.session("s"))?.answer, undefined);
});
