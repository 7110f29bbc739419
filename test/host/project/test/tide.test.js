import assert from "node:assert/strict";
import { test } from "node:test";
import { height } from "../src/tide.js";

test("it is high water at the offset", () => {
  assert.equal(height(1.4, 6.8, 1.4), 6.8);
});
