// What the installed @pydantic/genai-prices says of Anthropic's models, in the form of src/prices/list.json.

import { calcPrice, type MatchLogic, type ModelPrice } from "@pydantic/genai-prices";
import type { ListedModel, ListedPrice, Match, Rates } from "../../../src/prices/list.ts";

const RATES = {
  input: "input_mtok",
  output: "output_mtok",
  cacheRead: "cache_read_mtok",
  cacheWrite: "cache_write_mtok",
  cacheWriteHour: "cache_write_1h_mtok",
} as const;

export function modelsOf(): ListedModel[] {
  const found = calcPrice({ input_tokens: 1 }, "claude-opus-4-5", { providerId: "anthropic" });
  if (!found) throw new Error("the package knows no model of Anthropic");
  return found.provider.models.map(({ id, match, prices }) => ({
    id,
    match: matchesOf(match),
    prices: (Array.isArray(prices) ? prices : [{ prices }]).map((entry) => ({
      ...("constraint" in entry && entry.constraint?.type === "start_date"
        ? { from: entry.constraint.start_date }
        : {}),
      ...priceOf(entry.prices),
    })),
  }));
}

function matchesOf(match: MatchLogic): Match[] {
  if ("or" in match) return match.or.flatMap(matchesOf);
  if ("equals" in match) return [{ equals: match.equals }];
  if ("starts_with" in match) return [{ starts: match.starts_with }];
  if ("contains" in match) return [{ contains: match.contains }];
  if ("regex" in match) return [{ regex: match.regex }];
  throw new Error(`a form of match that is not known: ${JSON.stringify(match)}`);
}

function priceOf(prices: ModelPrice): Omit<ListedPrice, "from"> {
  const base: Partial<Record<keyof Rates, number>> = {};
  const long: Partial<Record<keyof Rates, number>> = {};
  let above: number | undefined;
  for (const [name, key] of Object.entries(RATES) as [keyof Rates, string][]) {
    const price = prices[key];
    if (typeof price === "number") base[name] = price;
    if (typeof price !== "object") continue;
    base[name] = price.base;
    const [tier] = price.tiers;
    if (tier === undefined) continue;
    long[name] = tier.price;
    above = tier.start;
  }
  return { ...base, ...(above === undefined ? {} : { long: { above, ...long } }) };
}
