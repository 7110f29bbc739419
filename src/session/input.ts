// What a session's state is made from: events, and facts that other sources know. Times are ms since 1970.

import type { EventRow } from "../contract/row.ts";
import type { Asked, Shared } from "../contract/session.ts";

/** A row before the store has given it a cursor. */
export type Row = Omit<EventRow, "n">;

/** What an envelope knows besides the row. All of it may be missing: a page has rows only. */
export interface Head {
  readonly project?: string;
  /** The repository that the project belongs to. */
  readonly repository?: string;
  readonly cwd?: string;
  /** What the machine is called. */
  readonly host?: string;
  /** What the machine is. */
  readonly machine?: string;
  readonly pid?: number;
  /** The namespace that `pid` counts in. */
  readonly pidns?: string;
  readonly entrypoint?: string;
  /** What of its text is here, where that is not all of it. */
  readonly shared?: Shared;
  readonly model?: string;
  readonly title?: string;
  /** A UserPromptSubmit's prompt, as much of it as is to be kept; absent: the row's text. */
  readonly prompt?: string;
  /** last_assistant_message of a Stop; absent: the row's text. */
  readonly answer?: string;
  /** What a person is asked by this event, should it be a question. */
  readonly asked?: Asked;
  /** background_tasks of a Stop: what goes on after the turn. */
  readonly backgroundTasks?: number;
  /** The ids of those that are subagents; absent where the host does not list them. */
  readonly backgroundAgents?: readonly string[];
  /** session_crons of a Stop: prompts that come by themselves. */
  readonly scheduled?: number;
  /** Of the end of a call: what it did. */
  readonly deed?: Deed;
}

/** What a call did, as hashes: equal for what is equal. */
export interface Deed {
  /** Tool and input; absent where the event does not hold the input. */
  readonly what?: string;
  /** How it failed, without what differs by chance; absent where it did not fail. */
  readonly error?: string;
  /** The command, or what else it was about; as short as in a row. */
  readonly text?: string;
  /** What comes after it may find things changed. */
  readonly changes?: true;
  /** The change of a file: of its whole text, or of the part that the call names. */
  readonly edit?: { readonly path: string; readonly from: string; readonly to: string; readonly whole: boolean };
}

/** One event of the session, in the order of the store; a repeat has been left out. */
export interface EventInput {
  readonly kind: "event";
  readonly row: Row;
  readonly head: Head;
  /** Of a session's first event: how many before it the store had and has removed. */
  readonly forgotten?: number;
}

export type Fact =
  /** The transcript says that the user broke a turn off; its events may still be to come. */
  | { readonly kind: "interrupted"; readonly t: number; readonly prompt?: string }
  /** The session's process is gone. */
  | { readonly kind: "gone"; readonly t: number }
  /** Nobody but a person has answered for a while: who waits does wait for a person. `beside`: though a hook is at work still. */
  | { readonly kind: "asked"; readonly t: number; readonly beside?: true }
  /** Another hook is at work on these questions, by their ids, and may answer them. */
  | { readonly kind: "hooked"; readonly t: number; readonly waits: readonly number[] }
  /** Whoever was asked until then has answered. `call` names the one call that runs since; absent: all of them. */
  | { readonly kind: "answered"; readonly t: number; readonly call?: string }
  /** Nobody is asked: a rule or another hook has answered, or does. */
  | { readonly kind: "unasked"; readonly t: number }
  /** Claude Code says that it waits for a person, in its own words; no event has to say so. */
  | { readonly kind: "waiting"; readonly t: number; readonly text?: string }
  /** The branch that it works on. */
  | { readonly kind: "branch"; readonly t: number; readonly branch: string };

export type Interruption = Omit<Extract<Fact, { kind: "interrupted" }>, "kind">;

export type Input = EventInput | Fact;
