// How a consumer of the store is: a forwarder, alerts, an export. Each reads all events in order, at its own pace, and
// what it has not passed on waits for it.

import * as z from "zod/mini";
import { ContentLevel } from "./content-level.ts";
import { ReasonField } from "./reasons.ts";

export const ConsumerStatus = z.looseObject({
  /** As it is called in the store: otlp, alerts, team. */
  name: z.string(),
  /** The cursor up to which all is passed on. */
  n: z.int(),
  /** Events that it has not passed on. */
  waiting: z.int(),
  /** Events that were removed before it had read them: losses. */
  missed: z.int(),
  /** What it has passed on since the monitor started, in its own units. */
  delivered: z.int(),
  /** What the other side refused for good since then: losses. */
  refused: z.int(),
  /** Of a forwarder: times that the other side refused for good what no event says of a session. */
  refusedFacts: z.exactOptional(z.int()),
  /** Of a forwarder to a team: what of an event may leave this machine, by what is set for it. */
  content: z.exactOptional(ContentLevel),
  /** ms since 1970 of the last success. */
  deliveredAt: z.exactOptional(z.number()),
  /** Why nothing is passed on now, in a sentence, and the same as a value; absent while it works. */
  trouble: z.exactOptional(z.string()),
  reason: z.exactOptional(ReasonField),
});
export type ConsumerStatus = z.infer<typeof ConsumerStatus>;
