// What the monitor says over the socket in its home: the health that who has the token is told, as one line of JSON. Here
// stands as much of it as `mpm status` shows, so that it starts quickly.

import * as z from "zod/mini";
import { ConsumerStatus } from "./consumer.ts";
import { IngestCounters } from "./ingest-counters.ts";

export const HealthAtHome = z.looseObject({
  instance: z.string(),
  version: z.string(),
  events: z.number(),
  setAside: z.optional(z.string()),
  removed: z.number(),
  gaps: z.number(),
  counters: IngestCounters,
  consumers: z.optional(z.array(ConsumerStatus)),
});
export type HealthAtHome = z.infer<typeof HealthAtHome>;
