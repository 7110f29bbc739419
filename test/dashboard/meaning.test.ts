// What is open in a session is read twice: by the monitor, for its state, and by the page, for its score. After every
// event, of every session that the real host has written, both have to say the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Envelope } from "../../src/contract/envelope.ts";
import type { EventRow } from "../../src/contract/row.ts";
import { Score } from "../../src/dashboard/model/score.ts";
import type { Session } from "../../src/session/kept.ts";
import { advance } from "../../src/session/sessions.ts";
import { extract } from "../../src/store/extract.ts";
import { RECORDINGS, recording } from "../browser/recordings.ts";
import { rowsOf, type Short } from "./rows.ts";

const START = Date.UTC(2026, 0, 5, 8);

interface Open {
  /** tool, agent */
  readonly calls: readonly string[];
  readonly subagents: readonly string[];
  /** agent, since */
  readonly waits: readonly string[];
  /** undefined: its beginning was not seen. */
  readonly turn: boolean | undefined;
}

function openAtMonitor({ running, subagents, waits, turns, base }: Session): Open {
  return {
    calls: running.map(({ tool, agent = "" }) => `${tool} ${agent}`).sort(),
    subagents: subagents.map(({ id }) => id).sort(),
    waits: waits
      .filter(({ hinted }) => !hinted)
      .map(({ agent = "", since }) => `${agent} ${since}`)
      .sort(),
    turn: turns === 0 ? undefined : base.state === "working",
  };
}

function openAtPage(score: Score): Open {
  const { names, barTool, barLane, lanes, spans, turns } = score;
  const isOpen = ({ end }: { readonly end: number }) => Number.isNaN(end);
  return {
    calls: score
      .openBars()
      .map((bar) => `${names.text(barTool.at(bar))} ${lanes[barLane.at(bar)]?.id}`)
      .sort(),
    subagents: lanes
      .slice(1)
      .filter(isOpen)
      .map(({ id }) => id)
      .sort(),
    waits: spans
      .filter((span) => span.kind !== "compaction" && isOpen(span))
      .map(({ lane, start }) => `${lanes[lane]?.id} ${start}`)
      .sort(),
    turn: turns.length === 0 ? undefined : turns.some(isOpen),
  };
}

/**
 * Fails at the first event after which the two differ.
 * @param turns whether the beginning of each turn is among them: without it, the page has no turn
 * @returns what is open at the end
 */
function compare(rows: readonly EventRow[], { turns }: { readonly turns: boolean }): Open | undefined {
  const score = new Score();
  let session: Session | undefined;
  for (const row of rows) {
    score.push(row);
    session = advance(session, row, { project: "/p", host: "h" });
    const page = openAtPage(score);
    const monitor = openAtMonitor(session);
    const expected = turns ? monitor : { ...monitor, turn: page.turn };
    assert.deepEqual(page, expected, `page and monitor after ${row.seq}, ${row.event}`);
  }
  return session && openAtMonitor(session);
}

/** The rows of each of a recording's sessions. */
function sessionsOf(envelopes: readonly Envelope[]): EventRow[][] {
  const rows = envelopes.map((envelope, index) => ({ n: index + 1, ...extract(envelope, 100).row }));
  return [...Map.groupBy(rows, ({ session }) => session).values()];
}

for (const name of RECORDINGS)
  test(`${name}: monitor and page agree after every event, and nothing stays open`, () => {
    for (const rows of sessionsOf(recording(name, START)))
      assert.deepEqual(compare(rows, { turns: true }), { calls: [], subagents: [], waits: [], turn: false });
  });

for (const name of RECORDINGS)
  test(`${name}, joined anywhere: monitor and page agree on calls, subagents and questions`, () => {
    for (const rows of sessionsOf(recording(name, START)))
      for (let from = 1; from < rows.length; from++) compare(rows.slice(from), { turns: false });
  });

const agent = fc.constantFrom<Partial<EventRow>>({}, { agent: "a1" }, { agent: "a2" });
const tool = fc.constantFrom("Bash", "Edit", "AskUserQuestion");
const prompt = fc.constantFrom("p1", "p2");
const shared = (event: string): fc.Arbitrary<Short> => agent.map((more) => [0, event, more]);
const call = (event: string): fc.Arbitrary<Short> =>
  fc.tuple(agent, tool).map(([more, name]) => [0, event, { ...more, tool: name, call: `${name}${more.agent ?? ""}` }]);
const event: fc.Arbitrary<Short> = fc.oneof(
  { weight: 4, arbitrary: call("PreToolUse") },
  { weight: 4, arbitrary: call("PostToolUse") },
  {
    weight: 2,
    arbitrary: fc.tuple(agent, tool).map(([more, name]): Short => [0, "PermissionRequest", { ...more, tool: name }]),
  },
  call("PostToolUseFailure"),
  shared("PostToolBatch"),
  shared("Elicitation"),
  shared("ElicitationResult"),
  fc.constantFrom<Short>([0, "SubagentStart", { agent: "a1" }], [0, "SubagentStart", { agent: "a2" }]),
  fc.constantFrom<Short>([0, "SubagentStop", { agent: "a1" }], [0, "SubagentStop", { agent: "a2" }]),
  prompt.map((id): Short => [0, "UserPromptSubmit", { prompt: id }]),
  fc.constantFrom<Short>(
    [0, "Stop"],
    [0, "PostToolUse", { tool: "Agent", call: "launch", child: "a1", background: true }],
    [0, "Notification", { kind: "permission_prompt" }],
    [0, "PreCompact", { kind: "auto" }],
    [0, "SessionStart", { kind: "compact" }],
    [0, "SessionStart", { kind: "resume" }],
    [0, "SessionEnd"],
  ),
);

/** An id is that of one call: it ends once, and what has begun and ended begins no more. */
function ofOneLife(shorts: readonly Short[]): Short[] {
  const begun = new Set<string>();
  const ended = new Set<string>();
  return shorts.filter(([, name, { call } = {}]) => {
    if (call === undefined) return true;
    if (name === "PreToolUse") return !(begun.has(call) && ended.has(call)) && begun.add(call);
    return !ended.has(call) && ended.add(call);
  });
}

test("whatever comes, in whatever order, monitor and page agree on what is open", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 24 }), (shorts) => {
      compare(rowsOf(ofOneLife(shorts).map(([, name, more = {}], index) => [index * 10, name, more])), {
        turns: false,
      });
    }),
    { seed: 7, numRuns: 3000 },
  );
});
