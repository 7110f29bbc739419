// What a relay says of itself: in relay.json, and to the bundled monitor as `relay_status`.

import * as z from "zod/mini";
import { ReasonField } from "./reasons.ts";

/** What the relay counts since the home was made. */
export const COUNTERS = [
  ["received", "Events taken from the spool."],
  ["forwarded", "Events that the server has taken."],
  ["repeated", "Events that the server had already."],
  ["cut", "Events that were cut to fit."],
  ["rejected", "Events moved to rejected/."],
  ["dropped", "Events removed by the limit of the spool."],
  ["discarded", "Events removed by the limit of rejected/."],
] as const;
export type CounterName = (typeof COUNTERS)[number][0];

/** Losses, shown as such; `mpm replay` may bring back what was rejected. */
export const LOSSES: readonly CounterName[] = ["rejected", "dropped", "discarded"];

export const Counters = z.object({
  received: z.number(),
  forwarded: z.number(),
  repeated: z.number(),
  rejected: z.number(),
  cut: z.number(),
  dropped: z.number(),
  /** Absent in what older relays say. */
  discarded: z._default(z.number(), 0),
});
export type Counters = z.infer<typeof Counters>;

/** Events that did not get through; what rejected/ had no room for was rejected before, and is no second loss. */
export const lostOf = ({ dropped, rejected }: Counters): number => dropped + rejected;

/** Events that are gone for good. */
export const goneOf = ({ dropped, discarded }: Counters): number => dropped + discarded;

export const RelayStatus = z.looseObject({
  pid: z.int(),
  version: z.string(),
  /** The machine's name. */
  host: z.string(),
  /** What the machine is, whatever it is called; absent in what older relays say. */
  machine: z.optional(z.string()),
  /** The namespace that `pid` counts in. */
  pidns: z.optional(z.string()),
  /** Directory of the program that it runs, of the installed copy or a plugin's; absent in what older relays say. */
  program: z.optional(z.string()),
  /** Milliseconds since 1970, as all times here. */
  startedAt: z.number(),
  updatedAt: z.number(),
  /** Present once it has ended. */
  endedAt: z.optional(z.number()),
  url: z.string(),
  connected: z.boolean(),
  /** Why it is not connected, in a sentence; absent while connected. */
  trouble: z.optional(z.string()),
  /** The same as a value. */
  reason: z.optional(ReasonField),
  /** When the next attempt is made at the latest, while it waits for one. */
  retryAt: z.optional(z.number()),
  counters: Counters,
  spool: z.looseObject({ pending: z.number(), bytes: z.number(), oldestAt: z.nullable(z.number()) }),
});
export type RelayStatus = z.infer<typeof RelayStatus>;
