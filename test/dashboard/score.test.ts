import assert from "node:assert/strict";
import { test } from "node:test";
import { STATUS_NAMES } from "../../src/dashboard/model/parts.ts";
import { laneOrder, Score } from "../../src/dashboard/model/score.ts";
import { barsOf, lanesOf, rowsOf, type Short, scoreOf, spansOf } from "./rows.ts";

const pre = (at: number, tool: string, call: string, more = {}): Short => [at, "PreToolUse", { tool, call, ...more }];
const post = (at: number, tool: string, call: string, more = {}): Short => [at, "PostToolUse", { tool, call, ...more }];

for (const [behaviour, shorts, bars] of [
  ["a call is a bar from its start to its end", [pre(0, "Bash", "a"), post(50, "Bash", "a")], ["Bash main 0-50 done"]],
  ["a call without an end runs", [pre(0, "Bash", "a")], ["Bash main 0- running"]],
  [
    "calls in parallel are paired by id, not by order",
    [pre(0, "Read", "a"), pre(1, "Read", "b"), post(20, "Read", "b"), post(90, "Read", "a")],
    ["Read main 0-90 done", "Read main 1-20 done"],
  ],
  [
    "a failure ends its call as failed",
    [pre(0, "Bash", "a"), [30, "PostToolUseFailure", { tool: "Bash", call: "a" }]],
    ["Bash main 0-30 failed"],
  ],
  [
    "a call that auto mode denied is denied",
    [pre(0, "Bash", "a"), [30, "PermissionDenied", { tool: "Bash", call: "a" }]],
    ["Bash main 0-30 denied"],
  ],
  [
    "a call that its batch lists without an end was denied or invalid",
    [pre(0, "Bash", "a"), pre(1, "Read", "b"), post(9, "Read", "b"), [40, "PostToolBatch"]],
    ["Bash main 0-40 denied", "Read main 1-9 done"],
  ],
  [
    "a batch ends only calls of its own agent",
    [pre(0, "Agent", "a"), pre(5, "Bash", "b", { agent: "x" }), [9, "PostToolBatch", { agent: "x" }]],
    ["Agent main 0- running", "Bash x 5-9 denied"],
  ],
  [
    "a call that is open when its turn ends was interrupted",
    [[0, "UserPromptSubmit"], pre(5, "Bash", "a"), [60, "Stop"]],
    ["Bash main 5-60 interrupted"],
  ],
  [
    "a prompt while a turn is open says that the turn was interrupted",
    [[0, "UserPromptSubmit"], pre(5, "Bash", "a"), [60, "UserPromptSubmit"]],
    ["Bash main 5-60 interrupted"],
  ],
  [
    "the end of a session ends everything",
    [pre(5, "Bash", "a"), pre(6, "Bash", "b", { agent: "x" }), [60, "SessionEnd"]],
    ["Bash main 5-60 interrupted", "Bash x 6-60 interrupted"],
  ],
  [
    "the end of a call in the background is its launch",
    [pre(0, "Bash", "a", { background: true }), post(20, "Bash", "a", { background: true })],
    ["Bash main 0-20 in the background"],
  ],
  [
    "an end whose start was not seen is drawn by the host's duration",
    [[0, "Notification"], post(500, "Bash", "a", { ms: 200 })],
    ["Bash main 300-500 done"],
  ],
  [
    "a deferred call that is announced again on resume goes on as the same bar",
    [
      pre(0, "Bash", "a"),
      [10, "SessionEnd"],
      [20, "SessionStart", { kind: "resume" }],
      pre(30, "Bash", "a"),
      post(50, "Bash", "a"),
    ],
    ["Bash main 0-50 done"],
  ],
  [
    "a compaction ends no call",
    [pre(0, "Bash", "a"), [10, "SessionStart", { kind: "compact" }], post(50, "Bash", "a")],
    ["Bash main 0-50 done"],
  ],
] as readonly (readonly [string, readonly Short[], readonly string[]])[]) {
  test(behaviour, () => assert.deepEqual(barsOf(scoreOf(shorts)), bars));
}

for (const tool of ["Agent", "Task"]) {
  test(`a subagent hangs under the agent whose ${tool} call names it`, () => {
    const score = scoreOf([
      pre(0, tool, "a"),
      [2, "SubagentStart", { agent: "x", agentType: "Explore" }],
      pre(5, tool, "b", { agent: "x" }),
      [6, "SubagentStart", { agent: "y" }],
      [8, "SubagentStop", { agent: "y" }],
      post(9, tool, "b", { agent: "x", child: "y" }),
      [10, "SubagentStop", { agent: "x" }],
      post(11, tool, "a", { child: "x" }),
    ]);
    assert.deepEqual(lanesOf(score), ["main < - running", "x < main done", "y < x done"]);
    assert.deepEqual(
      laneOrder(score.lanes).map(({ lane, depth }) => `${depth} ${lane.id}`),
      ["0 ", "1 x", "2 y"],
    );
  });
}

test("while its call runs, a subagent is taken for the child of the oldest call that waits for one", () => {
  const score = scoreOf([
    pre(0, "Agent", "a", { text: "first" }),
    pre(1, "Agent", "b", { text: "second" }),
    [2, "SubagentStart", { agent: "x" }],
    [3, "SubagentStart", { agent: "y" }],
  ]);
  assert.deepEqual(
    score.lanes.map((lane) => lane.title),
    ["", "first", "second"],
  );
});

test("a subagent that was launched in the background outlives the turn, one in the foreground does not", () => {
  const score = scoreOf([
    [0, "UserPromptSubmit"],
    pre(1, "Agent", "a"),
    [2, "SubagentStart", { agent: "back" }],
    post(3, "Agent", "a", { child: "back", background: true }),
    pre(4, "Agent", "b"),
    [5, "SubagentStart", { agent: "fore" }],
    [9, "UserPromptSubmit"],
  ]);
  assert.deepEqual(lanesOf(score), ["main < - running", "back < main running", "fore < main interrupted"]);
});

test("lanes that a payload ties into a knot are all shown", () => {
  const score = scoreOf([
    post(0, "Agent", "a", { agent: "x", child: "y" }),
    post(1, "Agent", "b", { agent: "y", child: "x" }),
  ]);
  assert.equal(laneOrder(score.lanes).length, 3);
});

for (const [behaviour, shorts, spans] of [
  [
    "a permission is waited for until the call begins to run, by the host's own duration",
    [pre(0, "Bash", "a"), [10, "PermissionRequest", { tool: "Bash" }], post(500, "Bash", "a", { ms: 100 })],
    ["permission 10-400"],
  ],
  [
    "a permission that was refused ends with its batch",
    [pre(0, "Bash", "a"), [10, "PermissionRequest", { tool: "Bash" }], [70, "PostToolBatch"]],
    ["permission 10-70"],
  ],
  [
    "two requests for the same tool belong to two calls",
    [
      pre(0, "Bash", "a"),
      pre(1, "Bash", "b"),
      [10, "PermissionRequest", { tool: "Bash" }],
      [11, "PermissionRequest", { tool: "Bash" }],
      post(50, "Bash", "b", { ms: 0 }),
      post(90, "Bash", "a", { ms: 0 }),
    ],
    ["permission 10-50", "permission 11-90"],
  ],
  [
    "a question to the person is a wait",
    [pre(0, "AskUserQuestion", "a"), post(80, "AskUserQuestion", "a")],
    ["question 0-80"],
  ],
  [
    "an elicitation waits for its result",
    [
      [0, "Elicitation"],
      [30, "ElicitationResult"],
    ],
    ["question 0-30"],
  ],
  [
    "a compaction lasts until it is said to be done",
    [
      [0, "PreCompact"],
      [30, "PostCompact"],
    ],
    ["compaction 0-30"],
  ],
  [
    "a compaction whose end is not reported ends with the session's new start",
    [
      [0, "PreCompact"],
      [30, "SessionStart", { kind: "compact" }],
    ],
    ["compaction 0-30"],
  ],
] as readonly (readonly [string, readonly Short[], readonly string[]])[]) {
  test(behaviour, () => assert.deepEqual(spansOf(scoreOf(shorts)), spans));
}

test("turns end by Stop, by failure, or by the next prompt", () => {
  const score = scoreOf([
    [0, "UserPromptSubmit", { text: "one" }],
    [10, "Stop"],
    [20, "UserPromptSubmit", { text: "two" }],
    [30, "StopFailure"],
    [40, "UserPromptSubmit", { text: "three" }],
    [50, "UserPromptSubmit", { text: "four" }],
  ]);
  const turns = score.turns.map((turn) => `${turn.prompt} ${STATUS_NAMES[turn.status]}`);
  assert.deepEqual(turns, ["one done", "two failed", "three interrupted", "four running"]);
});

test("what is typed or reported while a turn runs belongs to it", () => {
  const score = scoreOf([
    [0, "UserPromptSubmit", { text: "one", prompt: "p1" }],
    pre(5, "Bash", "a"),
    [10, "UserPromptSubmit", { text: "also this", prompt: "p1" }],
    post(20, "Bash", "a"),
    [30, "Stop"],
    [40, "UserPromptSubmit", { text: "two", prompt: "p2" }],
  ]);
  const turns = score.turns.map((turn) => `${turn.prompt} ${STATUS_NAMES[turn.status]}`);
  assert.deepEqual(turns, ["one done", "two running"]);
  assert.deepEqual(barsOf(score), ["Bash main 5-20 done"]);
});

test("an end that overtakes its beginning is no call that runs", () => {
  assert.deepEqual(barsOf(scoreOf([[0, "Stop"], post(20, "Bash", "a", { ms: 5 }), pre(21, "Bash", "a")])), [
    "Bash main 15-20 done",
  ]);
});

test("numbers that are missing are shown where they are missing", () => {
  const score = scoreOf([
    [0, "SessionStart", { seq: 1 }],
    [10, "Stop", { seq: 5 }],
    [20, "Stop", { seq: 6 }],
  ]);
  assert.deepEqual(
    score.gaps.map((gap) => gap.missing),
    [3],
  );
});

test("a row that comes twice is taken once", () => {
  const [first, second] = rowsOf([pre(0, "Bash", "a"), post(5, "Bash", "a")]);
  const score = new Score();
  assert.deepEqual(
    [first, first, second, first].map((row) => row !== undefined && score.push(row)),
    [true, false, true, false],
  );
  assert.equal(score.length, 2);
});

test("time never runs backwards, whatever clocks say", () => {
  const score = scoreOf([[100, "UserPromptSubmit"], pre(40, "Bash", "a"), post(20, "Bash", "a")]);
  assert.deepEqual(barsOf(score), ["Bash main 100-100 done"]);
});

test("more calls at once than there is room for still all have a place", () => {
  const shorts = Array.from({ length: 200 }, (_, index) => pre(index, "Read", `c${index}`));
  const score = scoreOf(shorts);
  assert.equal(score.barRow.length, 200);
  assert.ok(Array.from({ length: 200 }, (_, bar) => score.barLevel.at(bar)).every((level) => level < 64));
});
