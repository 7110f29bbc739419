// A full spool and a full rejected/: the oldest go first, and are counted.

import assert from "node:assert/strict";
import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openLimits } from "../../../src/relay/limits.ts";
import { fill } from "./fill.ts";
import { relayParts, silent } from "./parts.ts";

function limited(t: TestContext, spoolMaxBytes: number, rejectedMaxBytes = 1_000_000) {
  const parts = relayParts(t);
  const { spool, rejected, sequence, outbound } = parts;
  const { sessionIn } = outbound;
  const limits = openLimits({ spool, rejected, sequence, sessionIn, log: silent, spoolMaxBytes, rejectedMaxBytes });
  return { ...parts, limits };
}

test("beyond its limit the spool loses its oldest entries, and they take their numbers with them", (t) => {
  const { home, paths, spool, sequence, outbound, limits } = limited(t, 5000);
  fill(home, 20, { payload: () => ({ pad: "x".repeat(400) }) });
  const sizes = spool.measure();
  limits.applyToSpool(sizes);
  const { dropped } = sequence.counters;
  assert.ok(dropped > 0);
  assert.equal(readdirSync(paths.spool).length, 20 - dropped);
  assert.ok(spool.measure().bytes <= 5000);
  assert.equal(outbound.next(1)?.[0]?.seq, dropped + 1);
});

test("a session whose id holds a credential is named as it is elsewhere, and shows the gap there", (t) => {
  const { home, spool, outbound, sequence, limits } = limited(t, 5000);
  const session_id = `run-ghp_${"a1B2c3D4e5F6".repeat(3)}`;
  fill(home, 20, { payload: () => ({ session_id, pad: "x".repeat(400) }) });
  limits.applyToSpool(spool.measure());
  const [next] = outbound.next(1) ?? [];
  assert.doesNotMatch(next?.session ?? "", /ghp_a1B2/);
  assert.equal(next?.seq, sequence.counters.dropped + 1);
});

test("one measurement is acted on once: what was dropped since is not in it", (t) => {
  const { home, spool, sequence, limits } = limited(t, 5000);
  fill(home, 20, { payload: () => ({ pad: "x".repeat(400) }) });
  const sizes = spool.measure();
  limits.applyToSpool(sizes);
  const { dropped } = sequence.counters;
  limits.applyToSpool(sizes);
  assert.equal(sequence.counters.dropped, dropped);
});

test("within its limit nothing is dropped", (t) => {
  const { home, paths, spool, sequence, limits } = limited(t, 1_000_000);
  fill(home, 20);
  limits.applyToSpool(spool.measure());
  assert.deepEqual([sequence.counters.dropped, readdirSync(paths.spool).length], [0, 20]);
});

test("beyond its limit rejected/ loses its oldest entries and their reasons, counted once each", (t) => {
  const { home, paths, spool, rejected, sequence, limits } = limited(t, 1_000_000, 1500);
  fill(home, 10);
  for (let index = 0; index < 10; index++) {
    const item = spool.next();
    assert.ok(item);
    spool.reject(item.name, { at: "", by: "server", reason: "no", why: { code: "refused", cause: "no" } });
    for (const name of [item.name, `${item.name}.reason.json`])
      utimesSync(join(paths.rejected, name), 1000 + index, 1000 + index);
  }
  const newest = rejected.names().sort().at(-1);
  limits.applyToRejected();
  const left = rejected.names();
  assert.ok(left.length > 0 && left.length < 10, `${left.length} left`);
  assert.ok(newest !== undefined && left.includes(newest));
  assert.equal(sequence.counters.discarded, 10 - left.length);
});
