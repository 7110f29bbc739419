// What the model of a session consists of, besides its columns.

import type { CallOutcome } from "../../session/transition.ts";

export const MAIN = 0;
/** How a call, a turn or a subagent stands, as a number for the columns. */
export const OPEN = 0;
export const DONE = 1;
export const FAILED = 2;
export const DENIED = 3;
export const INTERRUPTED = 4;
export const LAUNCHED = 5;
export const STATUS_NAMES = ["running", "done", "failed", "denied", "interrupted", "in the background"] as const;

export const STATUS_OF: Readonly<Record<CallOutcome, number>> = {
  done: DONE,
  failed: FAILED,
  denied: DENIED,
  interrupted: INTERRUPTED,
  launched: LAUNCHED,
};

export interface Lane {
  readonly index: number;
  /** agent_id; "" for the main agent. */
  readonly id: string;
  type: string;
  /** What its parent called the work. */
  title: string;
  parent: number;
  start: number;
  /** NaN while it runs. */
  end: number;
  status: number;
  /** Most calls at the same time: how many levels the lane needs. */
  levels: number;
}

export interface Turn {
  readonly number: number;
  readonly row: number;
  readonly start: number;
  end: number;
  status: number;
  /** "" where it was not seen. */
  readonly prompt: string;
  /** prompt_id, "" where there is none. */
  readonly promptId: string;
}

export type SpanKind = "permission" | "question" | "compaction";
export interface Span {
  readonly kind: SpanKind;
  readonly lane: number;
  readonly row: number;
  readonly start: number;
  end: number;
  /** The bar it belongs to, -1 for none. */
  readonly bar: number;
}

export interface Gap {
  readonly row: number;
  readonly t: number;
  readonly missing: number;
}
