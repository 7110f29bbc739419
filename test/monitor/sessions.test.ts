// What a session is doing, read from its events: working, waiting, idle, ended, lost; calls and subagents that are open.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { advance, lose, type Session, summaryOf } from "../../src/monitor/sessions.ts";
import type { EventRow } from "../../src/protocol.ts";

const MINUTE_MS = 60_000;
const T0 = Date.UTC(2026, 0, 1);
/** [event, what else its row has, background_tasks of a Stop] */
type Short = readonly [event: string, row?: Partial<EventRow>, backgroundTasks?: number];

/** The state after these events, a second apart. */
function after(...events: readonly Short[]): Session {
  let session: Session | undefined;
  for (const [index, [event, row, backgroundTasks]] of events.entries())
    session = advance(
      session,
      { id: `e${index}`, t: T0 + index * 1000, session: "s", seq: index + 1, event, bytes: 1, ...row },
      { project: "/p", host: "h", pid: 7, ...(backgroundTasks === undefined ? {} : { backgroundTasks }) },
    );
  return session as Session;
}

const begun: readonly Short[] = [
  ["SessionStart", { kind: "startup" }],
  ["UserPromptSubmit", { text: "do it" }],
];
const call = (id: string, more: Partial<EventRow> = {}): Short => ["PreToolUse", { call: id, tool: "Bash", ...more }];
const done = (id: string, more: Partial<EventRow> = {}): Short => ["PostToolUse", { call: id, tool: "Bash", ...more }];
const inAgent: Partial<EventRow> = { agent: "a1" };

const STATES: readonly (readonly [what: string, events: readonly Short[], state: string, detail?: string])[] = [
  ["a start", [["SessionStart", { kind: "startup" }]], "idle", "startup"],
  ["a prompt", begun, "working"],
  ["a call", [...begun, call("1")], "working"],
  ["the end of a call", [...begun, call("1"), done("1")], "working"],
  ["a failed call", [...begun, call("1"), ["PostToolUseFailure", { call: "1", failed: true }]], "working"],
  [
    "a question for permission",
    [...begun, call("1"), ["PermissionRequest", { tool: "Bash" }]],
    "waiting",
    "permission for Bash",
  ],
  ["its answer yes", [...begun, call("1"), ["PermissionRequest", { tool: "Bash" }], done("1")], "working"],
  ["its answer no", [...begun, call("1"), ["PermissionRequest", { tool: "Bash" }], ["PostToolBatch"]], "working"],
  ["its denial by a rule", [...begun, call("1"), ["PermissionDenied", { call: "1" }]], "working"],
  [
    "a notification of it",
    [...begun, ["Notification", { kind: "permission_prompt", text: "Claude needs you" }]],
    "waiting",
    "Claude needs you",
  ],
  [
    "a question to the person",
    [...begun, call("1", { tool: "AskUserQuestion" })],
    "waiting",
    "an answer to its question",
  ],
  ["a plan", [...begun, call("1", { tool: "ExitPlanMode" })], "waiting", "approval of its plan"],
  ["an elicitation", [...begun, ["Elicitation", { kind: "server" }]], "waiting", "an answer for server"],
  ["its result", [...begun, ["Elicitation", { kind: "server" }], ["ElicitationResult"]], "working"],
  ["the end of the turn", [...begun, ["Stop"]], "idle"],
  ["one with work in the background", [...begun, ["Stop", {}, 2]], "idle", "2 in the background"],
  [
    "a turn that failed",
    [...begun, ["StopFailure", { kind: "rate_limit", failed: true }]],
    "idle",
    "the turn failed: rate_limit",
  ],
  [
    "nobody comes for a while",
    [...begun, ["Stop"], ["Notification", { kind: "idle_prompt" }]],
    "waiting",
    "your next prompt",
  ],
  ["compaction", [...begun, ["PreCompact", { kind: "auto" }]], "working", "compacting"],
  [
    "the start that follows it",
    [...begun, ["PreCompact", {}], ["PostCompact", {}], ["SessionStart", { kind: "compact" }]],
    "working",
  ],
  ["the end", [...begun, ["SessionEnd", { kind: "logout" }]], "ended", "logout"],
  [
    "going on after the end",
    [...begun, ["SessionEnd", { kind: "other" }], ["SessionStart", { kind: "resume" }]],
    "idle",
    "resume",
  ],
  ["an event in the middle", [done("9")], "working"],
  ["an event of a later host", [...begun, ["SomethingNew", { kind: "x" }]], "working"],
  ["an event named like a method", [...begun, ["constructor"], ["__proto__"]], "working"],
  ["work of a subagent in the background", [...begun, ["Stop"], call("1", inAgent)], "idle"],
];

describe("a session", () => {
  for (const [what, events, state, detail] of STATES)
    test(`${what}: ${state}${detail ? `, ${detail}` : ""}`, () => {
      const session = after(...events);
      assert.deepEqual([session.state, session.detail], [state, detail]);
    });

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
    const session = after(...begun, call("1"));
    lose(session, T0 + MINUTE_MS);
    assert.deepEqual([session.state, session.running, session.since], ["lost", [], T0 + MINUTE_MS]);
    const row = { id: "x", t: T0 + 2 * MINUTE_MS, session: "s", seq: 4, event: "UserPromptSubmit", bytes: 1 };
    assert.equal(advance(session, row, { project: "/p", host: "h" }).state, "working");
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
});
