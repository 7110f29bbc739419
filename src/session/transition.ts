// What an input changed, one value a change, in the order in which it happened. Times are ms since 1970.
// - Every call that ends was opened before, and ends once; one that goes on is opened `again`, with the outcome that is
//   taken back by that.
// - A wait, a subagent, a turn and a compaction that ends was opened before. Replayed, transitions give the open sets.

import type { OpenSubagent, OpenWait, SessionState, StateReason, WaitReason } from "../contract/session.ts";

/**
 * done, failed: the tool ran. denied: it did not run, because a person, a rule or a hook said no, or the call was invalid.
 * interrupted: nobody will say how it ended. launched: it goes on in the background.
 */
export type CallOutcome = "done" | "failed" | "denied" | "interrupted" | "launched";

/**
 * answered: a person said yes, or chose. refused: a person said no. automatic: a rule or another hook was quicker than any
 * person, so that nobody waited. dropped: it ended without an answer.
 */
export type WaitOutcome = "answered" | "refused" | "automatic" | "dropped";

export type TurnOutcome = "done" | "failed" | "interrupted";

interface Call {
  /** tool_use_id */
  readonly call: string;
  readonly tool: string;
  /** Absent: the main agent. */
  readonly agent?: string;
}

export type Transition =
  | (Call & {
      readonly type: "callOpened";
      readonly t: number;
      readonly text?: string;
      readonly again?: CallOutcome;
      /** Only its end was seen: `t` is reckoned from the host's duration. */
      readonly unseen?: true;
    })
  | (Call & {
      readonly type: "callEnded";
      readonly t: number;
      readonly since: number;
      readonly outcome: CallOutcome;
      /** How long the tool ran, as the host says. */
      readonly ms?: number;
    })
  | { readonly type: "waitOpened"; readonly t: number; readonly wait: OpenWait }
  | { readonly type: "waitEnded"; readonly t: number; readonly wait: OpenWait; readonly outcome: WaitOutcome }
  | {
      readonly type: "turnStarted";
      readonly t: number;
      readonly number: number;
      readonly id?: string;
      readonly prompt: string;
      /** It had ended, and goes on. */
      readonly again?: true;
      /** Its prompt was not seen. */
      readonly unseen?: true;
    }
  | {
      readonly type: "turnEnded";
      readonly t: number;
      readonly number: number;
      readonly outcome: TurnOutcome;
      readonly answer?: string;
    }
  | { readonly type: "subagentStarted"; readonly t: number; readonly subagent: OpenSubagent; readonly again?: true }
  /** The call that started it, its parent, and whether it works in the background have become known. */
  | { readonly type: "subagentLinked"; readonly t: number; readonly subagent: OpenSubagent }
  | {
      readonly type: "subagentEnded";
      readonly t: number;
      readonly subagent: OpenSubagent;
      readonly outcome: "done" | "interrupted";
    }
  | { readonly type: "compactionStarted"; readonly t: number }
  | { readonly type: "compactionEnded"; readonly t: number; readonly since: number }
  | { readonly type: "interrupted"; readonly t: number; readonly tool?: string; readonly waitingFor?: WaitReason }
  | { readonly type: "lost"; readonly t: number }
  /** Numbers before this event's never came. */
  | { readonly type: "gap"; readonly t: number; readonly missing: number }
  | {
      readonly type: "stateChanged";
      readonly t: number;
      readonly from: SessionState | undefined;
      readonly to: SessionState;
      readonly reason?: StateReason;
    };

export type TransitionType = Transition["type"];
export type TransitionOf<T extends TransitionType> = Extract<Transition, { type: T }>;
