// monitor.json: where the running monitor of this home listens.

import * as z from "zod/mini";

export const MonitorAddress = z.looseObject({
  url: z.url(),
  pid: z.int().check(z.positive()),
  /** Random; the same as in GET /health, so that a reused pid or port is noticed. */
  instance: z.string(),
  version: z.string(),
  startedAt: z.number(),
  /** Machine and namespace that `pid` counts in; absent in what older monitors wrote. */
  host: z.optional(z.string()),
  machine: z.optional(z.string()),
  pidns: z.optional(z.string()),
});
export type MonitorAddress = z.infer<typeof MonitorAddress>;
