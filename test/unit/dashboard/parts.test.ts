import assert from "node:assert/strict";
import { test } from "node:test";
import type { SessionSummary } from "../../../src/contract/session.ts";
import { STATUS_NAMES } from "../../../src/dashboard/model/parts.ts";
import { SessionModel } from "../../../src/dashboard/model/session.ts";
import { tracksOf } from "../../../src/dashboard/timeline/layout.ts";
import { reduce } from "../../../src/session/reduce.ts";
import { summaryOf } from "../../../src/session/summary.ts";
import { barsOf, lanesOf, modelOf, rowsOf, type Short, START, spansOf } from "./rows.ts";

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
  test(behaviour, () => assert.deepEqual(barsOf(modelOf(shorts)), bars));
}

for (const tool of ["Agent", "Task"]) {
  test(`a subagent hangs under the agent whose ${tool} call names it`, () => {
    const model = modelOf([
      pre(0, tool, "a"),
      [2, "SubagentStart", { agent: "x", agentType: "Explore" }],
      pre(5, tool, "b", { agent: "x" }),
      [6, "SubagentStart", { agent: "y" }],
      [8, "SubagentStop", { agent: "y" }],
      post(9, tool, "b", { agent: "x", child: "y" }),
      [10, "SubagentStop", { agent: "x" }],
      post(11, tool, "a", { child: "x" }),
    ]);
    assert.deepEqual(lanesOf(model), ["main < - running", "x < main done", "y < x done"]);
    assert.deepEqual(
      tracksOf(model.parts.lanes).map(({ lanes, depth }) => `${depth} ${lanes.map(({ id }) => id).join()}`),
      ["0 ", "1 x", "2 y"],
    );
  });
}

test("while its call runs, a subagent is taken for the child of the oldest call that waits for one", () => {
  const model = modelOf([
    pre(0, "Agent", "a", { text: "first" }),
    pre(1, "Agent", "b", { text: "second" }),
    [2, "SubagentStart", { agent: "x" }],
    [3, "SubagentStart", { agent: "y" }],
  ]);
  assert.deepEqual(
    model.parts.lanes.map((lane) => lane.title),
    ["", "first", "second"],
  );
});

test("a subagent that was launched in the background outlives the turn, one in the foreground does not", () => {
  const model = modelOf([
    [0, "UserPromptSubmit"],
    pre(1, "Agent", "a"),
    [2, "SubagentStart", { agent: "back" }],
    post(3, "Agent", "a", { child: "back", background: true }),
    pre(4, "Agent", "b"),
    [5, "SubagentStart", { agent: "fore" }],
    [9, "UserPromptSubmit"],
  ]);
  assert.deepEqual(lanesOf(model), ["main < - running", "back < main running", "fore < main interrupted"]);
});

test("lanes that a payload ties into a knot are all shown", () => {
  const model = modelOf([
    post(0, "Agent", "a", { agent: "x", child: "y" }),
    post(1, "Agent", "b", { agent: "y", child: "x" }),
  ]);
  assert.equal(tracksOf(model.parts.lanes).flatMap(({ lanes }) => lanes).length, 3);
});

for (const [behaviour, shorts, spans] of [
  [
    "a permission is waited for until the call begins to run, by the host's own duration",
    [pre(0, "Bash", "a"), [10, "PermissionRequest", { tool: "Bash" }], post(5000, "Bash", "a", { ms: 1000 })],
    ["permission 10-4000"],
  ],
  [
    "a permission that was refused ends with its batch",
    [pre(0, "Bash", "a"), [10, "PermissionRequest", { tool: "Bash" }], [700, "PostToolBatch"]],
    ["permission 10-700"],
  ],
  [
    "a permission that a rule or another hook gave at once was no wait",
    [pre(0, "Bash", "a"), [10, "PermissionRequest", { tool: "Bash" }], post(5000, "Bash", "a", { ms: 4900 })],
    [],
  ],
  [
    "two requests for the same tool belong to two calls",
    [
      pre(0, "Bash", "a"),
      pre(1, "Bash", "b"),
      [10, "PermissionRequest", { tool: "Bash" }],
      [11, "PermissionRequest", { tool: "Bash" }],
      post(1050, "Bash", "b", { ms: 0 }),
      post(1090, "Bash", "a", { ms: 0 }),
    ],
    ["permission 10-1050", "permission 11-1090"],
  ],
  [
    "a question to the person is a wait",
    [
      pre(0, "AskUserQuestion", "a"),
      [5, "PermissionRequest", { tool: "AskUserQuestion" }],
      post(800, "AskUserQuestion", "a", { ms: 790 }),
    ],
    ["question 0-800"],
  ],
  [
    "an elicitation waits for its result",
    [
      [0, "Elicitation"],
      [3000, "ElicitationResult"],
    ],
    ["question 0-3000"],
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
  test(behaviour, () => assert.deepEqual(spansOf(modelOf(shorts)), spans));
}

test("turns end by Stop, by failure, or by the next prompt", () => {
  const model = modelOf([
    [0, "UserPromptSubmit", { text: "one" }],
    [10, "Stop"],
    [20, "UserPromptSubmit", { text: "two" }],
    [30, "StopFailure"],
    [40, "UserPromptSubmit", { text: "three" }],
    [50, "UserPromptSubmit", { text: "four" }],
  ]);
  const turns = model.parts.turns.map((turn) => `${turn.prompt} ${STATUS_NAMES[turn.status]}`);
  assert.deepEqual(turns, ["one done", "two failed", "three interrupted", "four running"]);
});

test("what is typed or reported while a turn runs belongs to it", () => {
  const model = modelOf([
    [0, "UserPromptSubmit", { text: "one", prompt: "p1" }],
    pre(5, "Bash", "a"),
    [10, "UserPromptSubmit", { text: "also this", prompt: "p1" }],
    post(20, "Bash", "a"),
    [30, "Stop"],
    [40, "UserPromptSubmit", { text: "two", prompt: "p2" }],
  ]);
  const turns = model.parts.turns.map((turn) => `${turn.prompt} ${STATUS_NAMES[turn.status]}`);
  assert.deepEqual(turns, ["one done", "two running"]);
  assert.deepEqual(barsOf(model), ["Bash main 5-20 done"]);
});

test("an end that overtakes its beginning is no call that runs", () => {
  assert.deepEqual(barsOf(modelOf([[0, "Stop"], post(20, "Bash", "a", { ms: 5 }), pre(21, "Bash", "a")])), [
    "Bash main 15-20 done",
  ]);
});

test("numbers that are missing are shown where they are missing", () => {
  const model = modelOf([
    [0, "SessionStart", { seq: 1 }],
    [10, "Stop", { seq: 5 }],
    [20, "Stop", { seq: 6 }],
  ]);
  assert.deepEqual(
    model.parts.gaps.map((gap) => gap.missing),
    [3],
  );
});

test("a row that comes twice is taken once", () => {
  const [first, second] = rowsOf([pre(0, "Bash", "a"), post(5, "Bash", "a")]);
  const model = new SessionModel();
  assert.deepEqual(
    [first, first, second, first].map((row) => row !== undefined && model.push(row)),
    [true, false, true, false],
  );
  assert.equal(model.length, 2);
});

test("time never runs backwards, whatever clocks say", () => {
  const model = modelOf([[100, "UserPromptSubmit"], pre(40, "Bash", "a"), post(20, "Bash", "a")]);
  assert.deepEqual(barsOf(model), ["Bash main 100-100 done"]);
});

test("more calls at once than there is room for still all have a place", () => {
  const shorts = Array.from({ length: 200 }, (_, index) => pre(index, "Read", `c${index}`));
  const model = modelOf(shorts);
  assert.equal(model.parts.barRow.length, 200);
  assert.ok(Array.from({ length: 200 }, (_, bar) => model.parts.barLevel.at(bar)).every((level) => level < 64));
});

/** What the monitor knows of the session, besides its rows. */
const known = (more: Partial<SessionSummary>): SessionSummary => {
  const [first] = rowsOf([[0, "UserPromptSubmit"]]);
  assert.ok(first);
  return { ...summaryOf(reduce(undefined, { kind: "event", row: first, head: {} }).session, START), ...more };
};

test("what the monitor knows to be answered, broken off or gone is so here, though no row says it", () => {
  const asked = [
    [0, "UserPromptSubmit", { prompt: "p" }],
    pre(1, "Bash", "a"),
    [10, "PermissionRequest", { tool: "Bash" }],
  ] as const;
  const answered = modelOf(asked);
  const running = [{ call: "a", tool: "Bash", since: START + 1, answeredAt: START + 4000 }];
  answered.follow(known({ running }), START + 9000);
  assert.deepEqual(spansOf(answered), ["permission 10-4000"]);
  assert.deepEqual(barsOf(answered), ["Bash main 1- running"]);
  const { version } = answered;
  answered.follow(known({ running }), START + 9500);
  assert.equal(answered.version, version, "and that once");

  const broken = modelOf(asked);
  broken.follow(known({ state: "interrupted", since: START + 4000 }), START + 9000);
  assert.deepEqual(barsOf(broken), ["Bash main 1-4000 denied"]);
  assert.equal(broken.parts.turns[0]?.end, START + 4000);

  const gone = modelOf(asked);
  gone.follow(known({ state: "lost", since: START + 6000 }), START + 9000);
  assert.deepEqual(barsOf(gone), ["Bash main 1-6000 interrupted"]);
  assert.deepEqual(spansOf(gone), ["permission 10-6000"]);
});
