// What tools put out every day: hardly a secret leaks, and hardly anything is taken for one. Others are drawn every time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createRedactor } from "../../../src/event/redact.ts";
import { benign } from "./benign.ts";
import { daily } from "./daily.ts";

const ROUNDS = 10;
const MAX_LEAKING = 0.02;
const MAX_FALSE = 0.005;
const { redactor } = createRedactor({ enabled: true, patterns: [], budgetMs: Number.POSITIVE_INFINITY });
const first = Date.now() % 2 ** 31;
const seeds = Array.from({ length: ROUNDS }, (_, index) => first + index);

test("of outputs with secrets at most one in fifty leaks one", () => {
  const cases = seeds.flatMap(daily);
  assert.ok(cases.length >= 100 * ROUNDS);
  for (const { name, secrets } of cases) assert.ok(secrets.length > 0, name);
  const leaking = cases.filter(({ text, secrets }) => {
    const seen = redactor.redact({ stdout: text }).value.stdout;
    return secrets.some((secret) => seen.includes(secret));
  });
  const names = [...new Set(leaking.map(({ name }) => name))].join(", ");
  assert.ok(
    leaking.length <= MAX_LEAKING * cases.length,
    `seed ${first}: ${leaking.length} of ${cases.length}: ${names}`,
  );
});

test("of outputs without secrets at most one in two hundred is changed", () => {
  const texts = seeds.flatMap(benign);
  const changed = texts.filter((text) => redactor.redact({ stdout: text }).value.stdout !== text);
  const named = changed.map((text) => text.slice(0, 80)).join(" | ");
  assert.ok(
    changed.length <= MAX_FALSE * texts.length,
    `seed ${first}: ${changed.length} of ${texts.length}: ${named}`,
  );
});
