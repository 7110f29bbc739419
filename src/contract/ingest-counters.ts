// What the monitor counts since it started.

import * as z from "zod/mini";

export const IngestCounters = z.looseObject({
  stored: z.number(),
  repeated: z.number(),
  /** Refused for good: not an event. */
  refused: z.number(),
  /** Refused for now. */
  postponed: z.number(),
  commits: z.number(),
});
export type IngestCounters = z.infer<typeof IngestCounters>;
