// What src/prices promises: a model finds its price by whatever name it goes, and one without a price is no zero.

import assert from "node:assert/strict";
import { test } from "node:test";
import { calcPrice } from "@pydantic/genai-prices";
import { LIST } from "../../../src/prices/list.ts";
import { openPrices, plainName } from "../../../src/prices/prices.ts";
import { modelsOf } from "./package.ts";

const AT = Date.UTC(2026, 10, 1);
const MILLION = 1_000_000;
const tokens = (more: Partial<Parameters<ReturnType<typeof openPrices>["cost"]>[1]>) => ({
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  ...more,
});

test("the list is that of the package that is installed; npm run prices makes it anew", () => {
  assert.deepEqual(LIST.models, modelsOf());
  assert.match(LIST.date, /^\d{4}-\d{2}-\d{2}$/);
});

for (const [name, plain] of [
  ["claude-opus-5-5", "claude-opus-5-5"],
  ["claude-opus-5-5-20260901", "claude-opus-5-5-20260901"],
  ["claude-opus-5-5[1m]", "claude-opus-5-5"],
  ["us.anthropic.claude-opus-5-5-v1:0", "claude-opus-5-5"],
  ["global.anthropic.claude-opus-5-5-20260901-v1:0", "claude-opus-5-5-20260901"],
  ["us-gov.anthropic.claude-opus-5-5-v2", "claude-opus-5-5"],
  ["anthropic.claude-opus-5-5", "claude-opus-5-5"],
  ["anthropic/claude-opus-5-5", "claude-opus-5-5"],
  ["openrouter/anthropic/claude-opus-5.5", "claude-opus-5.5"],
  ["vertex_ai/claude-opus-5-5@20260901", "claude-opus-5-5-20260901"],
  ["claude-opus-5-5@default", "claude-opus-5-5"],
  ["arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-5-5-v1:0", "claude-opus-5-5"],
] as const)
  test(`${name} is priced as ${plain}`, () => {
    assert.equal(plainName(name), plain);
    const prices = openPrices({});
    const cost = prices.cost(name, tokens({ input: 1000, output: 1000 }), AT);
    assert.ok(cost !== undefined && cost > 0);
    assert.equal(cost, prices.cost("claude-opus-5-5", tokens({ input: 1000, output: 1000 }), AT));
  });

test("every listed model costs what the package says, for short and for long inputs", () => {
  const prices = openPrices({});
  for (const { id } of LIST.models)
    for (const input of [1000, 150_000, 250_000]) {
      const usage = { input_tokens: input, output_tokens: 500 };
      const expected = calcPrice(usage, id, { providerId: "anthropic", timestamp: new Date(AT) })?.total_price;
      assert.ok(expected !== undefined, id);
      const cost = prices.cost(id, tokens({ input, output: 500 }), AT);
      assert.ok(cost !== undefined && Math.abs(cost - expected) < 1e-9, `${id} ${input}: ${cost} is not ${expected}`);
    }
});

test("cache writes cost by how long they live", () => {
  const prices = openPrices({ mine: { input: 5, output: 25 } });
  assert.equal(prices.cost("mine", tokens({ cacheWrite: MILLION }), AT), 6.25);
  assert.equal(prices.cost("mine", tokens({ cacheWrite: MILLION, cacheWriteHour: MILLION }), AT), 10);
});

test("the user's price wins, under the name as it is, without what surrounds it, and without its date", () => {
  for (const name of ["glm-4.6", "vendor/glm-4.6", "glm-4.6-20260901", "GLM-4.6[1m]"])
    assert.equal(
      openPrices({ "glm-4.6": { input: 1, output: 2 } }).cost(name, tokens({ input: MILLION }), AT),
      1,
      name,
    );
  assert.equal(
    openPrices({ "claude-opus-5-5": { input: 7, output: 2 } }).cost("claude-opus-5-5", tokens({ input: MILLION }), AT),
    7,
  );
});

for (const name of ["glm-4.6", "", "<synthetic>", "__proto__", "constructor"])
  test(`${JSON.stringify(name)} has no price`, () => {
    assert.equal(openPrices({}).cost(name, tokens({ input: MILLION }), AT), undefined);
  });
