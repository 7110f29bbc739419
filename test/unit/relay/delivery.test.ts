// One connection's work, against a server that answers as it is told to.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { deliver } from "../../../src/relay/delivery.ts";
import { connect } from "../../../src/relay/uplink.ts";
import { fill } from "./fill.ts";
import { relayParts, silent } from "./parts.ts";
import { type Behaviour, count, receiver, seqsBySession } from "./server.ts";

const OURS = { ok: true, status: "stored", service: "mpm-monitor", window: 512, batch: 32 };

/** Delivers until the spool is empty, or the connection has ended. */
async function delivery(t: TestContext, events: number, behaviour: Behaviour, prepare = (_spool: string) => {}) {
  const server = await receiver(t, behaviour);
  const parts = relayParts(t);
  prepare(parts.paths.spool);
  fill(parts.home, events, { sessions: 2 });
  const stop = new AbortController();
  stop.signal.addEventListener("abort", parts.wake.set);
  const connected = await connect({ url: server.url, token: undefined, local: false }, stop.signal);
  assert.ok(connected.ok);
  const { spool, outbound, sequence, wake } = parts;
  const onDrained = () => stop.abort();
  const end = await deliver(connected.value, {
    spool,
    outbound,
    sequence,
    log: silent,
    wake,
    stop: stop.signal,
    onDrained,
  });
  return { ...parts, server, end, left: () => readdirSync(parts.paths.spool).length };
}

test("a server that takes many events in one message gets few messages, in order", async (t) => {
  const { server, end, left, sequence } = await delivery(t, 400, { answer: () => [OURS] });
  assert.deepEqual(seqsBySession(server.received), { "s-0": count(200), "s-1": count(200) });
  assert.equal(server.messages[0], 1, "what it takes is not known before its first answer");
  assert.equal(Math.max(...server.messages), 32);
  assert.ok(server.messages.length <= 20, `${server.messages.length} messages for 400 events`);
  assert.deepEqual([end.delivered, left(), sequence.counters.forwarded], [400, 0, 400]);
});

test("entries that cannot be understood hold up none behind them, however many they are", async (t) => {
  const [broken, events] = [60, 10];
  const text = "x".repeat(10_000); // more in all than one batch may have
  const { end, left, sequence } = await delivery(t, events, { answer: () => [OURS] }, (spool) => {
    for (let n = 0; n < broken; n++)
      writeFileSync(join(spool, `0.01-${n + 1}`), `mpm1\0Stop\0\0\0\0\0\0no JSON ${text}\n\0mpm1 whole\n`);
  });
  assert.deepEqual([end.delivered, sequence.counters.rejected, left()], [events, broken, 0]);
});

test("a server that says nothing of it gets each event in a message of its own", async (t) => {
  const { server } = await delivery(t, 50, { answer: () => [{ ...OURS, batch: undefined }] });
  assert.deepEqual(new Set(server.messages), new Set([1]));
});

test("of one message each event has an answer of its own: stored, repeated, refused for good", async (t) => {
  const { sequence, rejected, left } = await delivery(t, 61, {
    answer: () => [OURS],
    outcome: ({ seq, session_id: session }) =>
      session === "s-0" && seq === 5
        ? { ok: false, permanent: true, reason: "number five" }
        : session === "s-0" && seq === 6
          ? "repeated"
          : "stored",
  });
  const { forwarded, repeated, rejected: refused } = sequence.counters;
  assert.deepEqual({ forwarded, repeated, refused }, { forwarded: 59, repeated: 1, refused: 1 });
  const [name, ...more] = rejected.names();
  assert.ok(name && more.length === 0);
  assert.match(readFileSync(join(rejected.dir, `${name}.reason.json`), "utf8"), /number five/);
  assert.equal(left(), 0);
});

test("what has to be sent again ends the delivery, and all after it stays, whatever the server says of that", async (t) => {
  const { end, left, server } = await delivery(t, 40, {
    answer: () => [OURS],
    outcome: ({ data }) => (data["index"] === 20 ? { ok: false, permanent: false, reason: "disk full" } : "stored"),
  });
  assert.equal(end.refused?.code, "refused");
  assert.equal(end.delivered, 20);
  assert.equal(left(), 20);
  assert.equal(new Set(server.received.map(({ id }) => id)).size, server.received.length);
});

test("an answer that says nothing of an event is no yes", async (t) => {
  const { end, left } = await delivery(t, 40, {
    answer: () => [OURS],
    outcome: ({ data }) => (data["index"] === 20 ? undefined : "stored"),
  });
  assert.deepEqual([end.refused?.code, left()], ["refused", 20]);
});

test("an event that was refused for good and cannot be moved keeps its number, and leaves no gap", async (t) => {
  const refuse: Behaviour = { answer: () => [{ ok: false, permanent: true, reason: "no" }] };
  const first = await delivery(t, 0, refuse);
  symlinkSync(join(first.home, "nowhere/at/all"), first.paths.rejected); // nothing can be moved there
  fill(first.home, 1);
  first.spool.refresh();
  const stop = new AbortController();
  const connected = await connect({ url: first.server.url, token: undefined, local: false }, stop.signal);
  assert.ok(connected.ok);
  const { spool, outbound, sequence, wake } = first;
  stop.signal.addEventListener("abort", wake.set);
  await deliver(connected.value, {
    spool,
    outbound,
    sequence,
    log: silent,
    wake,
    stop: stop.signal,
    onDrained: () => stop.abort(),
  });
  assert.equal(sequence.counters.rejected, 0);
  rmSync(first.paths.rejected);
  spool.refresh();
  assert.deepEqual(
    outbound.next(10)?.map(({ seq }) => seq),
    [1],
  );
});
