// What answers cost: each by the price of its model on its day, then summed for sessions, days, projects and models.
// - A model without a price is named, and its tokens are in no sum.

import type { CostStatistics, Statistics, TokenStatistics } from "../contract/statistics.ts";
import type { Turn } from "../contract/turn.ts";
import type { Prices } from "../prices/prices.ts";
import type { Counted, Store, UsedAnswer } from "../store/port.ts";
import { turnsAt } from "../store/turns.ts";

/** Statistics with what the answers of the same span cost. */
export async function priced(
  counted: Counted,
  answers: AsyncIterable<readonly UsedAnswer[]>,
  prices: Prices,
): Promise<Statistics> {
  const bill = new Bill(prices);
  for await (const portion of answers) for (const answer of portion) bill.add(answer);
  return { ...counted, tokens: counted.tokens.map((tokens) => bill.withCost(tokens)), cost: bill.statistics() };
}

/** Turns of a session with what the answers that fell into each cost, as far as they came before `until`, ms since 1970. */
export async function pricedTurns(
  { store, prices, until }: { readonly store: Store; readonly prices: Prices; readonly until: number },
  session: string,
  turns: readonly Turn[],
): Promise<Turn[]> {
  const costs = new Map<number, number>();
  const turnAt = turnsAt(turns);
  const first = turns[0];
  const since = first && first.number > 1 ? first.startedAt : 0; // of earlier turns, it is none of these
  for await (const portion of store.answers({ session, since, until }))
    for (const { t, model, tokens } of portion) {
      const turn = turnAt(t);
      const cost = prices.cost(model, tokens, t);
      if (turn && cost !== undefined) costs.set(turn.number, (costs.get(turn.number) ?? 0) + cost);
    }
  return turns.map((turn) => {
    const cost = costs.get(turn.number);
    return cost === undefined ? turn : { ...turn, cost };
  });
}

/** US dollars of the answers of a span; those without a price cost nothing here. Times are ms since 1970. */
export async function costBetween(store: Store, prices: Prices, since: number, until: number): Promise<number> {
  let sum = 0;
  for await (const answers of store.answers({ since, until }))
    for (const { model, tokens, t } of answers) sum += prices.cost(model, tokens, t) ?? 0;
  return sum;
}

/** Sums of costs while answers are added. */
class Bill {
  readonly #prices: Prices;
  readonly #days = new Map<string, Map<string, number>>();
  readonly #projects = new Map<string, number>();
  readonly #models = new Map<string, number>();
  readonly #sessions = new Map<string, number>();
  readonly #unpriced = new Set<string>();
  #total = 0;

  constructor(prices: Prices) {
    this.#prices = prices;
  }

  add({ model, session, project, tokens, t }: UsedAnswer): void {
    const cost = this.#prices.cost(model, tokens, t);
    if (cost === undefined) {
      this.#unpriced.add(model);
      return;
    }
    this.#total += cost;
    const day = localDay(t);
    const models = this.#days.get(day) ?? new Map<string, number>();
    this.#days.set(day, increase(models, model, cost));
    increase(this.#projects, project, cost);
    increase(this.#models, model, cost);
    increase(this.#sessions, keyOf(session, model), cost);
  }

  withCost(tokens: TokenStatistics): TokenStatistics {
    const cost = this.#sessions.get(keyOf(tokens.session, tokens.model));
    return cost === undefined ? tokens : { ...tokens, cost };
  }

  statistics(): CostStatistics {
    return {
      total: this.#total,
      byDay: [...this.#days]
        .map(([day, models]) => ({ day, cost: sum(models.values()), models: Object.fromEntries(models) }))
        .sort((a, b) => a.day.localeCompare(b.day)),
      byProject: dearestFirst(this.#projects).map(([project, cost]) => ({ project, cost })),
      byModel: dearestFirst(this.#models).map(([model, cost]) => ({ model, cost })),
      unpriced: [...this.#unpriced].sort(),
      pricesOf: this.#prices.date,
    };
  }
}

const keyOf = (session: string, model: string) => `${session}\n${model}`;

function increase(sums: Map<string, number>, name: string, by: number): Map<string, number> {
  return sums.set(name, (sums.get(name) ?? 0) + by);
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

const dearestFirst = (sums: ReadonlyMap<string, number>) => [...sums].sort(([, a], [, b]) => b - a);

/** YYYY-MM-DD, in local time. */
function localDay(t: number): string {
  const at = new Date(t);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
