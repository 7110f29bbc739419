// What tokens cost, by the prices of the settings.

import type { Config } from "../config/config.ts";
import type { Statistics, TokenStatistics } from "../contract/statistics.ts";
import type { Counted } from "../store/port.ts";

/** Prices are for so many tokens. */
const MILLION = 1_000_000;

/** Statistics with the cost of tokens whose model has a price. */
export function priced(counted: Counted, prices: Config["prices"]): Statistics {
  return { ...counted, tokens: counted.tokens.map((tokens) => withCost(tokens, prices)) };
}

function withCost(tokens: TokenStatistics, prices: Config["prices"]): TokenStatistics {
  const price = prices[tokens.model];
  if (!price) return tokens;
  const { input, cacheRead = 0, cacheWrite = price.input } = price;
  const cost =
    (tokens.input * input +
      tokens.output * price.output +
      tokens.cacheRead * cacheRead +
      tokens.cacheWrite * cacheWrite) /
    MILLION;
  return { ...tokens, cost };
}
