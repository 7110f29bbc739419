// What a session is doing, read from its events: working, waiting, idle, interrupted, ended, lost; calls and subagents
// that are open.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Session, summaryOf } from "../../src/monitor/kept.ts";
import { advance, interrupt, lose } from "../../src/monitor/sessions.ts";
import type { EventRow } from "../../src/protocol.ts";

const MINUTE_MS = 60_000;
const T0 = Date.UTC(2026, 0, 1);
/** [event, what else its row has, what goes on after a Stop] */
type Short = readonly [
  event: string,
  row?: Partial<EventRow>,
  going?: { backgroundTasks?: number; scheduled?: number },
];

/** The state after these events, a second apart. */
function after(...events: readonly Short[]): Session {
  let session: Session | undefined;
  for (const [index, [event, row, going]] of events.entries())
    session = advance(
      session,
      { id: `e${index}`, t: T0 + index * 1000, session: "s", seq: index + 1, event, bytes: 1, ...row },
      { project: "/p", host: "h", pid: 7, ...going },
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
const background: readonly Short[] = [
  ...begun,
  call("1", { tool: "Agent" }),
  ["SubagentStart", inAgent],
  done("1", { tool: "Agent", child: "a1", background: true }),
];

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
  ["one with work in the background", [...begun, ["Stop", {}, { backgroundTasks: 2 }]], "idle", "2 in the background"],
  [
    "one after which prompts come by themselves",
    [...begun, ["Stop", {}, { backgroundTasks: 1, scheduled: 3 }]],
    "idle",
    "1 in the background, 3 scheduled",
  ],
  [
    "a turn that failed",
    [...begun, ["StopFailure", { kind: "rate_limit", failed: true }]],
    "idle",
    "the turn failed: rate_limit",
  ],
  [
    "its answer, while another question is open",
    [
      ...begun,
      call("1"),
      call("2", { tool: "Edit" }),
      ["PermissionRequest", { tool: "Bash" }],
      ["PermissionRequest", { tool: "Edit" }],
      done("1"),
    ],
    "waiting",
    "permission for Edit",
  ],
  [
    "the end of another call, while a question is open",
    [...begun, call("1"), call("2", { tool: "Read" }), ["PermissionRequest", { tool: "Bash" }], done("2")],
    "waiting",
    "permission for Bash",
  ],
  [
    "work of a subagent, while a question of the main agent is open",
    [...begun, call("1"), ["PermissionRequest", { tool: "Bash" }], call("2", inAgent), done("2", inAgent)],
    "waiting",
    "permission for Bash",
  ],
  [
    "a late notification of what is known",
    [
      ...begun,
      call("1"),
      ["PermissionRequest", { tool: "Bash" }],
      ["Notification", { kind: "permission_prompt", text: "Claude needs you" }],
    ],
    "waiting",
    "permission for Bash",
  ],
  [
    "a question of a subagent that outlived the turn",
    [...background, ["Stop"], call("2", inAgent), ["PermissionRequest", { tool: "Bash", ...inAgent }]],
    "waiting",
    "permission for Bash",
  ],
  [
    "its answer, between turns",
    [
      ...background,
      ["Stop"],
      call("2", inAgent),
      ["PermissionRequest", { tool: "Bash", ...inAgent }],
      done("2", inAgent),
    ],
    "idle",
  ],
  [
    "work in the background while it waits for a prompt",
    [...background, ["Stop"], ["Notification", { kind: "idle_prompt" }], call("2", inAgent)],
    "waiting",
    "your next prompt",
  ],
  [
    "nobody comes for a while, and there was no end",
    [...begun, ["Notification", { kind: "idle_prompt" }]],
    "interrupted",
  ],
  [
    "nobody comes for a while, and a call has no end",
    [...begun, call("1"), ["Notification", { kind: "idle_prompt" }]],
    "interrupted",
    "while Bash ran",
  ],
  ["a compaction by hand", [...begun, ["Stop"], ["PreCompact", { kind: "manual" }]], "working", "compacting"],
  [
    "its end",
    [
      ...begun,
      ["Stop"],
      ["PreCompact", { kind: "manual" }],
      ["PostCompact", { kind: "manual" }],
      ["SessionStart", { kind: "compact" }],
    ],
    "idle",
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

  test("knows a subagent whose start was not seen, and that one which goes on is in the background still", () => {
    const ids = (...events: readonly Short[]) => after(...events).subagents.map(({ id }) => id);
    assert.deepEqual(ids(call("2", inAgent)), ["a1"]);
    const again: readonly Short[] = [...background, ["Stop"], ["SubagentStop", inAgent], ["SubagentStart", inAgent]];
    assert.deepEqual(ids(...again, ["UserPromptSubmit"], ["Stop"]), ["a1"]);
  });

  test("is not in the directory that a subagent works in", () => {
    const context = { project: "/p", host: "h" };
    const row = { id: "x", t: T0, session: "s", seq: 1, event: "PreToolUse", call: "1", tool: "Bash", bytes: 1 };
    const session = advance(undefined, row, { ...context, cwd: "/p" });
    assert.equal(advance(session, { ...row, agent: "a1" }, { ...context, cwd: "/tree" }).cwd, "/p");
    assert.equal(advance(session, row, { ...context, cwd: "/p/src" }).cwd, "/p/src");
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
    const session = after(...begun, call("1"));
    lose(session, T0 + MINUTE_MS);
    assert.deepEqual([session.state, session.running, session.since], ["lost", [], T0 + MINUTE_MS]);
    const row = { id: "x", t: T0 + 2 * MINUTE_MS, session: "s", seq: 4, event: "UserPromptSubmit", bytes: 1 };
    assert.equal(advance(session, row, { project: "/p", host: "h" }).state, "working");
  });

  test("that an earlier version kept goes on", () => {
    const { base: _base, waits: _waits, left: _left, ended: _ended, over: _over, ...kept } = after(...begun, call("1"));
    const row = { id: "x", t: T0 + MINUTE_MS, session: "s", seq: 4, event: "Stop", bytes: 1 };
    const session = advance(kept as unknown as Session, row, { project: "/p", host: "h" });
    assert.deepEqual([session.state, session.running, session.since], ["idle", [], T0 + MINUTE_MS]);
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

describe("a turn that the user breaks off", () => {
  const turn: Partial<EventRow> = { prompt: "p1" };
  const running: readonly Short[] = [
    ["UserPromptSubmit", turn],
    call("1", turn),
    ["SubagentStart", { ...inAgent, ...turn }],
    call("2", { ...inAgent, ...turn }),
  ];
  const at = (second: number, prompt?: string) => ({ t: T0 + second * 1000, ...(prompt ? { prompt } : {}) });
  const next = (session: Session, second: number, event: string, row: Partial<EventRow> = {}) =>
    advance(
      session,
      { id: `n${second}`, t: T0 + second * 1000, session: "s", seq: 90, event, bytes: 1, ...row },
      { project: "/p", host: "h" },
    );
  const brokenOff = (): Session => {
    const session = after(...running);
    interrupt(session, at(9.5, "p1"));
    return session;
  };

  test("is interrupted since then, says what ran, and leaves nothing open", () => {
    const { state, detail, since, running: calls, subagents } = summaryOf(brokenOff(), T0);
    assert.deepEqual(
      { state, detail, since, calls, subagents },
      { state: "interrupted", detail: "while Bash ran", since: T0 + 9500, calls: [], subagents: [] },
    );
    const asked = after(...running, ["PermissionRequest", { tool: "Bash", ...turn }]);
    interrupt(asked, at(9.5, "p1"));
    assert.deepEqual([asked.state, asked.detail], ["interrupted", "while it waited for permission for Bash"]);
  });

  test("stays so while a subagent in the background works, or nobody comes", () => {
    const session = after(...background.slice(2), call("1"));
    session.promptId = "p1";
    interrupt(session, at(9.5, "p1"));
    assert.deepEqual(
      session.subagents.map(({ id }) => id),
      ["a1"],
    );
    assert.equal(next(session, 11, "PreToolUse", { ...inAgent, call: "3", tool: "Bash" }).state, "interrupted");
    assert.equal(next(session, 60, "Notification", { kind: "idle_prompt" }).state, "interrupted");
  });

  test("goes on with the next prompt, or with a newer event of that turn", () => {
    assert.equal(next(brokenOff(), 10, "UserPromptSubmit", { prompt: "p2" }).state, "working");
    const again = next(brokenOff(), 10, "PostToolUse", { call: "1", tool: "Bash", ...turn });
    assert.equal(again.state, "working");
    assert.equal(next(again, 11, "PreToolUse", { call: "4", tool: "Bash", ...turn }).state, "working");
  });

  test("stays interrupted when its events arrive later than the word of it", () => {
    const session = after(["UserPromptSubmit", { prompt: "p0" }]);
    interrupt(session, at(9.5, "p1"));
    assert.equal(session.state, "working", "another turn is none of its business");
    next(session, 2, "UserPromptSubmit", turn);
    assert.equal(session.state, "interrupted");
    assert.equal(next(session, 3, "PreToolUse", { call: "1", tool: "Bash", ...turn }).state, "interrupted");
    assert.equal(next(session, 20, "UserPromptSubmit", { prompt: "p2" }).state, "working");
  });

  test("is known by its time, where the host gives no ids", () => {
    const session = after(...begun, call("1"));
    interrupt(session, at(0.5));
    assert.equal(session.state, "working", "that was before the turn");
    interrupt(session, at(9.5));
    assert.equal(session.state, "interrupted");
  });

  test("changes nothing once the turn is over", () => {
    const session = after(...running, ["Stop", turn]);
    interrupt(session, at(1, "p1"));
    assert.equal(session.state, "idle");
  });
});
