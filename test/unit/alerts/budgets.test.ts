// Budgets: what is over one is found, also where the store was away when it was first looked for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { openBudgets } from "../../../src/alerts/budgets.ts";
import type { Rule } from "../../../src/alerts/setup.ts";
import type { SessionSummary } from "../../../src/contract/session.ts";
import { openPrices } from "../../../src/prices/prices.ts";
import { after, begun, shown, T0 } from "../session/shorts.ts";

const RULE: Rule = { when: "budget", per: "session", usd: 1, to: ["x"] };
const SPENT: SessionSummary = { ...shown(after(...begun)), cost: 2 };

test("a session over its budget is told although the store was away at the first look", async () => {
  let time = T0;
  let isAway = true;
  const store = {
    async *answers() {},
    async session() {
      if (isAway) throw new Error("the store is away");
      return SPENT;
    },
  };
  const budgets = openBudgets(store, openPrices({}), [RULE], () => time);
  budgets.changed([SPENT.id]);
  await assert.rejects(budgets.look(), /away/);
  isAway = false;
  time += 60_000;
  assert.deepEqual(
    (await budgets.look()).map(({ alert }) => alert.session),
    [SPENT.id],
  );
  time += 60_000;
  assert.deepEqual(await budgets.look(), [], "nothing has changed since");
});
