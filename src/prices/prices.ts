// What an answer of a model cost, in US dollars.
// - The user's own prices win over the list that comes with the product.
// - A model is found by its name without what clouds, gateways and hosts put around it: `us.anthropic.`, `-v1:0`, `@date`,
//   `[1m]`. A model without a price costs "unknown", never zero.
// - A price may depend on the day, and on how long the answer's input was.

import type { Tokens } from "../contract/session.ts";
import { LIST, type Match, type Rates } from "./list.ts";

/** A price of the user's: US dollars for a million tokens. */
export interface OwnPrice {
  readonly input: number;
  readonly output: number;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly cacheWriteHour?: number | undefined;
}

export interface Prices {
  /** The day of the list that comes with the product, YYYY-MM-DD. */
  readonly date: string;
  /** Changes with the list and the user's own prices. */
  readonly key: string;
  /** The cost of one answer, `at` ms since 1970; undefined where the model has no price. */
  cost(model: string, tokens: Tokens, at: number): number | undefined;
}

const MILLION = 1_000_000;
/** What a cache costs where only the price of input is known: Anthropic's own proportions. */
const CACHE_READ_SHARE = 0.1;
const CACHE_WRITE_SHARE = 1.25;
const CACHE_WRITE_HOUR_SHARE = 2;

export function openPrices(own: Readonly<Record<string, OwnPrice>>): Prices {
  const mine = new Map(Object.entries(own).map(([name, price]) => [plainName(name), price]));
  const found = new Map<string, ((tokens: Tokens, at: number) => Rates) | undefined>();
  const ratesOf = (model: string) => {
    if (!found.has(model)) found.set(model, lookUp(model, own, mine));
    return found.get(model);
  };
  return {
    date: LIST.date,
    key: `${LIST.date} ${JSON.stringify(own)}`,
    cost(model, tokens, at) {
      const rates = ratesOf(model)?.(tokens, at);
      return rates?.input === undefined || rates.output === undefined ? undefined : costAt(rates, tokens);
    },
  };
}

function lookUp(model: string, own: Readonly<Record<string, OwnPrice>>, mine: ReadonlyMap<string, OwnPrice>) {
  const name = plainName(model);
  const price = (Object.hasOwn(own, model) ? own[model] : undefined) ?? mine.get(name) ?? mine.get(withoutDate(name));
  if (price) return () => price;
  const names = [model.toLowerCase(), name];
  const listed = LIST.models.find(({ match }) => match.some((one) => names.some((each) => matches(one, each))));
  if (!listed) return undefined;
  return ({ input, cacheRead, cacheWrite }: Tokens, at: number): Rates => {
    const day = new Date(at).toISOString().slice(0, 10);
    const current = listed.prices.findLast(({ from }) => from === undefined || from <= day) ?? listed.prices[0] ?? {};
    return current.long && input + cacheRead + cacheWrite > current.long.above ? current.long : current;
  };
}

function costAt(rates: Rates, tokens: Tokens): number {
  const { input = 0, output = 0 } = rates;
  const cacheRead = rates.cacheRead ?? input * CACHE_READ_SHARE;
  const cacheWrite = rates.cacheWrite ?? input * CACHE_WRITE_SHARE;
  const cacheWriteHour = rates.cacheWriteHour ?? input * CACHE_WRITE_HOUR_SHARE;
  const hour = Math.min(tokens.cacheWriteHour ?? 0, tokens.cacheWrite);
  return (
    (tokens.input * input +
      tokens.output * output +
      tokens.cacheRead * cacheRead +
      (tokens.cacheWrite - hour) * cacheWrite +
      hour * cacheWriteHour) /
    MILLION
  );
}

/** The name that a price list knows: lower case, without cloud, gateway, version of the deployment and context size. */
export function plainName(model: string): string {
  return model
    .toLowerCase()
    .replace(/\[[^\]]*\]$/, "")
    .replace(/^.*\//, "")
    .replace(/^(?:[a-z]{2,6}(?:-[a-z]+)?\.)?anthropic\./, "")
    .replace(/(?:-v\d+)?:\d+$/, "")
    .replace(/-v\d+$/, "")
    .replace(/@(?=\d{8}$)/, "-")
    .replace(/[@-](?:latest|default)$/, "")
    .trim();
}

const withoutDate = (name: string) => name.replace(/-\d{8}$/, "");

function matches(match: Match, name: string): boolean {
  if ("equals" in match) return name === match.equals;
  if ("starts" in match) return name.startsWith(match.starts);
  if ("contains" in match) return name.includes(match.contains);
  return new RegExp(match.regex).test(name);
}
