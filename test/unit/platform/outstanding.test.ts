import assert from "node:assert/strict";
import { test } from "node:test";
import { Outstanding } from "../../../src/platform/outstanding.ts";

/** What is outstanding, in its order, without settling it. */
async function left(outstanding: Outstanding<string>): Promise<readonly string[]> {
  let seen: readonly string[] = [];
  await assert.rejects(
    outstanding.settle(async (things) => {
      seen = things;
      throw new Error("not now");
    }),
  );
  return seen;
}

test("what was settled is outstanding no longer, and the answer is the work's", async () => {
  const outstanding = new Outstanding<string>();
  outstanding.add(["a", "b", "a"]);
  assert.equal(await outstanding.settle(async (things) => things.join()), "a,b");
  assert.equal(outstanding.size, 0);
});

test("what could not be settled is outstanding still, before what came meanwhile", async () => {
  const outstanding = new Outstanding<string>();
  outstanding.add(["a", "b"]);
  const settling = outstanding.settle(async () => {
    outstanding.add(["c"]);
    throw new Error("the store is away");
  });
  await assert.rejects(settling, /the store is away/);
  assert.deepEqual(await left(outstanding), ["a", "b", "c"]);
});

test("what comes again while it is being settled is outstanding again", async () => {
  const outstanding = new Outstanding<string>();
  outstanding.add(["a", "b"]);
  await outstanding.settle(async () => outstanding.add(["b"]));
  assert.deepEqual(await left(outstanding), ["b"]);
});

test("no more than asked for are settled at once, the oldest first", async () => {
  const outstanding = new Outstanding<string>();
  outstanding.add(["a", "b", "c"]);
  assert.deepEqual(await outstanding.settle(async (things) => things, 2), ["a", "b"]);
  assert.deepEqual(await left(outstanding), ["c"]);
});
