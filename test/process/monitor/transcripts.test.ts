// Token counts and interruptions from transcripts: each once, from where reading stopped, and from nowhere but Claude
// Code's directory.

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { BEGINNING, MAX_PORTION_BYTES, readOn } from "../../../src/transcripts/transcript.ts";
import { dist, mpm, NODE, run, tempDir, tempWorld, until } from "../../world.ts";
import { Transcript } from "../transcripts/transcript.ts";

interface Said {
  readonly id: string;
  readonly output: number;
  readonly model?: string;
}

/** A line as host 2.1.330 writes it, fields that do not matter left out. */
const line = ({ id, output, model = "claude-opus-5-5" }: Said): string =>
  `${JSON.stringify({
    type: "assistant",
    gitBranch: "tide",
    message: {
      id,
      model,
      usage: { input_tokens: 10, output_tokens: output, cache_read_input_tokens: 3, cache_creation_input_tokens: 2 },
    },
  })}\n`;

/** What the host writes when the user presses Escape. */
const escaped = (more: object = {}, text = "[Request interrupted by user for tool use]"): string =>
  `${JSON.stringify({
    isSidechain: false,
    promptId: "p1",
    type: "user",
    message: { role: "user", content: [{ type: "text", text }] },
    timestamp: "2026-01-05T08:00:07.500Z",
    ...more,
  })}\n`;
const ESCAPED = { t: Date.UTC(2026, 0, 5, 8, 0, 7, 500), prompt: "p1" };

/** Counts by model. */
function sum(portion: Awaited<ReturnType<typeof readOn>>) {
  const sums: Record<string, Record<string, number>> = {};
  for (const { model, tokens } of portion?.answers ?? []) {
    const of = sums[model] ?? {};
    for (const [name, count] of Object.entries(tokens)) of[name] = (of[name] ?? 0) + count;
    sums[model] = of;
  }
  return sums;
}

test("a message that stands in several lines is counted once, with its last count", async (t) => {
  const file = join(tempDir(t), "t.jsonl");
  writeFileSync(file, line({ id: "a", output: 1 }) + line({ id: "a", output: 7 }) + line({ id: "b", output: 5 }));
  const portion = await readOn(file, BEGINNING);
  assert.deepEqual(sum(portion), { "claude-opus-5-5": { input: 20, output: 12, cacheRead: 6, cacheWrite: 4 } });
  assert.equal(portion?.branch, "tide");
});

test("reading goes on where it stopped, in the middle of a message and of a line", async (t) => {
  const file = join(tempDir(t), "t.jsonl");
  const half = line({ id: "b", output: 4, model: "claude-haiku-5" });
  writeFileSync(file, line({ id: "a", output: 1 }) + half.slice(0, 30));
  const first = await readOn(file, BEGINNING);
  assert.deepEqual(sum(first), { "claude-opus-5-5": { input: 10, output: 1, cacheRead: 3, cacheWrite: 2 } });
  appendFileSync(file, half.slice(30));
  const second = await readOn(file, first?.bookmark ?? BEGINNING);
  assert.deepEqual(sum(second), { "claude-haiku-5": { input: 10, output: 4, cacheRead: 3, cacheWrite: 2 } });
  appendFileSync(file, line({ id: "b", output: 9, model: "claude-haiku-5" }));
  const third = await readOn(file, second?.bookmark ?? BEGINNING);
  assert.deepEqual(
    sum(third),
    { "claude-haiku-5": { input: 10, output: 9, cacheRead: 3, cacheWrite: 2 } },
    "the store counts it once",
  );
});

test("a count that shrinks, is absurd, or comes under another model takes nothing back of what was counted", async (t) => {
  const file = join(tempDir(t), "t.jsonl");
  const portion = async (text: string) => {
    writeFileSync(file, text);
    return Object.values(sum(await readOn(file, BEGINNING))).map(({ output }) => output);
  };
  assert.deepEqual(await portion([9, 4, 10].map((output) => line({ id: "a", output })).join("")), [10]);
  assert.deepEqual(await portion(line({ id: "a", output: 9 }) + line({ id: "a", output: 4, model: "other" })), [9]);
  assert.deepEqual(await portion(line({ id: "a", output: 2 ** 53 - 1 })), [0]);
});

test("strange lines are passed over, however long, and a file that was cut is not counted again", async (t) => {
  const file = join(tempDir(t), "t.jsonl");
  const strange = ['{"usage"', '"usage"', '{"type":"assistant","message":{"usage":7}}', "\u0000\uFFFD", ""].join("\n");
  writeFileSync(file, `${strange}\n`);
  appendFileSync(file, `${JSON.stringify({ usage: "x".repeat(17 * 1024 * 1024) })}\n`);
  appendFileSync(file, line({ id: "a", output: 1 }));
  const portion = await readOn(file, BEGINNING);
  assert.equal(sum(portion)["claude-opus-5-5"]?.["output"], 1);
  truncateSync(file, 10);
  assert.deepEqual(sum(await readOn(file, portion?.bookmark ?? BEGINNING)), {});
});

test("an interruption is the host's own line, and no text that only looks like one", async (t) => {
  const file = join(tempDir(t), "t.jsonl");
  const text = "[Request interrupted by user]";
  const quoted = [
    escaped({ message: { role: "user", content: text } }),
    escaped({ message: { role: "user", content: [{ type: "tool_result", content: text }] } }),
    escaped({}, `${text} and why`),
    escaped({ type: "api-request-blob" }),
    escaped({ isSidechain: true }),
    escaped({ timestamp: "yesterday" }),
    escaped({ message: 7 }),
  ];
  writeFileSync(file, quoted.join(""));
  const first = await readOn(file, BEGINNING);
  assert.equal(first?.interruption, undefined);
  appendFileSync(file, escaped({ promptId: "p0" }) + escaped({}, text).slice(0, 20));
  const second = await readOn(file, first?.bookmark ?? BEGINNING);
  assert.deepEqual(second?.interruption, { ...ESCAPED, prompt: "p0" });
  appendFileSync(file, escaped({}, text).slice(20) + line({ id: "a", output: 1 }));
  const third = await readOn(file, second?.bookmark ?? BEGINNING);
  assert.deepEqual(third?.interruption, ESCAPED);
  assert.equal((await readOn(file, third?.bookmark ?? BEGINNING))?.interruption, undefined);
});

test("hooks that have run are known with how long they took, by the host's own figures, and whose they are", async (t) => {
  const file = join(tempDir(t), "t.jsonl");
  const ran = (attachment: object) =>
    `${JSON.stringify({ type: "attachment", timestamp: "2026-01-05T08:00:07.500Z", attachment })}\n`;
  writeFileSync(
    file,
    ran({
      type: "hook_success",
      hookEvent: "PreToolUse",
      command: "/h/app/hooks/mpm-hook PreToolUse",
      durationMs: 12,
    }) +
      ran({ type: "hook_success", hookEvent: "Stop", command: "lint --all", durationMs: 900 }) +
      ran({ type: "hook_success", hookEvent: "Stop", command: "lint", durationMs: "long" }) +
      ran({ type: "environment", durationMs: 3 }) +
      line({ id: "a", output: 1 }),
  );
  const at = Date.UTC(2026, 0, 5, 8, 0, 7, 500);
  assert.deepEqual((await readOn(file, BEGINNING))?.hooks, [
    { t: at, ms: 12, event: "PreToolUse", isOurs: true },
    { t: at, ms: 900, event: "Stop", isOurs: false },
  ]);
});

test("of a file without an end only so much is read at a time, none of it twice, and a close ends it at once", async (t) => {
  const file = join(tempDir(t), "sparse.jsonl");
  writeFileSync(file, line({ id: "a", output: 1 }));
  const start = statSync(file).size;
  truncateSync(file, 30e9);
  const first = await readOn(file, BEGINNING);
  assert.deepEqual([first?.more, first?.answers.length], [true, 1]);
  const { offset = 0 } = first?.bookmark ?? {};
  assert.ok(offset > start && offset <= MAX_PORTION_BYTES, `${offset}`);
  const second = await readOn(file, { offset });
  assert.ok((second?.bookmark.offset ?? 0) > offset, "it goes on where it was");
  const began = performance.now();
  assert.equal((await readOn(file, first?.bookmark ?? BEGINNING, AbortSignal.abort()))?.more, true);
  assert.ok(performance.now() - began < 1000);
});

test("what is missing, a directory, a pipe or a link is no transcript, and no error", async (t) => {
  const dir = tempDir(t);
  await run("mkfifo", [join(dir, "pipe")], { env: { PATH: process.env["PATH"] ?? "" } });
  writeFileSync(join(dir, "real"), line({ id: "a", output: 1 }));
  symlinkSync(join(dir, "real"), join(dir, "link"));
  for (const name of ["missing", ".", "pipe", "link"])
    assert.equal(await readOn(join(dir, name), BEGINNING), undefined, name);
});

/** A monitor, a session whose transcript is at the path, and what the API says of it. */
async function monitored(t: TestContext, settings: object = {}) {
  const world = tempWorld(t);
  mkdirSync(world.mpmHome, { mode: 0o700 });
  writeFileSync(join(world.mpmHome, "config.json"), JSON.stringify({ monitor: { port: 0, ...settings } }));
  const claude = join(world.home, ".claude/projects/p");
  mkdirSync(claude, { recursive: true });
  const relay = () => run(NODE, [dist("cli.js"), "relay", "--once"], { env: world.env });
  return {
    ...world,
    claude,
    /** An event whose payload names the transcript. */
    async event(session: string, transcript: string, event = "Stop", more: object = {}): Promise<void> {
      const payload = {
        hook_event_name: event,
        session_id: session,
        transcript_path: transcript,
        prompt_id: "p1",
        prompt: "go",
        ...more,
      };
      await run(NODE, [dist("hook.js"), event], { env: world.env, input: JSON.stringify(payload) });
      await relay();
    },
    async statistics(): Promise<{ tokens: { session: string; model: string; output: number; cost?: number }[] }> {
      return (await this.ask("/api/stats")) as {
        tokens: { session: string; model: string; output: number; cost?: number }[];
      };
    },
    async state(session: string): Promise<string | undefined> {
      const { sessions } = (await this.ask("/api/sessions")) as { sessions: { id: string; state: string }[] };
      return sessions.find(({ id }) => id === session)?.state;
    },
    async ask(path: string): Promise<unknown> {
      const address = JSON.parse((await mpm(["status", "--json"], { env: world.env })).stdout).monitor.url;
      const token = readFileSync(join(world.mpmHome, "token"), "utf8").trim();
      return await (await fetch(`${address}${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
    },
  };
}

test("a session's tokens appear by model, subagents included, with the cost where prices are set", async (t) => {
  const at = await monitored(t, { prices: { "claude-opus-5-5": { input: 1, output: 1_000_000 } } });
  const transcript = join(at.claude, "s.jsonl");
  writeFileSync(transcript, line({ id: "a", output: 3 }));
  mkdirSync(join(at.claude, "s/subagents"), { recursive: true });
  writeFileSync(join(at.claude, "s/subagents/agent-1.jsonl"), line({ id: "x", output: 4, model: "claude-haiku-5" }));
  await at.event("s", transcript);
  await until(async () => (await at.statistics()).tokens.length === 2, 15_000, "the tokens of both models");
  const { tokens } = await at.statistics();
  assert.deepEqual(
    tokens.map(({ model, output, cost }) => [model, output, cost === undefined ? undefined : Math.round(cost)]).sort(),
    [
      ["claude-haiku-5", 4, undefined],
      ["claude-opus-5-5", 3, 3],
    ],
  );
});

test("transcripts of workflows, of another configuration directory and behind the user's links are read", async (t) => {
  const at = await monitored(t);
  const other = join(at.home, "work-profile/projects");
  mkdirSync(join(at.home, "elsewhere"), { recursive: true });
  mkdirSync(join(at.home, "work-profile"));
  symlinkSync(join(at.home, "elsewhere"), other);
  mkdirSync(join(other, "p/s/subagents/workflows/wf_1"), { recursive: true });
  const transcript = join(other, "p/s.jsonl");
  writeFileSync(transcript, line({ id: "a", output: 3 }));
  writeFileSync(join(other, "p/s/subagents/workflows/wf_1/agent-1.jsonl"), line({ id: "x", output: 4 }));
  writeFileSync(join(other, "p/s/subagents/workflows/wf_1/journal.jsonl"), line({ id: "y", output: 1000 }));
  await at.event("s", transcript);
  await until(async () => (await at.statistics()).tokens[0]?.output === 7, 15_000, "the tokens of both");
});

test("an answer that a moved, copied or repeated transcript holds again counts once; other models and errors as they are", async (t) => {
  const at = await monitored(t);
  const answer = (message: object) =>
    `${JSON.stringify({ type: "assistant", requestId: "r", message: { content: [], ...message } })}\n`;
  const usage = { input_tokens: 2, output_tokens: 500, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };
  const advised = {
    ...usage,
    iterations: [
      { type: "message", input_tokens: 2, output_tokens: 500 },
      { type: "advisor_message", model: "claude-haiku-5", input_tokens: 160_000, output_tokens: 8000 },
    ],
  };
  const text =
    line({ id: "a", output: 3 }) +
    line({ id: "a", output: 3 }) +
    answer({ id: "m", model: "claude-sonnet-5-5", usage: advised }) +
    answer({ id: "e", model: "<synthetic>", usage });
  const first = join(at.claude, "s.jsonl");
  writeFileSync(first, text);
  await at.event("s", first);
  await until(async () => (await at.statistics()).tokens.length === 3, 15_000, "the tokens of three models");
  const moved = join(at.claude, "../p-worktree");
  mkdirSync(moved);
  writeFileSync(join(moved, "s.jsonl"), text + line({ id: "b", output: 40 }));
  writeFileSync(join(moved, "fork.jsonl"), text + line({ id: "c", output: 100 }));
  await at.event("s", join(moved, "s.jsonl"));
  await at.event("fork", join(moved, "fork.jsonl"));
  const outputs = async () => (await at.statistics()).tokens.map(({ model, output }) => `${model} ${output}`).sort();
  const expected = ["claude-haiku-5 8000", "claude-opus-5-5 100", "claude-opus-5-5 43", "claude-sonnet-5-5 500"];
  await until(async () => (await outputs()).join() === expected.join(), 15_000, "each answer once");
});

test("a monitor that was restarted counts on, and nothing twice", async (t) => {
  const at = await monitored(t);
  const transcript = join(at.claude, "s.jsonl");
  writeFileSync(transcript, line({ id: "a", output: 3 }));
  await at.event("s", transcript);
  await until(async () => (await at.statistics()).tokens[0]?.output === 3, 15_000, "the first count");
  await mpm(["monitor", "stop"], { env: at.env });
  appendFileSync(transcript, line({ id: "b", output: 5 }));
  await at.event("s", transcript);
  await until(async () => (await at.statistics()).tokens[0]?.output === 8, 15_000, "both counts");
});

test("a payload cannot make it read elsewhere, and switched off it reads nothing", async (t) => {
  const at = await monitored(t);
  const outside = join(at.home, "outside.jsonl");
  writeFileSync(outside, line({ id: "a", output: 3 }));
  symlinkSync(outside, join(at.claude, "link.jsonl"));
  const good = join(at.claude, "good.jsonl");
  writeFileSync(good, line({ id: "a", output: 3 }));
  await at.event("outside", outside);
  await at.event("link", join(at.claude, "link.jsonl"));
  await at.event("dots", join(at.claude, "../../../outside.jsonl"));
  await at.event("good", good);
  await until(async () => (await at.statistics()).tokens.length > 0, 15_000, "the good one");
  assert.deepEqual(
    (await at.statistics()).tokens.map(({ session }) => session),
    ["good"],
  );

  const off = await monitored(t, { transcripts: false, port: 0 });
  writeFileSync(join(off.claude, "s.jsonl"), line({ id: "a", output: 3 }));
  await off.event("s", join(off.claude, "s.jsonl"));
  assert.deepEqual((await off.statistics()).tokens, []);
});

test("a session is interrupted as soon as its transcript says so, long after its last event", async (t) => {
  const at = await monitored(t);
  const transcript = join(at.claude, "s.jsonl");
  writeFileSync(transcript, line({ id: "a", output: 3 }));
  await at.event("s", transcript, "UserPromptSubmit");
  await until(async () => (await at.statistics()).tokens[0]?.output === 3, 15_000, "the first reading");
  assert.equal(await at.state("s"), "working");
  // What follows the events has been read, too: from here on only the length of the file tells.
  appendFileSync(transcript, line({ id: "b", output: 4 }));
  await until(async () => (await at.statistics()).tokens[0]?.output === 7, 15_000, "the second reading");
  appendFileSync(transcript, escaped());
  await until(async () => (await at.state("s")) === "interrupted", 15_000, "the interruption");
  await at.event("s", transcript, "UserPromptSubmit");
  assert.equal(await at.state("s"), "working");
});

test("an interruption while no monitor ran is found when one comes; switched off, none is looked for", async (t) => {
  for (const [transcripts, state] of [
    [true, "interrupted"],
    [false, "working"],
  ] as const) {
    const at = await monitored(t, { transcripts });
    const transcript = join(at.claude, "s.jsonl");
    writeFileSync(transcript, line({ id: "a", output: 3 }));
    await at.event("s", transcript, "UserPromptSubmit");
    assert.equal(await at.state("s"), "working");
    await mpm(["monitor", "stop"], { env: at.env });
    appendFileSync(transcript, escaped());
    await mpm(["monitor", "start"], { env: at.env });
    if (transcripts) await until(async () => (await at.state("s")) === state, 15_000, "the interruption");
    else assert.equal(await at.state("s"), state);
  }
});

test("what the model says while it works is in the conversation once, with its thoughts, redacted, and counts as no hook's event", async (t) => {
  const at = await monitored(t);
  const transcript = join(at.claude, "s.jsonl");
  const says = (uuid: string, second: number, block: object) =>
    `${JSON.stringify({
      type: "assistant",
      uuid,
      sessionId: "s",
      timestamp: new Date(Date.now() - 60_000 + second * 1000).toISOString(),
      message: {
        id: `m-${uuid}`,
        model: "claude-opus-5-5",
        content: [block],
        usage: { input_tokens: 1, output_tokens: 1 },
      },
    })}\n`;
  const secret = `ghp_${"a1B2".repeat(9)}`;
  await at.event("s", transcript, "UserPromptSubmit");
  writeFileSync(transcript, says("00000000-1", 61, { type: "thinking", thinking: "Where is it?" }));
  appendFileSync(transcript, says("00000000-2", 62, { type: "text", text: `I look, with ${secret}.` }));
  const messages = async () =>
    ((await at.ask("/api/sessions/s/messages")) as { messages: { role: string; text: string; thinking?: string }[] })
      .messages;
  await until(async () => (await messages()).length === 2, 15_000, "the model's words");
  assert.deepEqual(
    (await messages()).map(({ role, text, thinking }) => [role, text, thinking]),
    [
      ["user", "go", undefined],
      ["assistant", "I look, with [redacted:github_token].", "Where is it?"],
    ],
  );
  appendFileSync(transcript, says("00000000-3", 63, { type: "text", text: "Found." }));
  await until(async () => (await messages()).length === 3, 15_000, "the next words");
  const imported = await mpm(["import", join(at.home, ".claude"), "--json"], { env: at.env });
  assert.equal(imported.status, 0, imported.stderr);
  assert.equal((await messages()).length, 3, "an import adds nothing to it");
  const { gaps, events } = (await at.ask("/api/sessions/s")) as { gaps: number; events: number };
  assert.equal(gaps, 0);
  assert.equal(events, 4);
});

test("a fork that hooks report has the words and the tokens of its own lines alone, whoever has those before them", async (t) => {
  const at = await monitored(t);
  const original = new Transcript("origin").prompt("Count the posts.").says("There are 41.");
  const fork = original.fork("fork").prompt("And the cleats?").says("Nine.");
  const file = join(at.claude, "fork.jsonl");
  const recent = new Date(Date.now() - 60_000).toISOString();
  for (const { session, text } of [original, fork])
    writeFileSync(join(at.claude, `${session}.jsonl`), text.replace(/"timestamp":"[^"]*"/g, `"timestamp":"${recent}"`));
  await at.event("fork", file, "SessionStart", { source: "fork" });
  await at.event("fork", file);
  const said = async () =>
    ((await at.ask("/api/sessions/fork/messages")) as { messages: { text: string }[] }).messages.map(
      ({ text }) => text,
    );
  await until(async () => (await said()).includes("Nine."), 15_000, "the fork's own words");
  assert.ok(!(await said()).includes("There are 41."));
  await until(async () => (await at.statistics()).tokens.length > 0, 15_000, "its tokens");
  assert.deepEqual(
    (await at.statistics()).tokens.map(({ session, output }) => [session, output]),
    [["fork", 20]],
  );
});
