// Events are made ready in batches that leave room for heartbeats and signals, whatever they hold.

import assert from "node:assert/strict";
import { test } from "node:test";
import { spentMs } from "../../../src/event/spent.ts";
import { tempDir } from "../../world.ts";
import { fill } from "./fill.ts";
import { relayParts } from "./parts.ts";

const SLOW_MS = 150;

test("what takes long to be made ready leaves the rest to the next batch, in order, each with its number", (t) => {
  const home = tempDir(t);
  const { spool, outbound } = relayParts(t, home, (event) => {
    for (const end = spentMs() + SLOW_MS; spentMs() < end; );
    return event;
  });
  fill(home, 5);
  const batches: number[][] = [];
  for (let batch = outbound.next(100); batch !== undefined; batch = outbound.next(100))
    batches.push(batch.map(({ seq }) => seq));
  assert.deepEqual(batches.flat(), [1, 2, 3, 4, 5]);
  assert.ok(
    batches.every(({ length }) => length >= 1 && length <= 2),
    JSON.stringify(batches),
  );
  assert.equal(spool.any(), false, "each was given once");
});
