// What is to be removed for good, and what was.

import * as z from "zod/mini";

/** What the monitor has removed, or would. */
export const Forgotten = z.looseObject({
  events: z.int(),
  sessions: z.int(),
  /** Answers of models, with what they took. */
  answers: z.int(),
  dryRun: z.boolean(),
});
export type Forgotten = z.infer<typeof Forgotten>;

/** The session of the events by which the installer and the doctor check the whole path: shown nowhere, removed once it has arrived. */
export const CHECK_SESSION = "mpm-check";
