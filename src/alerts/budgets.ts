// Budgets: what a day, a week or a session has cost so far, looked at when something was counted.

import type { Tokens } from "../contract/session.ts";
import { Outstanding } from "../platform/outstanding.ts";
import type { Prices } from "../prices/prices.ts";
import type { Store } from "../store/port.ts";
import { concerns, type Found, overBudget, type Spent } from "./rules.ts";
import type { Rule } from "./setup.ts";

/** Adding up a week takes a while, and much is counted: not more often than this. */
const EVERY_MS = 5000;
const DAY_MS = 86_400_000;

export interface Budgets {
  /** These sessions have changed. */
  changed(sessions: readonly string[]): void;
  /** What is over a budget now. */
  look(): Promise<Found[]>;
}

/** What budgets ask of the store. */
type Spending = Pick<Store, "answers" | "session">;

export function openBudgets(store: Spending, prices: Prices, rules: readonly Rule[], now: () => number): Budgets {
  const budgets = rules.filter(({ when }) => when === "budget");
  const changed = new Outstanding<string>();
  let isNew = true;
  let looked = Number.NEGATIVE_INFINITY;

  const ofPeriod = async (rule: Rule, since: number, period: string): Promise<Found[]> => {
    const { project } = rule;
    const spent = await sum(store, prices, { since, until: now(), ...(project === undefined ? {} : { project }) });
    return [overBudget(rule, period, spent, now()) ?? []].flat();
  };
  const ofSessions = async (rule: Rule, ids: readonly string[]): Promise<Found[]> => {
    const found: Found[] = [];
    for (const id of ids) {
      const session = await store.session(id);
      if (!session || !concerns(rule, session)) continue;
      const spent = { usd: session.cost ?? 0, tokens: session.tokens ? total(session.tokens) : 0 };
      found.push(...[overBudget(rule, id, spent, now(), session) ?? []].flat());
    }
    return found;
  };
  const overAll = async (ids: readonly string[]): Promise<Found[]> => {
    const today = startOfDay(now());
    const found: Found[] = [];
    for (const rule of budgets) {
      if (rule.per === "session") found.push(...(await ofSessions(rule, ids)));
      else if (rule.per === "week")
        found.push(...(await ofPeriod(rule, startOfWeek(today), dayOf(startOfWeek(today)))));
      else found.push(...(await ofPeriod(rule, today, dayOf(today))));
    }
    return found;
  };
  return {
    changed(sessions) {
      if (budgets.length === 0) return;
      isNew = true;
      changed.add(sessions);
    },
    async look() {
      if (budgets.length === 0 || !isNew || now() - looked < EVERY_MS) return [];
      looked = now();
      isNew = false;
      try {
        return await changed.settle(overAll);
      } catch (error) {
        isNew = true;
        throw error;
      }
    },
  };
}

const total = ({ input, output, cacheRead, cacheWrite }: Tokens): number => input + output + cacheRead + cacheWrite;

async function sum(store: Spending, prices: Prices, span: Parameters<Store["answers"]>[0]): Promise<Spent> {
  let [usd, tokens] = [0, 0];
  for await (const portion of store.answers(span))
    for (const answer of portion) {
      usd += prices.cost(answer.model, answer.tokens, answer.t) ?? 0;
      tokens += total(answer.tokens);
    }
  return { usd, tokens };
}

/** Local midnight, ms since 1970. */
function startOfDay(t: number): number {
  return new Date(t).setHours(0, 0, 0, 0);
}

/** Midnight of the week's Monday. */
function startOfWeek(day: number): number {
  const back = (new Date(day).getDay() + 6) % 7;
  return startOfDay(day - back * DAY_MS + DAY_MS / 2); // from noon: a day of 23 hours is a day
}

const dayOf = (t: number): string => {
  const at = new Date(t);
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
};
