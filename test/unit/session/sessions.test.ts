// What is open in a session, and what is counted of it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EventRow } from "../../../src/contract/row.ts";
import { readSession } from "../../../src/session/state.ts";
import { summaryOf } from "../../../src/session/summary.ts";
import { after, background, begun, call, done, inAgent, learn, MINUTE_MS, next, type Short, T0 } from "./shorts.ts";

/** As schema 1 of the store kept it. */
const EARLIER = {
  id: "s",
  project: "/p",
  host: "h",
  state: "waiting",
  since: T0 + 2000,
  detail: "permission for Bash",
  firstAt: T0,
  lastAt: T0 + 2000,
  origin: "startup",
  events: 4,
  failures: 0,
  turns: 1,
  toolCalls: 1,
  gaps: 0,
  prompt: "do it",
  running: [{ call: "1", tool: "Bash", since: T0 + 1000 }],
  subagents: [],
  tokens: { input: 1, output: 7, cacheRead: 0, cacheWrite: 0, model: "m" },
  base: { state: "working", since: T0 },
  waits: [{ since: T0 + 2000, detail: "permission for Bash", call: "1" }],
  left: [],
  ended: [],
  over: [],
  maxSeq: 4,
  pulse: new Array<number>(30).fill(0),
  minute: Math.floor(T0 / MINUTE_MS),
};

describe("a session", () => {
  const open = (...events: readonly Short[]) => after(...events).running.map(({ call: id }) => id);
  test("pairs calls by their id, whatever the order of their ends", () => {
    assert.deepEqual(open(...begun, call("1"), call("2"), call("3"), done("2")), ["1", "3"]);
    assert.deepEqual(open(...begun, call("1"), call("1")), ["1"], "a repeat is no second call");
    assert.deepEqual(open(...begun, done("1"), call("2")), ["2"]);
    assert.deepEqual(open(...begun, call("1"), call("2"), ["PostToolBatch"]), [], "without an end: denied or invalid");
  });

  test("ends what a turn, a prompt or the session leaves open, as interrupted", () => {
    for (const end of ["Stop", "StopFailure", "UserPromptSubmit", "SessionEnd", "SessionStart"])
      assert.deepEqual(open(...begun, call("1"), ["SubagentStart", inAgent], call("2", inAgent), [end]), [], end);
  });

  test("a batch of the main agent does not end a subagent's calls, nor the other way round", () => {
    const both = [...begun, call("1"), call("2", inAgent)];
    assert.deepEqual(open(...both, ["PostToolBatch"]), ["2"]);
    assert.deepEqual(open(...both, ["PostToolBatch", inAgent]), ["1"]);
  });

  test("knows its subagents, who started them, and that those in the background outlive the turn", () => {
    const started: readonly Short[] = [
      ...begun,
      call("1", { tool: "Agent" }),
      ["SubagentStart", { agent: "a1", agentType: "Explore" }],
    ];
    assert.deepEqual(
      after(...started).subagents.map(({ id, type }) => [id, type]),
      [["a1", "Explore"]],
    );
    assert.deepEqual(after(...started, call("2", inAgent), ["SubagentStop", inAgent]).subagents, []);
    assert.deepEqual(open(...started, call("2", inAgent), ["SubagentStop", inAgent]), ["1"]);
    const launched = [...started, done("1", { tool: "Agent", child: "a1", background: true, agent: "a0" })];
    assert.deepEqual(
      after(...launched, call("2", inAgent), ["Stop"]).running.map(({ call: id }) => id),
      ["2"],
    );
    const [subagent] = after(...launched, ["Stop"]).subagents;
    assert.deepEqual([subagent?.id, subagent?.parent, subagent?.background], ["a1", "a0", true]);
    assert.deepEqual(after(...started, ["SubagentStart", inAgent]).subagents.length, 1, "a resumed one is the same");
  });

  test("knows a subagent whose start was not seen, and that one which goes on is in the background still", () => {
    const ids = (...events: readonly Short[]) => after(...events).subagents.map(({ id }) => id);
    assert.deepEqual(ids(call("2", inAgent)), ["a1"]);
    const again: readonly Short[] = [...background, ["Stop"], ["SubagentStop", inAgent], ["SubagentStart", inAgent]];
    assert.deepEqual(ids(...again, ["UserPromptSubmit"], ["Stop"]), ["a1"]);
  });

  test("is not in the directory that a subagent works in", () => {
    const row = { event: "PreToolUse", call: "1", tool: "Bash" };
    const session = next(undefined, row, { cwd: "/p" });
    assert.equal(next(session, { ...row, agent: "a1" }, { cwd: "/tree" }).cwd, "/p");
    assert.equal(next(session, row, { cwd: "/p/src" }).cwd, "/p/src");
  });

  test("counts a call once, however often it is announced", () => {
    assert.equal(after(...begun, call("1"), call("1")).toolCalls, 1);
    const deferred: readonly Short[] = [...begun, call("1"), ["SessionEnd"], ["SessionStart", { kind: "resume" }]];
    assert.equal(after(...deferred, call("1")).toolCalls, 1);
  });

  test("what is handed to a turn that runs is no prompt of its own", () => {
    const turn: Partial<EventRow> = { prompt: "p1" };
    const notice: Short = ["UserPromptSubmit", { ...turn, text: "<task-notification>\n<task-id>b1" }];
    const running = after(["UserPromptSubmit", { ...turn, text: "do it" }], call("1", turn), notice);
    assert.deepEqual([running.turns, running.prompt, running.running.length], [1, "do it", 1]);
    const later = after(
      ["UserPromptSubmit", { ...turn, text: "do it" }],
      ["Stop", turn],
      [notice[0], { ...notice[1], prompt: "p2" }],
    );
    assert.deepEqual([later.turns, later.prompt, later.state], [2, "do it", "working"]);
  });

  test("counts events, failures, turns and calls, and what its numbers say is missing", () => {
    const session = after(
      ...begun,
      call("1"),
      ["PostToolUseFailure", { call: "1", failed: true, seq: 9 }],
      ["UserPromptSubmit"],
    );
    const { events, failures, turns, toolCalls, gaps, origin, prompt } = session;
    assert.deepEqual(
      { events, failures, turns, toolCalls, gaps, origin, prompt },
      { events: 5, failures: 1, turns: 2, toolCalls: 1, gaps: 4, origin: "startup", prompt: "do it" },
    );
  });

  test("says how it began: joined where its start was not seen, resumed where it went on", () => {
    assert.equal(after(["Stop"]).origin, "joined");
    assert.equal(after(["SessionStart", { kind: "clear" }]).origin, "clear");
    assert.equal(after(["Stop"], ["SessionStart", { kind: "resume" }]).origin, "resume");
    assert.equal(after(["SessionStart", { kind: "startup" }], ["SessionStart", { kind: "compact" }]).origin, "startup");
  });

  test("is lost when its process is gone without a word, and back with the next event", () => {
    const session = learn(after(...begun, call("1")), { kind: "gone", t: T0 + MINUTE_MS });
    assert.deepEqual([session.state, session.running, session.since], ["lost", [], T0 + MINUTE_MS]);
    assert.equal(next(session, { event: "UserPromptSubmit", t: T0 + 2 * MINUTE_MS }).state, "working");
    assert.equal(next(session, { event: "Notification", t: T0 + 2 * MINUTE_MS }).state, "idle", "any event says so");
    assert.equal(learn(after(...begun, ["SessionEnd"]), { kind: "gone", t: T0 + MINUTE_MS }).state, "ended");
  });

  test("that an earlier version kept goes on", () => {
    const session = readSession(EARLIER);
    assert.ok(session);
    assert.deepEqual([session.state, session.turns, session.running.length], ["working", 1, 1]);
    const over = next(session, { event: "Stop", t: T0 + MINUTE_MS });
    assert.deepEqual([over.state, over.running, over.since], ["idle", [], T0 + MINUTE_MS]);
    assert.equal(summaryOf(over, T0).tokens?.output, 7);
  });

  test("that something else kept is none", () => {
    for (const kept of [undefined, null, {}, [], "x", { ...EARLIER, events: "3" }, { ...EARLIER, version: 3 }])
      assert.equal(readSession(kept), undefined);
  });

  test("is in its state since that began, not since the last event of it", () => {
    assert.equal(after(...begun, call("1"), done("1")).since, T0 + 1000);
    assert.equal(after(...begun, call("1"), done("1")).lastAt, T0 + 3000);
  });

  test("has a pulse of the last thirty minutes that moves on while nothing comes", () => {
    const at = (minute: number): Short => ["Other", { t: T0 + minute * MINUTE_MS }];
    const session = after(at(0), at(0), at(3), at(2), at(33));
    const pulse = (minute: number) => summaryOf(session, T0 + minute * MINUTE_MS).pulse;
    const places = (list: readonly number[]) => list.flatMap((count, place) => (count > 0 ? [[place, count]] : []));
    assert.deepEqual(places(pulse(33)), [[29, 1]]);
    assert.deepEqual(places(pulse(40)), [[22, 1]]);
    assert.deepEqual(places(pulse(100)), []);
    assert.deepEqual(places(summaryOf(after(at(0), at(0), at(3), at(2)), T0 + 3 * MINUTE_MS).pulse), [
      [26, 2],
      [28, 1],
      [29, 1],
    ]);
    assert.equal(pulse(33).length, 30);
  });

  test("has a pulse again once a clock that was ahead is set right", () => {
    const at = (minute: number): Short => ["Other", { t: T0 + minute * MINUTE_MS }];
    const { pulse } = summaryOf(after(at(0), at(1440), at(1), at(2)), T0 + 2 * MINUTE_MS);
    assert.deepEqual(pulse.slice(-2), [1, 1]);
  });
});
