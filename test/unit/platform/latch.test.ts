// The wake-up for one who waits.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Latch } from "../../../src/platform/latch.ts";

test("set before the wait, it ends that at once, and is used up by it", async () => {
  const latch = new Latch();
  latch.set();
  latch.set();
  await latch.wait();
  let woken = false;
  const second = latch.wait().then(() => {
    woken = true;
  });
  await turn();
  assert.equal(woken, false);
  latch.set();
  await second;
});

test("a wait ends when its time is over", async () => {
  const begun = performance.now();
  await new Latch().wait(30);
  assert.ok(performance.now() - begun >= 28);
});
