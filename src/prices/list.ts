// The price list that comes with the product: list.json, made by `npm run prices`. US dollars for a million tokens.

import * as z from "zod/mini";
import given from "./list.json" with { type: "json" };

const Rates = z.object({
  input: z.optional(z.number()),
  output: z.optional(z.number()),
  cacheRead: z.optional(z.number()),
  /** Cache writes that live for five minutes, and those that live for an hour. */
  cacheWrite: z.optional(z.number()),
  cacheWriteHour: z.optional(z.number()),
});
export type Rates = z.infer<typeof Rates>;

const Match = z.union([
  z.strictObject({ equals: z.string() }),
  z.strictObject({ starts: z.string() }),
  z.strictObject({ contains: z.string() }),
  z.strictObject({ regex: z.string() }),
]);
export type Match = z.infer<typeof Match>;

const ListedPrice = z.extend(Rates, {
  /** The first day on which it holds, YYYY-MM-DD; absent: always before. */
  from: z.optional(z.string()),
  /** What holds instead for an answer whose input is larger than so many tokens. */
  long: z.optional(z.extend(Rates, { above: z.number() })),
});
export type ListedPrice = z.infer<typeof ListedPrice>;

const ListedModel = z.object({ id: z.string(), match: z.array(Match), prices: z.array(ListedPrice) });
export type ListedModel = z.infer<typeof ListedModel>;

export const LIST = z.object({ source: z.string(), date: z.string(), models: z.array(ListedModel) }).parse(given);
