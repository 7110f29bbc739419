// What a store keeps of a question that a person has answered, for statistics: each once, as it ends.
//
//     for (const wait of endedWaits(step.transitions)) keep(session.id, wait);      // id is unique within the session
//
// - What a rule or another hook answered was no wait, nor is the time until the next prompt.
// - Statistics count what was answered or refused, and leave out what was dropped.
// - A question that ended without an answer (its turn was broken off elsewhere, the process is gone) is kept with its
//   outcome: how long it was open is known, whether somebody looked at it is not.

import type { WaitReason } from "../contract/session.ts";
import type { WaitKind } from "../contract/statistics.ts";
import type { Transition, WaitOutcome } from "./transition.ts";

export interface EndedWait {
  /** Counts the questions of its session from 1. */
  readonly id: number;
  readonly kind: WaitKind;
  /** What asked: a tool, or an MCP server; "" where the host does not say. */
  readonly tool: string;
  /** ms since 1970 */
  readonly since: number;
  readonly until: number;
  readonly outcome: Exclude<WaitOutcome, "automatic">;
}

/** The questions that ended in a step of the reducer. */
export function endedWaits(transitions: readonly Transition[]): EndedWait[] {
  const ended: EndedWait[] = [];
  for (const transition of transitions) {
    if (transition.type !== "waitEnded") continue;
    const { wait, outcome, t } = transition;
    const asker = askerOf(wait.for);
    if (asker && outcome !== "automatic") ended.push({ id: wait.id, ...asker, since: wait.since, until: t, outcome });
  }
  return ended;
}

function askerOf(reason: WaitReason): Pick<EndedWait, "kind" | "tool"> | undefined {
  switch (reason.code) {
    case "permission":
      return { kind: "permission", tool: reason.tool ?? "" };
    case "question":
      return { kind: "question", tool: "AskUserQuestion" };
    case "plan":
      return { kind: "plan", tool: "ExitPlanMode" };
    case "elicitation":
      return { kind: "elicitation", tool: reason.server ?? "" };
    case "notification":
      return { kind: "notification", tool: "" };
    case "prompt":
      return undefined;
  }
}
