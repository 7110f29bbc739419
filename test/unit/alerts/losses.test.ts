// Losses of relays are told once, each relay's for itself.

import assert from "node:assert/strict";
import { test } from "node:test";
import { newLosses } from "../../../src/alerts/losses.ts";
import { lostOf } from "../../../src/contract/relay-status.ts";

const NONE = { received: 0, forwarded: 0, repeated: 0, cut: 0, rejected: 0, dropped: 0, discarded: 0 };

/** What is told after each look at what relays say. */
function told(...looks: readonly (readonly (readonly [string, number])[])[]): number[] {
  let kept: string | undefined;
  return looks.map((look) => {
    const losses = newLosses(kept, new Map(look));
    kept = losses.kept;
    return losses.count;
  });
}

test("what a relay has lost is told as it grows, and nothing of what it had lost before it was known", () => {
  assert.deepEqual(told([["a", 5]], [["a", 5]], [["a", 8]], [["a", 8]]), [0, 0, 3, 0]);
});

test("a relay that is not heard of for a while is told about what it lost meanwhile", () => {
  assert.deepEqual(told([["a", 5]], [], [["a", 6]]), [0, 0, 1]);
});

test("a relay that has gone, or begun to count anew, hides no losses of others, nor its own", () => {
  assert.deepEqual(told([["a", 500]], [["b", 0]], [["b", 2]]), [0, 0, 2]);
  assert.deepEqual(told([["a", 500]], [["a", 0]], [["a", 1]]), [0, 0, 1]);
});

test("what an older version has kept is no figure of any relay's", () => {
  assert.equal(newLosses("12", new Map([["a", 15]])).count, 0);
  assert.equal(newLosses("not JSON", new Map([["a", 15]])).count, 0);
});

test("an event that rejected/ had no room for is lost once", () => {
  assert.equal(lostOf({ ...NONE, rejected: 3, discarded: 2, dropped: 1 }), 4);
});
