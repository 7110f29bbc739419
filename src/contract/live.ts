// The live stream: Socket.IO, namespace "/live". Rows come in the order of `n`, resumable by `n`.

import * as z from "zod/mini";
import { EventRow } from "./row.ts";
import { SessionSummary } from "./session.ts";

export const LIVE_NAMESPACE = "/live";

/** Client to monitor, `subscribe`: start after `n`; absent: from now. */
export const Subscribe = z.looseObject({ after: z.optional(z.int().check(z.minimum(0))) });
export type Subscribe = z.infer<typeof Subscribe>;

/** The acknowledgement of `subscribe`. */
export const Subscribed = z.looseObject({
  /** A cursor from which nothing is missed; of all that is stored, the newest row's. */
  n: z.int(),
  /** The cursor that was given is of a store whose place another has taken: all that this one has comes, from its first row. */
  anew: z.optional(z.boolean()),
});
export type Subscribed = z.infer<typeof Subscribed>;

/** Monitor to client, `rows`: what was committed, in order. A client that missed some subscribes again. */
export const LiveRows = z.looseObject({ rows: z.array(EventRow) });
export type LiveRows = z.infer<typeof LiveRows>;

/** Monitor to client, `sessions`: those that changed, and the ids of those that are there no more. */
export const LiveSessions = z.looseObject({
  sessions: z.array(SessionSummary),
  gone: z.optional(z.array(z.string())),
});
export type LiveSessions = z.infer<typeof LiveSessions>;
