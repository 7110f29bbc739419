// What hooks mean, as properties of the reducer: they hold for every recorded session of the real host, wherever it is
// joined, and for whatever else comes in whatever order.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { EventRow } from "../../../src/contract/row.ts";
import { SessionSummary } from "../../../src/contract/session.ts";
import { Turn } from "../../../src/contract/turn.ts";
import type { EventInput, Input } from "../../../src/session/input.ts";
import { reduce } from "../../../src/session/reduce.ts";
import { readSession, type Session } from "../../../src/session/state.ts";
import { summaryOf } from "../../../src/session/summary.ts";
import type { Transition } from "../../../src/session/transition.ts";
import { turnOf } from "../../../src/session/turns.ts";
import { extract, headOf } from "../../../src/store/extract.ts";
import { runs, tried } from "../../brief.ts";
import { RECORDINGS, recording } from "../../browser/recordings.ts";
import { T0 } from "./shorts.ts";

/** What is open, as far as transitions say; each is checked against what was said before. */
class Replay {
  readonly calls = new Map<string, string>();
  /** Outcomes of calls that are over. */
  readonly ended = new Map<string, string>();
  readonly subagents = new Set<string>();
  readonly waits = new Set<number>();
  turn: number | undefined;
  compacting = false;
  missing = 0;
  opened = 0;
  state: string | undefined;

  take(transition: Transition): void {
    switch (transition.type) {
      case "callOpened": {
        const { call, tool, again } = transition;
        assert.equal(this.calls.has(call), false, `${call} is open already`);
        assert.equal(again, this.ended.get(call), `${call} goes on as what it had ended as`);
        if (again) assert.ok(["denied", "interrupted"].includes(again), "what has said how it ended is over");
        else this.opened++;
        this.ended.delete(call);
        this.calls.set(call, tool);
        return;
      }
      case "callEnded":
        assert.ok(this.calls.delete(transition.call), `${transition.call} ends once, and was open`);
        assert.ok(transition.t >= transition.since, "no call ends before it began");
        this.ended.set(transition.call, transition.outcome);
        return;
      case "waitOpened":
        assert.equal(this.waits.has(transition.wait.id), false);
        this.waits.add(transition.wait.id);
        return;
      case "waitEnded":
        assert.ok(this.waits.delete(transition.wait.id), "a question ends once, and was open");
        assert.ok(transition.t >= transition.wait.since);
        return;
      case "turnStarted":
        assert.equal(this.turn, undefined, "turns do not overlap");
        this.turn = transition.number;
        return;
      case "turnEnded":
        assert.equal(transition.number, this.turn, "the turn that ends is the one that is open");
        this.turn = undefined;
        return;
      case "subagentStarted":
        assert.equal(this.subagents.has(transition.subagent.id), false);
        this.subagents.add(transition.subagent.id);
        return;
      case "subagentLinked":
        return;
      case "subagentEnded":
        assert.ok(this.subagents.delete(transition.subagent.id), "a subagent ends once, and was there");
        return;
      case "compactionStarted":
        assert.equal(this.compacting, false);
        this.compacting = true;
        return;
      case "compactionEnded":
        assert.equal(this.compacting, true);
        this.compacting = false;
        return;
      case "gap":
        this.missing += transition.missing;
        return;
      case "interrupted":
      case "lost":
        return;
      case "stateChanged":
        assert.equal(transition.from, this.state, "from what it was");
        this.state = transition.to;
    }
  }
}

/** The session after the inputs; after each, all that has to hold always is checked. */
function fold(inputs: readonly [EventInput, ...Input[]]): Session {
  const replay = new Replay();
  let session: Session | undefined;
  /** The same, read back from JSON before each input. */
  let stored: Session | undefined;
  for (const input of inputs) {
    const before: unknown = JSON.parse(JSON.stringify(session ?? null));
    const step = session || input.kind !== "event" ? reduce(must(session), input) : reduce(undefined, input);
    assert.deepEqual(JSON.parse(JSON.stringify(session ?? null)), before, "the state that was given stays as it was");
    const asStored = stored || input.kind !== "event" ? reduce(must(stored), input) : reduce(undefined, input);
    session = step.session;
    stored = must(readSession(JSON.parse(JSON.stringify(asStored.session))));
    assert.deepEqual(JSON.parse(JSON.stringify(session)), JSON.parse(JSON.stringify(stored)));
    for (const transition of step.transitions) replay.take(transition);
    check(session, replay, input);
  }
  return must(session);
}

function must<T>(value: T | undefined): T {
  assert.ok(value !== undefined);
  return value;
}

function check(session: Session, replay: Replay, input: Input): void {
  const now = session.lastAt + 5000;
  const open = session.running.map(({ call }) => call);
  assert.deepEqual([...replay.calls.keys()].sort(), open.toSorted(), "transitions say which calls are open");
  assert.deepEqual([...replay.subagents].sort(), session.subagents.map(({ id }) => id).sort());
  assert.deepEqual([...replay.waits].sort(), session.waits.map(({ id }) => id).sort());
  assert.equal(replay.turn !== undefined, session.base.state === "working", "who works is in a turn");
  assert.equal(replay.compacting, session.compacting !== undefined);
  assert.equal(replay.state, session.state);
  assert.equal(replay.opened, session.toolCalls, "a call is counted once");
  for (const { agent } of [...session.running, ...session.waits])
    assert.ok(agent === undefined || session.subagents.some(({ id }) => id === agent), "nothing outlives its agent");
  for (const { call } of session.waits)
    assert.ok(call === undefined || open.includes(call), "a question ends with its call");
  const isOver = input.kind === "gone" || (input.kind === "event" && OVER.has(input.row.event));
  if (isOver && session.state !== "working")
    assert.deepEqual(
      [open, session.waits, session.subagents, replay.turn, replay.compacting],
      [[], [], [], undefined, false],
      "nothing is open after the end",
    );
  const summary = SessionSummary.safeParse(summaryOf(session, now));
  assert.ok(summary.success, JSON.stringify(summary.error?.issues));
  if (session.turn) checkTurn(session, now);
  assert.ok(JSON.stringify(session).length < 40_000, "the state is small");
}

const OVER = new Set(["SessionEnd"]);

function checkTurn(session: Session, now: number): void {
  const turn = Turn.parse(turnOf(must(session.turn), session, now));
  const { total, model, tools, waiting } = turn.ms;
  assert.equal(turn.state === "open", session.base.state === "working");
  assert.ok(Math.min(model, tools, waiting) >= 0, JSON.stringify(turn));
  assert.ok(Math.abs(model + tools + waiting - total) < 1e-6, `the parts add up: ${JSON.stringify(turn)}`);
  assert.ok(turn.endedAt === undefined || turn.endedAt >= turn.startedAt);
  assert.equal(turn.number, session.turns);
  assert.ok(turn.failed >= 0 && turn.denied >= 0 && turn.calls >= 0);
}

type Inputs = [EventInput, ...Input[]];

/** The events of each of a recording's sessions. */
function sessionsOf(name: string): Inputs[] {
  const inputs = recording(name, T0).map((envelope): EventInput => {
    const { row, project } = extract(envelope, 100);
    return { kind: "event", row, head: headOf(envelope, project) };
  });
  return [...Map.groupBy(inputs, ({ row }) => row.session).values()].flatMap(([first, ...rest]) =>
    first ? [[first, ...rest] as Inputs] : [],
  );
}

const openIn = ({ running, waits, subagents, base, compacting, state }: Session) => ({
  calls: running.map(({ call }) => call),
  waits: waits.length,
  subagents: subagents.map(({ id }) => id),
  base: base.state,
  compacting: compacting !== undefined,
  state,
});
const NOTHING = { calls: [], waits: 0, subagents: [], compacting: false };

describe("a recorded session", () => {
  for (const name of RECORDINGS)
    test(`${name}: nothing is open at its end, and every number came`, () => {
      for (const inputs of sessionsOf(name)) {
        const session = fold(inputs);
        const { state: _state, base: _base, ...open } = openIn(session);
        assert.deepEqual(open, NOTHING);
        assert.equal(session.gaps, 0);
      }
    });

  for (const name of RECORDINGS)
    test(`${name}, joined anywhere, comes to the same end`, () => {
      for (const inputs of sessionsOf(name)) {
        const whole = openIn(fold(inputs));
        for (const from of tried([...inputs.keys()])) {
          const [first, ...rest] = inputs.slice(from);
          if (first?.kind === "event") assert.deepEqual(openIn(fold([first, ...rest])), whole, `joined at ${from}`);
        }
      }
    });

  test("has the turns, calls and waits that the person and the model of the recording made", () => {
    const said = (name: string) =>
      sessionsOf(name).map((inputs) => {
        const { turns, toolCalls, failures, denied } = fold(inputs);
        return { turns, toolCalls, failures, denied };
      });
    assert.deepEqual(said("permission"), [{ turns: 2, toolCalls: 3, failures: 0, denied: 1 }]);
    assert.deepEqual(said("subagents"), [{ turns: 2, toolCalls: 13, failures: 1, denied: 0 }]);
  });
});

const agent = fc.constantFrom<Partial<EventRow>>({}, { agent: "a1" }, { agent: "a2" });
const tool = fc.constantFrom("Bash", "Edit", "AskUserQuestion", "Agent");
const prompt = fc.constantFrom("p1", "p2");
type Said = Partial<EventRow> & { readonly event: string };
const shared = (event: string): fc.Arbitrary<Said> => agent.map((more) => ({ event, ...more }));
const call = (event: string): fc.Arbitrary<Said> =>
  fc
    .tuple(agent, tool, fc.constantFrom("1", "2"), fc.constantFrom({}, { ms: 3 }, { ms: 700 }))
    .map(([more, name, id, ms]) => ({ event, ...more, ...ms, tool: name, call: `${name}${more.agent ?? ""}${id}` }));
const said: fc.Arbitrary<Said> = fc.oneof(
  { weight: 4, arbitrary: call("PreToolUse") },
  { weight: 4, arbitrary: call("PostToolUse") },
  {
    weight: 2,
    arbitrary: fc.tuple(agent, tool).map(([more, name]) => ({ event: "PermissionRequest", ...more, tool: name })),
  },
  call("PostToolUseFailure").map((one) => ({ ...one, failed: true as const })),
  call("PermissionDenied").map((one) => ({ ...one, failed: true as const })),
  shared("PostToolBatch"),
  shared("Elicitation"),
  shared("ElicitationResult"),
  shared("SubagentStart"),
  shared("SubagentStop"),
  prompt.map((id) => ({ event: "UserPromptSubmit", prompt: id, text: "do it" })),
  fc.constantFrom<Said>(
    { event: "Stop" },
    { event: "StopFailure", failed: true },
    { event: "PostToolUse", tool: "Agent", call: "launch", child: "a1", background: true },
    { event: "PostToolUse", tool: "TaskStop", call: "stop", child: "a1" },
    { event: "Notification", kind: "permission_prompt" },
    { event: "Notification", kind: "idle_prompt" },
    { event: "PreCompact", kind: "auto" },
    { event: "PreCompact", kind: "manual" },
    { event: "PostCompact" },
    { event: "SessionStart", kind: "compact" },
    { event: "SessionStart", kind: "resume" },
    { event: "SessionEnd" },
    { event: "SomethingNew", kind: "x" },
    { event: "constructor" },
  ),
);
const fact: fc.Arbitrary<(t: number) => Input> = fc.oneof(
  prompt.map((id) => (t: number) => ({ kind: "interrupted" as const, t, prompt: id })),
  fc.constantFrom<((t: number) => Input)[]>(
    (t) => ({ kind: "interrupted", t }),
    (t) => ({ kind: "gone", t }),
    (t) => ({ kind: "asked", t }),
    (t) => ({ kind: "asked", t, beside: true }),
    (t) => ({ kind: "hooked", t, waits: [1, 2, 3] }),
    (t) => ({ kind: "answered", t }),
    (t) => ({ kind: "waiting", t, text: "a dialog" }),
  ),
);
const anything = fc.array(
  fc.tuple(
    fc.oneof({ weight: 8, arbitrary: said }, { weight: 1, arbitrary: fact }),
    fc.integer({ min: -40, max: 900 }),
    fc.constantFrom(1, 1, 1, 1, 3),
  ),
  { maxLength: 30 },
);

/** Inputs some time apart; clocks are set back now and then, and numbers get lost. */
function inputsOf(steps: readonly (readonly [Said | ((t: number) => Input), number, number])[]): Inputs {
  let t = T0;
  let seq = 1;
  const event = (row: Said): EventInput => ({
    kind: "event",
    row: { id: `e${seq}`, t, session: "s", seq, bytes: 1, ...row },
    head: row.event === "Stop" && t % 3 === 0 ? { backgroundAgents: ["a2"], backgroundTasks: 1 } : { project: "/p" },
  });
  const inputs: Inputs = [event({ event: "SessionStart", kind: "startup" })];
  for (const [what, pause, step] of steps) {
    t += pause;
    if (typeof what === "function") inputs.push(what(t));
    else {
      seq += step;
      inputs.push(event(what));
    }
  }
  return inputs;
}

test("whatever comes, in whatever order: what is opened ends at most once, and state and transitions agree", () => {
  fc.assert(
    fc.property(anything, (steps) => void fold(inputsOf(steps))),
    { seed: 7, numRuns: runs(1000) },
  );
});

test("whatever came before, nothing is open once the session has ended, and the next prompt is a turn of its own", () => {
  fc.assert(
    fc.property(anything, (steps) => {
      const inputs = inputsOf(steps);
      const [first, ...rest] = inputs;
      const late = T0 + 60_000;
      const seq = 1000;
      const end: EventInput = {
        kind: "event",
        row: { id: "end", t: late, session: "s", seq, bytes: 1, event: "SessionEnd" },
        head: {},
      };
      const ended = fold([first, ...rest, end]);
      assert.deepEqual(openIn(ended), { ...NOTHING, base: "ended", state: "ended" });
      const again = reduce(ended, {
        ...end,
        row: { ...end.row, t: late + 1, seq: seq + 1, event: "UserPromptSubmit" },
      });
      assert.deepEqual([again.session.state, again.session.turns], ["working", ended.turns + 1]);
    }),
    { seed: 11, numRuns: runs(300) },
  );
});

test("what is asked ends with the call that asks, or with the answer, whatever else goes on", () => {
  fc.assert(
    fc.property(anything, fc.constantFrom("PostToolUse", "PostToolUseFailure", "PermissionDenied"), (steps, ends) => {
      const [first, ...rest] = inputsOf(steps);
      const t = T0 + 60_000;
      let seq = 1000;
      const event = (name: string, row: Partial<EventRow> = {}): EventInput => ({
        kind: "event",
        row: { id: name, t: t + seq, session: "s", seq: seq++, bytes: 1, event: name, ...row },
        head: {},
      });
      const asked = fold([
        first,
        ...rest,
        event("SessionStart", { kind: "resume" }),
        event("UserPromptSubmit", { prompt: "last" }),
        event("PreToolUse", { tool: "WebFetch", call: "w", text: "a" }),
        event("PermissionRequest", { tool: "WebFetch", text: "a" }),
        { kind: "asked", t: t + 5000 },
      ]);
      assert.deepEqual(asked.reason, { code: "waiting", for: { code: "permission", tool: "WebFetch" } });
      assert.equal(reduce(asked, event("SubagentStart", { agent: "other" })).session.state, "waiting");
      assert.equal(reduce(asked, { kind: "answered", t: t + 9000 }).session.state, "working");
      assert.equal(reduce(asked, event(ends, { tool: "WebFetch", call: "w" })).session.state, "working");
      assert.equal(reduce(asked, event("PostToolBatch")).session.state, "working");
    }),
    { seed: 13, numRuns: runs(300) },
  );
});
