// Importing past sessions: what a transcript says becomes events once, beside hooks and without them.

import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { thisMachine } from "../../../src/platform/machine.ts";
import { mpm, tempWorld } from "../../world.ts";
import { HOUR_MS, LATER, names, old, pier, scene } from "./scene.ts";
import { Transcript } from "./transcript.ts";

test("a session without hooks becomes what hooks would have said, and what only the transcript knows", async (t) => {
  const here = await scene(t);
  old(pier().write(here.claude));
  const { sessions, events, skipped } = await here.import();
  assert.deepEqual([sessions, events.repeated, skipped], [{ new: 1, known: 0 }, 0, []]);
  const stored = await here.events("pier-1");
  assert.deepEqual(
    stored.map(({ event }) => event),
    [
      "SessionStart",
      "UserPromptSubmit",
      "AssistantMessage",
      "PreToolUse",
      "PostToolUse",
      "PreToolUse",
      "PostToolUseFailure",
      "AssistantMessage",
      "Stop",
      "SessionEnd",
    ],
  );
  assert.ok(stored.every(({ source }) => source === "transcript"));
  assert.equal(stored[2]?.data["thinking"], "Where are they listed?");
  assert.equal(stored[4]?.data["duration_ms"], 1000);
  assert.equal(stored[8]?.data["last_assistant_message"], "There are 41 of them.");
  const [session] = await here.sessions();
  assert.equal(session?.machine, thisMachine().machine, "the machine is named by what it is, not by what it is called");
  assert.deepEqual(
    [session?.state, session?.origin, session?.turns, session?.toolCalls, session?.failures, session?.gaps],
    ["ended", "import", 1, 2, 1, 0],
  );
  assert.deepEqual([session?.firstPrompt, session?.branch ?? "main"], ["Count the mooring posts.", "main"]);
  assert.deepEqual([session?.tokens?.input, session?.tokens?.output], [400, 80]);
});

test("importing again adds nothing, and reads nothing that is as it was", async (t) => {
  const here = await scene(t);
  const file = pier().write(here.claude);
  old(file);
  const first = await here.import();
  const second = await here.import();
  assert.deepEqual([second.events, second.lines, second.files], [{ added: 0, repeated: 0 }, 0, 1]);
  appendFileSync(file, "\n");
  old(file);
  utimesSync(file, LATER, new Date(LATER.getTime() + 1000));
  const third = await here.import();
  assert.deepEqual(third.events, { added: 0, repeated: first.events.added });
  assert.deepEqual(
    (await here.sessions()).map(({ tokens }) => tokens?.output),
    [80],
  );
});

test("a session is named by a summary of before host 2.1, where that is about one of its own lines", async (t) => {
  const here = await scene(t);
  const [own, other] = [pier("named"), pier("other")];
  const summary = (text: string, leafUuid: string) => JSON.stringify({ type: "summary", summary: text, leafUuid });
  own.lines.unshift(summary("Of somebody else", "another-main-7"), summary("Mooring posts", "named-main-7"));
  for (const transcript of [own, other]) old(transcript.write(here.claude));
  const { skipped } = await here.import();
  assert.deepEqual(skipped, []);
  const titles = new Map((await here.sessions()).map(({ id, title }) => [id, title]));
  assert.deepEqual([titles.get("named"), titles.get("other")], ["Mooring posts", undefined]);
});

test("a session ends an hour after its last line, whatever a copy of its file says, and what may go on is read again", async (t) => {
  const here = await scene(t);
  pier("copied").write(here.claude); // its lines are of long ago, its file of now
  const recent = new Transcript("recent", { timestamp: new Date(Date.now() - 60_000).toISOString() });
  recent.prompt("Go on.").says("So far.").write(here.claude);
  const states = async () => new Map((await here.sessions()).map(({ id, state }) => [id, state]));
  await here.import();
  assert.deepEqual([(await states()).get("copied"), (await states()).get("recent")], ["ended", "working"]);
  const again = await here.import();
  assert.deepEqual([again.events.added, again.lines], [0, recent.lines.length]);
});

test("a session that hooks recorded gets its messages, and no call, prompt or end twice", async (t) => {
  const here = await scene(t);
  const hook = (name: string, more: Record<string, unknown>) =>
    here.monitor.ask("/api/events", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ hook_event_name: name, session_id: "pier-1", cwd: "/home/dana/code/pier", ...more }),
    });
  await hook("UserPromptSubmit", { prompt: "Count the mooring posts.", prompt_id: "p0" });
  for (const call of ["toolu_1", "toolu_2"])
    for (const name of ["PreToolUse", "PostToolUse"]) await hook(name, { tool_name: "Bash", tool_use_id: call });
  await hook("Stop", { last_assistant_message: "There are 41 of them." });
  old(pier().write(here.claude));
  const { sessions, events } = await here.import();
  assert.deepEqual([sessions, events.added], [{ new: 0, known: 1 }, 2]);
  const stored = await here.events("pier-1");
  assert.deepEqual(
    stored.filter(({ source }) => source === "transcript").map(({ event }) => event),
    ["AssistantMessage", "AssistantMessage"],
  );
  const [session] = await here.sessions();
  assert.deepEqual([session?.state, session?.turns, session?.toolCalls, session?.gaps], ["idle", 1, 2, 0]);
});

test("subagents, nested and of workflows, are part of their session; links lead there once", async (t) => {
  const here = await scene(t);
  const main = new Transcript("pier-2").prompt("Survey it.").calls("toolu_a", "Agent", { prompt: "look" });
  const agent = new Transcript("pier-2", { agentId: "a1", isSidechain: true }).prompt("look").says("one done");
  const nested = new Transcript("pier-2", { agentId: "a2", isSidechain: true }).prompt("look too").says("two done");
  main.result("toolu_a", { agentId: "a1", status: "completed" }).says("All surveyed.");
  old(main.write(here.claude));
  const beside = join(here.claude, "projects/-home-dana-code-pier/pier-2/subagents");
  mkdirSync(join(beside, "workflows/wf_1"), { recursive: true });
  for (const [file, transcript] of [
    [join(beside, "agent-a1.jsonl"), agent],
    [join(beside, "workflows/wf_1/agent-a2.jsonl"), nested],
  ] as const) {
    writeFileSync(file, transcript.text);
    old(file);
  }
  writeFileSync(join(beside, "workflows/wf_1/journal.jsonl"), '{"type":"started"}\n');
  symlinkSync(join(here.claude, "projects/-home-dana-code-pier"), join(here.claude, "projects/-link"));
  symlinkSync(join(here.claude, "projects"), join(here.claude, "projects/-loop"));
  const { sessions, skipped, of } = await here.import();
  assert.deepEqual([sessions, skipped, of.files], [{ new: 1, known: 0 }, [], 3]);
  const stored = await here.events("pier-2");
  assert.deepEqual(
    stored
      .filter(({ agent: of }) => of !== undefined)
      .map(({ event, agent: of }) => `${event} ${of}`)
      .sort(),
    ["AssistantMessage a1", "AssistantMessage a2", "SubagentStart a1", "SubagentStart a2"],
  );
  const [session] = await here.sessions();
  assert.deepEqual([session?.tokens?.input, session?.tokens?.output], [400, 80]);
});

const BOLLARDS = ["SessionStart", "UserPromptSubmit", "AssistantMessage", "Stop", "SessionEnd"];

for (const saysOrigin of [true, false])
  for (const resumed of saysOrigin ? [false, true] : [false])
    test(`a fork ${saysOrigin ? "" : "of before host 2.1 "}has what came after its copies, its session${resumed ? ", resumed since," : ""} all that was its own`, async (t) => {
      const here = await scene(t);
      const original = pier();
      const fork = original.fork("pier-fork", { saysOrigin }).prompt("And the bollards?").says("Twelve.");
      const again = fork.fork("pier-fork-2", { saysOrigin }).prompt("And the cleats?").says("Nine.");
      if (resumed) original.prompt("Go on.").says("So far.");
      const folder = saysOrigin ? "-home-dana-code-other" : undefined;
      const files = [original.write(here.claude), fork.write(here.claude, folder), again.write(here.claude)];
      // Read newest first: the forks before their session, or after it.
      const order = resumed ? files.toReversed() : files;
      const date = (s: number) => {
        for (const [index, file] of order.entries())
          utimesSync(file, LATER, new Date(LATER.getTime() + (s + index) * 1000));
      };
      date(0);
      const first = await here.import();
      assert.deepEqual(first.sessions, { new: 3, known: 0 });
      assert.deepEqual(await names(here, "pier-fork"), BOLLARDS);
      assert.deepEqual(await names(here, "pier-fork-2"), BOLLARDS);
      assert.equal((await names(here, "pier-1")).length, resumed ? 13 : 10);
      const tokens = new Map((await here.sessions()).map((session) => [session.id, session.tokens?.output]));
      assert.deepEqual(
        ["pier-1", "pier-fork", "pier-fork-2"].map((id) => tokens.get(id)),
        [resumed ? 100 : 80, 20, 20],
      );
      for (const file of files) appendFileSync(file, "\n");
      date(10);
      const second = await here.import();
      assert.deepEqual(second.events, { added: 0, repeated: first.events.added });
    });

test("a fork whose session has no transcript any more keeps what it copied", async (t) => {
  const here = await scene(t);
  old(pier().fork("pier-fork").prompt("And the bollards?").says("Twelve.").write(here.claude));
  await here.import();
  assert.equal((await names(here, "pier-fork")).filter((name) => name === "UserPromptSubmit").length, 2);
});

test("a session that was moved counts its answers once", async (t) => {
  const here = await scene(t);
  const file = pier().write(here.claude);
  old(file);
  await here.import();
  const moved = join(here.claude, "projects/-home-dana-code-pier-worktree");
  mkdirSync(moved);
  renameSync(file, join(moved, "pier-1.jsonl"));
  await here.import();
  const sum = (await here.sessions()).reduce((total, { tokens }) => total + (tokens?.output ?? 0), 0);
  assert.equal(sum, 80);
});

test("what is no line of a transcript is counted with its place, and stops nothing", async (t) => {
  const here = await scene(t);
  const lines = pier().lines;
  lines.splice(2, 0, "{not json", "[1,2]", '"text"', '{"type":"assistant","message":7}', '{"type":"of-next-year"}');
  const file = new Transcript("pier-1").write(here.claude);
  writeFileSync(file, `${lines.join("\n")}\n`);
  old(file);
  const { skipped, events } = await here.import();
  assert.deepEqual(
    skipped.map(({ line, reason }) => [line, reason]),
    [
      [3, "not_json"],
      [4, "unknown_form"],
      [5, "not_an_object"],
      [6, "unknown_form"],
    ],
  );
  assert.equal(events.added, 10);
});

test("a byte order mark, line feeds of Windows, a last line without one, and lines without a time cost nothing", async (t) => {
  const here = await scene(t);
  const lines = pier().lines;
  const undated = lines.map((line) => line.replace(/"timestamp":"[^"]*",/, ""));
  const variants = {
    marked: `\ufeff${lines.join("\n")}\n`,
    windows: `${lines.join("\r\n")}\r\n`,
    unended: lines.join("\n"),
    undated: `${undated.join("\n")}\n`,
  };
  for (const [name, text] of Object.entries(variants)) {
    const file = new Transcript(name).write(here.claude);
    writeFileSync(file, text.replaceAll("pier-1", name));
    old(file);
  }
  const { skipped, sessions } = await here.import();
  assert.deepEqual([skipped, sessions.new], [[], 4]);
  const found = await here.sessions();
  assert.deepEqual(
    found.map(({ id, firstPrompt, tokens }) => [id, firstPrompt !== undefined, tokens?.output]).sort(),
    Object.keys(variants)
      .map((name) => [name, true, found[0]?.tokens?.output])
      .sort(),
  );
  new Transcript("empty").write(here.claude);
  const again = await here.import();
  assert.deepEqual([again.sessions, again.events.added], [{ new: 0, known: 4 }, 0]);
});

test("imports right after one another are done, each", async (t) => {
  const here = await scene(t);
  for (let round = 0; round < 12; round++) await here.import(); // which says where one was not
});

test("what is older than the retention is left out, and said", async (t) => {
  const here = await scene(t);
  const transcript = pier();
  transcript.lines[0] = transcript.lines[0]?.replace("2026-09-04", "2020-09-04") ?? "";
  old(transcript.write(here.claude));
  const { skipped } = await here.import();
  assert.deepEqual(
    skipped.map(({ line, reason }) => [line, reason]),
    [[0, "older_than_retention"]],
  );
});

test("secrets in a transcript are redacted as those of hooks are", async (t) => {
  const here = await scene(t);
  const secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  old(new Transcript("pier-3").prompt(`use ${secret}`).says(`I used ${secret}.`).write(here.claude));
  await here.import();
  assert.doesNotMatch(JSON.stringify(await here.events("pier-3")), new RegExp(secret));
});

test("a dry run says what there is and stores nothing; since and project leave sessions out", async (t) => {
  const here = await scene(t);
  old(pier().write(here.claude));
  const dry = await here.import({ dryRun: true });
  assert.deepEqual([dry.events.added, await here.sessions()], [10, []]);
  assert.equal((await here.import({ since: LATER.getTime() + 1 })).of.sessions, 0);
  assert.equal((await here.import({ project: "quay" })).of.sessions, 0);
  assert.equal((await here.import({ project: "pier", dryRun: true })).of.sessions, 1);
});

test("mpm import starts the monitor, takes the sessions in, and says what it did", async (t) => {
  const { env, home } = tempWorld(t);
  const claude = join(home, ".claude");
  old(pier().write(claude));
  const config = join(env["MPM_HOME"] ?? join(home, ".claude-mpm"), "config.json");
  mkdirSync(dirname(config), { recursive: true, mode: 0o700 });
  writeFileSync(config, JSON.stringify({ monitor: { port: 0, retentionMs: 400 * 24 * HOUR_MS } }));
  t.after(() => mpm(["monitor", "stop"], { env }));
  const first = await mpm(["import", "--json"], { env });
  assert.equal(first.status, 0, first.stderr);
  const { sessions, events, skipped, lines, files } = JSON.parse(first.stdout);
  assert.deepEqual(
    [sessions, events, skipped, lines, files],
    [{ new: 1, known: 0 }, { added: 10, repeated: 0 }, [], 7, 1],
  );
  const second = await mpm(["import", claude], { env });
  assert.match(second.stdout, /^mpm: 0 new sessions and 1 known one, 0 events added/);
  const none = await mpm(["import", join(home, "nowhere")], { env });
  assert.deepEqual([none.status, none.stdout], [1, ""]);
  assert.match(none.stderr, /there is nothing at .*nowhere/);
  const other = await mpm(["import", "--project", "quay"], { env });
  assert.match(other.stdout, /no transcript of a session matches/);
});
