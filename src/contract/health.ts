// GET /health.

import * as z from "zod/mini";
import { ConsumerStatus } from "./consumer.ts";
import { IngestCounters } from "./ingest-counters.ts";
import { ReasonField } from "./reasons.ts";
import { RelayStatus } from "./relay-status.ts";
import { SERVICE } from "./words.ts";

/** Whoever is asked for it at an address may be a stranger, and send without an end. */
export const MAX_HEALTH_BYTES = 1024 * 1024;

/** What anyone is told. */
const Public = {
  status: z.literal("healthy"),
  service: z.literal(SERVICE),
  version: z.string(),
  pid: z.int(),
  instance: z.string(),
};
export const Health = z.looseObject(Public);
export type Health = z.infer<typeof Health>;

/** What everybody who has entered is told besides. */
const Entered = {
  ...Public,
  startedAt: z.number(),
  now: z.number(),
  host: z.string(),
  retentionMs: z.number(),
  maxBytes: z.number(),
  /** Whether the installer has registered hooks; those of the plugin are not seen. */
  registered: z.optional(z.boolean()),
  /** The team whose monitor it is. */
  team: z.optional(z.looseObject({ name: z.string() })),
  relays: z.array(RelayStatus),
  /** Who else reads the events: exports, alerts, forwarders. */
  consumers: z.optional(z.array(ConsumerStatus)),
  /** Why the store cannot take events now, in a sentence. */
  trouble: z.optional(z.string()),
  /** The same as a value. */
  reason: z.optional(ReasonField),
  /** A damaged store that was set aside and is there still. */
  setAside: z.optional(z.string()),
};
/** What is of everybody's events: a member of a team, who sees their own, is not told. */
const Whole = {
  events: z.number(),
  /** The newest row's cursor: counts what was ever stored. */
  newest: z.number(),
  /** Events that wait for their commit. */
  waiting: z.number(),
  counters: IngestCounters,
  /** Numbers of sessions that never came. */
  gaps: z.number(),
  /** Size of the store. */
  bytes: z.number(),
  /** Events that the limits of age and size have removed since the start. */
  removed: z.number(),
  /** Open pages and tails. */
  clients: z.number(),
};
export const FullHealth = z.looseObject({ ...Entered, ...Whole });
export type FullHealth = z.infer<typeof FullHealth>;
/** As much of it as who asks may see. */
export const SeenHealth = z.extend(z.partial(z.looseObject(Whole)), Entered);
export type SeenHealth = z.infer<typeof SeenHealth>;
