// A turn: from a prompt to the end of Claude's answer. Times are ms since 1970, durations ms.

import * as z from "zod/mini";
import { Tokens } from "./session.ts";

export const TURN_STATES = ["open", "done", "failed", "interrupted"] as const;

export const Turn = z.object({
  /** Counts the turns of a session from 1. */
  number: z.int(),
  /** prompt_id; absent where the host gave none. */
  id: z.exactOptional(z.string()),
  state: z.enum(TURN_STATES),
  prompt: z.string(),
  /** Claude's last words; absent while it works, and where nothing holds them. */
  answer: z.exactOptional(z.string()),
  startedAt: z.number(),
  endedAt: z.exactOptional(z.number()),
  /** How the time split: waiting for a person, running tools (overlaps once), and the rest, which the model took. */
  ms: z.object({ total: z.number(), model: z.number(), tools: z.number(), waiting: z.number() }),
  calls: z.number(),
  failed: z.number(),
  /** Calls that did not run: refused, or invalid. */
  denied: z.number(),
  /** The call that took longest, by tool_use_id. */
  slowest: z.exactOptional(z.object({ call: z.string(), tool: z.string(), ms: z.number() })),
  tokens: z.exactOptional(Tokens),
  cost: z.exactOptional(z.number()),
});
export type Turn = z.infer<typeof Turn>;
