// The bars of a plot: as wide as people count time, and beginning where a unit of the clock does.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { stepsOf } from "../../../src/store/steps.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

test("the steps of a span cover it, are 50 at most, and begin with a whole unit of this machine's clock", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 41 }), fc.integer({ min: 0, max: 800 * DAY_MS }), (since, ms) => {
      const { from, step, length } = stepsOf(since, since + ms);
      assert.ok(from <= since && from > since - step && from + length * step >= since + ms);
      assert.ok(length <= 50, `${length} steps`);
      const midnight = from - new Date(since).getTimezoneOffset() * MINUTE_MS;
      assert.equal(midnight % Math.min(step, DAY_MS), 0);
      assert.ok(
        DAY_MS % step === 0 || step % DAY_MS === 0,
        `${step / MINUTE_MS} minutes fit into a day, or are whole days`,
      );
    }),
    { seed: 2, numRuns: 500 },
  );
});

test("an hour has bars of 2 minutes, a day of half an hour, a week of 6 hours, a month of a day", () => {
  const widths = [1 / 24, 1, 7, 30].map((days) => stepsOf(0, days * DAY_MS + 900).step / MINUTE_MS);
  assert.deepEqual(widths, [2, 30, 360, 1440]);
});
