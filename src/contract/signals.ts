// Signs in a session that work goes in circles or takes long, each with the events that show it. They count, and judge
// nothing. Times are ms since 1970, durations ms.

import * as z from "zod/mini";

const shown = {
  /** Of the session, counted from 1; 0 where it is before any turn. */
  turn: z.int(),
  since: z.number(),
  until: z.number(),
  count: z.int(),
  /** Ids of the events that show it, in order: the first one and the newest. */
  evidence: z.array(z.string()),
};

export const Signal = z.discriminatedUnion("code", [
  /** The same call failed in the same way, `count` times in a row. */
  z.object({
    code: z.literal("repeated_failure"),
    ...shown,
    tool: z.string(),
    /** The command, or what else the call was about. */
    text: z.exactOptional(z.string()),
    /** Absent: the main agent. */
    agent: z.exactOptional(z.string()),
  }),
  /** A file was brought back to what it had been, `count` times. */
  z.object({ code: z.literal("back_and_forth"), ...shown, path: z.string() }),
  /** A turn took `ms` without the waits for a person, where `usualMs` is the middle of the `count` turns before it. */
  z.object({ code: z.literal("long_turn"), ...shown, ms: z.number(), usualMs: z.number() }),
]);
export type Signal = z.infer<typeof Signal>;
export type SignalOf<C extends Signal["code"]> = Extract<Signal, { code: C }>;
