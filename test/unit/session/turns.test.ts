// Turns and waits, as the reducer's transitions tell them: what was asked and answered, and how the time was spent.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EventRow } from "../../../src/contract/row.ts";
import type { Turn } from "../../../src/contract/turn.ts";
import type { Head, Input } from "../../../src/session/input.ts";
import { reduce } from "../../../src/session/reduce.ts";
import type { Session } from "../../../src/session/state.ts";
import { turnOf } from "../../../src/session/turns.ts";
import { type EndedWait, endedWaits } from "../../../src/session/waits.ts";
import { T0 } from "./shorts.ts";

/** [second, event, what else its row has, what else its envelope knows] */
type At = readonly [second: number, event: string, row?: Partial<EventRow>, head?: Head];

function told(...events: readonly (At | Input)[]): {
  session: Session;
  waits: EndedWait[];
  turn: (at: number) => Turn;
} {
  let session: Session | undefined;
  const waits: EndedWait[] = [];
  for (const [index, one] of events.entries()) {
    const step =
      "kind" in one
        ? reduce(must(session), one)
        : reduce(session, {
            kind: "event",
            row: {
              id: `e${index}`,
              t: T0 + one[0] * 1000,
              session: "s",
              seq: index + 1,
              event: one[1],
              bytes: 1,
              ...one[2],
            },
            head: one[3] ?? {},
          });
    session = step.session;
    waits.push(...endedWaits(step.transitions));
  }
  const last = must(session);
  return { session: last, waits, turn: (at) => turnOf(must(last.turn), last, T0 + at * 1000) };
}

function must<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}

const pre = (at: number, call: string, row: Partial<EventRow> = {}): At => [
  at,
  "PreToolUse",
  { tool: "Bash", call, ...row },
];
const post = (at: number, call: string, row: Partial<EventRow> = {}): At => [
  at,
  "PostToolUse",
  { tool: "Bash", call, ...row },
];
const seconds = ({ ms }: Turn) => Object.fromEntries(Object.entries(ms).map(([name, value]) => [name, value / 1000]));

describe("a turn", () => {
  test("is what was asked, what was answered, and what was done in between", () => {
    const { turn } = told(
      [0, "SessionStart", { kind: "startup" }],
      [10, "UserPromptSubmit", { text: "do…", prompt: "p1" }, { prompt: "do it, all of it" }],
      pre(12, "a"),
      [15, "PostToolUseFailure", { tool: "Bash", call: "a", failed: true, ms: 2500 }],
      pre(16, "b", { tool: "Read" }),
      post(17, "b", { tool: "Read" }),
      [17, "PostToolBatch"],
      [20, "Stop", { text: "done…" }, { answer: "done, all of it" }],
    );
    assert.deepEqual(turn(99), {
      number: 1,
      id: "p1",
      state: "done",
      prompt: "do it, all of it",
      answer: "done, all of it",
      startedAt: T0 + 10_000,
      endedAt: T0 + 20_000,
      ms: { total: 10_000, model: 6000, tools: 4000, waiting: 0 },
      calls: 2,
      failed: 1,
      denied: 0,
      slowest: { call: "a", tool: "Bash", ms: 2500 },
    });
  });

  test("counts calls in parallel once in its time", () => {
    const { turn } = told([0, "UserPromptSubmit"], pre(1, "a"), pre(2, "b"), post(5, "a"), post(9, "b"), [10, "Stop"]);
    assert.deepEqual(seconds(turn(99)), { total: 10, model: 2, tools: 8, waiting: 0 });
  });

  test("waits for a person until the command begins, and runs the command from then on", () => {
    const { turn, waits } = told(
      [0, "UserPromptSubmit"],
      pre(1, "a"),
      [2, "PermissionRequest", { tool: "Bash" }],
      post(60, "a", { ms: 8000 }),
      [61, "Stop"],
    );
    assert.deepEqual(seconds(turn(99)), { total: 61, model: 2, tools: 9, waiting: 50 });
    assert.deepEqual(waits, [
      { id: 1, kind: "permission", tool: "Bash", since: T0 + 2000, until: T0 + 52_000, outcome: "answered" },
    ]);
  });

  test("goes on counting while it is open: the command since its answer", () => {
    const open: readonly (At | Input)[] = [
      [0, "UserPromptSubmit"],
      pre(1, "a"),
      [2, "PermissionRequest", { tool: "Bash" }],
      { kind: "asked", t: T0 + 3000 },
    ];
    assert.deepEqual(seconds(told(...open).turn(20)), { total: 20, model: 1, tools: 1, waiting: 18 });
    const { turn, session } = told(...open, { kind: "answered", t: T0 + 10_000 });
    assert.deepEqual(seconds(turn(20)), { total: 20, model: 1, tools: 11, waiting: 8 });
    assert.equal(session.running[0]?.answeredAt, T0 + 10_000);
    assert.equal(session.state, "working");
  });

  test("goes on when a hook sends Claude on after a Stop", () => {
    const { turn, session } = told(
      [0, "UserPromptSubmit", { prompt: "p1" }],
      [5, "Stop", { text: "so far" }],
      pre(6, "a", { prompt: "p1" }),
      post(8, "a"),
      [10, "Stop", { text: "now" }],
    );
    assert.deepEqual([session.turns, turn(99).answer, seconds(turn(99))["total"]], [1, "now", 10]);
  });

  test("is over with its Stop, though an end comes late", () => {
    const { session } = told([0, "UserPromptSubmit"], pre(1, "a"), [5, "Stop"], post(6, "a"), [6, "PostToolBatch"]);
    assert.deepEqual([session.state, session.turns], ["idle", 1]);
  });

  test("counts what was refused apart from what failed", () => {
    const { turn, waits } = told(
      [0, "UserPromptSubmit"],
      pre(1, "a"),
      [2, "PermissionRequest", { tool: "Bash" }],
      [9, "PostToolBatch"],
      pre(10, "b"),
      [11, "PermissionDenied", { tool: "Bash", call: "b", failed: true }],
      [12, "Stop"],
    );
    assert.deepEqual([turn(99).calls, turn(99).failed, turn(99).denied], [2, 0, 2]);
    assert.deepEqual(
      waits.map(({ outcome }) => outcome),
      ["refused"],
    );
  });

  test("is not held up by a subagent in the background", () => {
    const { turn } = told(
      [0, "UserPromptSubmit"],
      pre(1, "a", { tool: "Agent" }),
      [1, "SubagentStart", { agent: "x" }],
      post(2, "a", { tool: "Agent", child: "x", background: true }),
      pre(3, "b", { agent: "x" }),
      [4, "PermissionRequest", { tool: "Bash", agent: "x" }],
      post(18, "b", { agent: "x", ms: 0 }),
      [20, "Stop"],
    );
    assert.deepEqual(seconds(turn(99)), { total: 20, model: 19, tools: 1, waiting: 0 });
  });
});

describe("a wait", () => {
  const kinds = (...events: readonly (At | Input)[]) =>
    told([0, "UserPromptSubmit"], ...events).waits.map(({ kind, tool, since, until, outcome }) =>
      [kind, tool, (since - T0) / 1000, (until - T0) / 1000, outcome].join(" ").replace("  ", " "),
    );
  test("is a question, a plan, an elicitation or a dialog as well", () => {
    assert.deepEqual(
      kinds(
        pre(1, "q", { tool: "AskUserQuestion" }),
        [1, "PermissionRequest", { tool: "AskUserQuestion" }],
        post(9, "q", { tool: "AskUserQuestion", ms: 8000 }),
        pre(10, "p", { tool: "ExitPlanMode" }),
        post(14, "p", { tool: "ExitPlanMode" }),
        [20, "Elicitation", { kind: "harbor" }],
        [25, "ElicitationResult", { kind: "harbor" }],
        [30, "Notification", { kind: "agent_needs_input", text: "look here" }],
        pre(35, "x"),
      ),
      [
        "question AskUserQuestion 1 9 answered",
        "plan ExitPlanMode 10 14 answered",
        "elicitation harbor 20 25 answered",
        "notification 30 35 answered",
      ],
    );
  });

  test("was none where a rule or another hook answered at once, and is not the time until the next prompt", () => {
    assert.deepEqual(
      kinds(
        pre(1, "a"),
        [1.05, "PermissionRequest", { tool: "Bash" }],
        post(15.4, "a", { ms: 14_000 + 200 }),
        [16, "Stop"],
        [80, "Notification", { kind: "idle_prompt" }],
        [500, "UserPromptSubmit"],
      ),
      [],
    );
  });

  test("is shown only once no rule and no other hook has answered in the person's place", () => {
    const asked: readonly (At | Input)[] = [
      [0, "UserPromptSubmit"],
      pre(1, "a"),
      [2, "PermissionRequest", { tool: "Bash" }],
    ];
    assert.equal(told(...asked).session.state, "working");
    assert.equal(told(...asked, { kind: "answered", t: T0 + 2200 }).session.state, "working");
    assert.equal(told(...asked, { kind: "asked", t: T0 + 3000 }).session.state, "waiting");
    assert.equal(told(...asked, [3, "SomethingElse"]).session.state, "waiting");
    assert.equal(told(...asked, [8, "Notification", { kind: "permission_prompt" }]).session.state, "waiting");
  });

  test("is another hook's while that is at work on it, and a person's once that is over", () => {
    const hooked: readonly (At | Input)[] = [
      [0, "UserPromptSubmit"],
      pre(1, "a"),
      [2, "PermissionRequest", { tool: "Bash" }],
      { kind: "hooked", t: T0 + 2100, waits: [1] },
    ];
    const after = (...more: readonly (At | Input)[]) => told(...hooked, ...more).session;
    const waits = (...all: readonly (At | Input)[]) => told(...all).waits;
    assert.equal(after([9, "SomethingElse"]).state, "working", "what others do says nothing of it");
    assert.equal(after([8, "Notification", { kind: "permission_prompt" }]).state, "waiting", "the host says so");
    assert.equal(after({ kind: "asked", t: T0 + 12_000, beside: true }).state, "waiting");
    const answers = { kind: "answered", t: T0 + 7000 } as const;
    assert.deepEqual(waits(...hooked, answers), []);
    assert.deepEqual(waits(...hooked, [6, "Notification", { kind: "permission_prompt" }], answers), []);
    assert.deepEqual(waits(...hooked, post(7, "a", { ms: 100 })), []);
    assert.equal(waits(...hooked, { kind: "asked", t: T0 + 6000 }, answers).length, 1);
  });

  test("is known from the host's own word, where no event says so", () => {
    const shown = told([0, "UserPromptSubmit"], { kind: "waiting", t: T0 + 5000, text: "input needed" }).session;
    assert.deepEqual(
      [shown.state, shown.reason],
      ["waiting", { code: "waiting", for: { code: "notification", text: "input needed" } }],
    );
    assert.equal(
      told([0, "UserPromptSubmit"], { kind: "waiting", t: T0 + 5000 }, { kind: "answered", t: T0 + 6000 }).session
        .state,
      "working",
    );
    assert.equal(
      told([0, "Stop"], { kind: "waiting", t: T0 + 5000 }).session.state,
      "idle",
      "who has nothing to do is not asked",
    );
  });
});

describe("a subagent in the background", () => {
  const launched: readonly At[] = [
    [0, "UserPromptSubmit"],
    pre(1, "a", { tool: "Agent" }),
    [1, "SubagentStart", { agent: "x" }],
    post(2, "a", { tool: "Agent", child: "x", background: true }),
    [3, "Stop", {}, { backgroundTasks: 1, backgroundAgents: ["x"] }],
  ];
  const shown = (...events: readonly (At | Input)[]) =>
    told(...launched, ...events).session.subagents.map(({ id }) => id);

  test("is shown until it ends, is stopped, is no longer listed, or its session is over", () => {
    assert.deepEqual(shown(), ["x"]);
    assert.deepEqual(shown([9, "SubagentStop", { agent: "x" }]), []);
    assert.deepEqual(shown([9, "UserPromptSubmit"], post(10, "t", { tool: "TaskStop", child: "x" })), []);
    assert.deepEqual(shown([9, "UserPromptSubmit"], [10, "Stop", {}, { backgroundAgents: ["x"] }]), ["x"]);
    assert.deepEqual(shown([9, "UserPromptSubmit"], [10, "Stop", {}, { backgroundAgents: [] }]), []);
    assert.deepEqual(shown([9, "UserPromptSubmit"], [10, "Stop"]), ["x"], "a host that lists none says nothing");
    assert.deepEqual(shown([9, "SessionEnd"]), []);
    assert.deepEqual(shown({ kind: "gone", t: T0 + 9000 }), []);
  });

  test("is known from the list of a Stop, where its start was not seen", () => {
    const joined = told([0, "Stop", {}, { backgroundTasks: 1, backgroundAgents: ["y"] }]).session;
    assert.deepEqual(
      joined.subagents.map(({ id, background }) => [id, background]),
      [["y", true]],
    );
  });
});

describe("a turn of very many calls", () => {
  const COUNT = 4000;
  /** The state stays as small as that of a turn of a few hundred. Characters. */
  const MAX_STATE = 200_000;
  const fold = (events: readonly (readonly [t: number, event: string, call: string])[]): Session => {
    let session: Session | undefined;
    for (const [index, [t, event, call]] of events.entries()) {
      const row = { id: `e${index}`, t: T0 + t, session: "s", seq: index + 1, event, bytes: 1, tool: "Bash", call };
      session = reduce(session, { kind: "event", row, head: {} }).session;
    }
    return must(session);
  };

  test("calls of which no end is ever heard are left, the oldest first, and the state stays small", () => {
    const session = fold(Array.from({ length: COUNT }, (_, n) => [n, "PreToolUse", `c${n}`] as const));
    assert.equal(session.running.at(-1)?.call, `c${COUNT - 1}`);
    assert.equal(session.toolCalls, COUNT);
    assert.ok(JSON.stringify(session).length < MAX_STATE, `${JSON.stringify(session).length}`);
  });

  test("beside one that runs throughout, the others are summed up, and the turn's time is what it was", () => {
    const calls = Array.from({ length: COUNT }, (_, n) => [
      [10 * n + 1, "PreToolUse", `c${n}`] as const,
      [10 * n + 6, "PostToolUse", `c${n}`] as const,
    ]).flat();
    const end = 10 * COUNT;
    const session = fold([[0, "PreToolUse", "long"], ...calls]);
    assert.ok(JSON.stringify(session).length < MAX_STATE, `${JSON.stringify(session).length}`);
    assert.deepEqual(
      session.running.map(({ call }) => call),
      ["long"],
    );
    const ended = fold([[0, "PreToolUse", "long"], ...calls, [end, "PostToolUse", "long"]]);
    assert.equal(turnOf(must(ended.turn), ended, T0 + end).ms.tools, end);
  });
});
