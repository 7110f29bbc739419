// Sessions for tests, from as little of each event as the test is about.

import assert from "node:assert/strict";
import type { EventRow } from "../../../src/contract/row.ts";
import type { SessionSummary } from "../../../src/contract/session.ts";
import type { Fact, Head } from "../../../src/session/input.ts";
import { reduce } from "../../../src/session/reduce.ts";
import type { Session } from "../../../src/session/state.ts";
import { summaryOf } from "../../../src/session/summary.ts";

export const MINUTE_MS = 60_000;
export const T0 = Date.UTC(2026, 0, 1);
const HEAD: Head = { project: "/p", host: "h", pid: 7 };
/** [event, what else its row has, what else its envelope knows] */
export type Short = readonly [event: string, row?: Partial<EventRow>, head?: Head];

/** The state after these events, a second apart; who is asked is a person, who has not answered yet. */
export function after(...events: readonly Short[]): Session {
  let session: Session | undefined;
  for (const [index, event] of events.entries()) session = step(session, event, index);
  assert.ok(session, "no session without an event");
  return learn(session, { kind: "asked", t: T0 + events.length * 1000 });
}

function step(before: Session | undefined, [event, row, head]: Short, index: number): Session {
  return next(before, { id: `e${index}`, t: T0 + index * 1000, seq: index + 1, event, ...row }, head);
}

/** The state after one more event. */
export function next(before: Session | undefined, row: Partial<EventRow> & { event: string }, head?: Head): Session {
  const whole = { id: "x", t: T0, session: "s", seq: (before?.maxSeq ?? 0) + 1, bytes: 1, ...row };
  return reduce(before, { kind: "event", row: whole, head: { ...HEAD, ...head } }).session;
}

export function learn(session: Session, fact: Fact): Session {
  return reduce(session, fact).session;
}

/** What is shown of it, at a time that does not matter. */
export function shown(session: Session): SessionSummary {
  return summaryOf(session, T0);
}

export const begun: readonly Short[] = [
  ["SessionStart", { kind: "startup" }],
  ["UserPromptSubmit", { text: "do it" }],
];
export const call = (id: string, more: Partial<EventRow> = {}): Short => [
  "PreToolUse",
  { call: id, tool: "Bash", ...more },
];
export const done = (id: string, more: Partial<EventRow> = {}): Short => [
  "PostToolUse",
  { call: id, tool: "Bash", ...more },
];
export const inAgent: Partial<EventRow> = { agent: "a1" };
export const background: readonly Short[] = [
  ...begun,
  call("1", { tool: "Agent" }),
  ["SubagentStart", inAgent],
  done("1", { tool: "Agent", child: "a1", background: true }),
];
