// Sessions for tests, from as little of each event as the test is about.

import type { EventRow } from "../../src/contract/row.ts";
import type { Session } from "../../src/session/kept.ts";
import { advance } from "../../src/session/sessions.ts";

export const MINUTE_MS = 60_000;
export const T0 = Date.UTC(2026, 0, 1);
/** [event, what else its row has, what goes on after a Stop] */
export type Short = readonly [
  event: string,
  row?: Partial<EventRow>,
  going?: { backgroundTasks?: number; scheduled?: number },
];

/** The state after these events, a second apart. */
export function after(...events: readonly Short[]): Session {
  let session: Session | undefined;
  for (const [index, [event, row, going]] of events.entries())
    session = advance(
      session,
      { id: `e${index}`, t: T0 + index * 1000, session: "s", seq: index + 1, event, bytes: 1, ...row },
      { project: "/p", host: "h", pid: 7, ...going },
    );
  return session as Session;
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
