// A relay whose spool is full of texts that are made to be slow to redact still hears when it is told to end.
// - By design, not by the clock: signals are heard between two batches, a batch ends after 0.2 s with the event that it is
//   at, and an event has a budget of 0.4 s (test/unit/event/redact.test.ts). So it is enough that no other batch is begun.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fill } from "../../unit/relay/fill.ts";
import { receiver } from "../../unit/relay/server.ts";
import { dist, NODE, start, tempWorld, until } from "../../world.ts";

/** What a monitor grants, so that a batch may hold several events. */
const GRANTED = { ok: true, status: "stored", service: "mpm-monitor", window: 512, batch: 32 };
const EVENTS = 60;
/** The slowest text that is known, as large as a batch may be with two of them. Characters. */
const SLOW = ".pass=".repeat(20_000);
/** Made ready before the signal is heard: what is on its way, and the batch that is being made. */
const BATCH = 3;
const FIRST = 3;

test("told to end among texts that are slow to redact, a relay ends with the batch that it is at, and keeps the others", async (t) => {
  const world = tempWorld(t);
  fill(world.mpmHome, EVENTS, { payload: () => ({ tool_response: { stdout: SLOW } }) });
  const server = await receiver(t, { answer: () => [GRANTED] });
  const relay = start(t, NODE, [dist("relay.js")], { ...world.env, MPM_SERVER_URL: server.url });
  await until(() => server.received.length >= FIRST, 60_000, "the first events");
  const before = server.received.length;
  relay.kill("SIGTERM");
  const [status] = await once(relay, "exit");
  assert.equal(status, 0);
  const after = server.received.length - before;
  assert.ok(after <= 2 * BATCH, `${after} more after the signal`);
  const left = readdirSync(join(world.mpmHome, "spool")).length;
  assert.ok(left >= EVENTS - server.received.length, `${left} left of ${EVENTS}, ${server.received.length} sent`);
  assert.ok(left >= EVENTS - before - 2 * BATCH);
});
