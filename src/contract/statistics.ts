// What a span of time held: GET /api/stats. Times are ms since 1970, durations ms, cost US dollars.

import * as z from "zod/mini";
import { EventRow } from "./row.ts";

/** What a person is asked for. */
export const WAIT_KINDS = ["permission", "question", "plan", "elicitation", "notification"] as const;
export type WaitKind = (typeof WAIT_KINDS)[number];

export const ToolStatistics = z.object({
  tool: z.string(),
  calls: z.number(),
  failures: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  max: z.number(),
  /** Calls by duration: [0] below 1 ms, then a step for each half power of ten, up to an hour and more. */
  histogram: z.array(z.number()),
});
export type ToolStatistics = z.infer<typeof ToolStatistics>;

export const TokenStatistics = z.object({
  model: z.string(),
  session: z.string(),
  project: z.string(),
  input: z.number(),
  output: z.number(),
  cacheRead: z.number(),
  cacheWrite: z.number(),
  /** Absent where the model has no price. */
  cost: z.exactOptional(z.number()),
});
export type TokenStatistics = z.infer<typeof TokenStatistics>;

/** Cost by something that has a name; `cost` counts what has a price. */
const Share = <N extends string>(name: N) =>
  z.object({ [name]: z.string(), cost: z.number() } as { [K in N]: z.ZodMiniString } & { cost: z.ZodMiniNumber });

export const CostStatistics = z.object({
  total: z.number(),
  /** Local days, YYYY-MM-DD, each with its cost by model. */
  byDay: z.array(z.object({ day: z.string(), cost: z.number(), models: z.record(z.string(), z.number()) })),
  byProject: z.array(Share("project")),
  byModel: z.array(Share("model")),
  /** Models that have no price: their tokens cost something that is not in the total. */
  unpriced: z.array(z.string()),
  /** The day of the price list, YYYY-MM-DD. */
  pricesOf: z.exactOptional(z.string()),
});
export type CostStatistics = z.infer<typeof CostStatistics>;

export const Statistics = z.object({
  since: z.number(),
  until: z.number(),
  events: z.number(),
  sessions: z.number(),
  calls: z.number(),
  failures: z.number(),
  /** Most used first. */
  tools: z.array(ToolStatistics),
  slowest: z.array(EventRow),
  /** Time from a question to its answer, by kind and by what asked; what still waits is left out. */
  waits: z.array(
    z.object({
      kind: z.enum(WAIT_KINDS),
      /** A tool, or an MCP server; "" where the host does not say. */
      tool: z.string(),
      count: z.number(),
      total: z.number(),
      p50: z.number(),
    }),
  ),
  /** Equal steps of `step` ms from `from`, which a unit of the clock begins with; those without events too. */
  activity: z.object({
    from: z.number(),
    step: z.number(),
    events: z.array(z.number()),
    failures: z.array(z.number()),
  }),
  /** Most touched first. */
  files: z.array(z.object({ file: z.string(), reads: z.number(), edits: z.number() })),
  tokens: z.array(TokenStatistics),
  cost: z.exactOptional(CostStatistics),
});
export type Statistics = z.infer<typeof Statistics>;
