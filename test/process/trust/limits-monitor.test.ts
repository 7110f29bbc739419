// Every limit of the monitor: at its edge it answers, just past it it refuses in words, is alive, and has counted.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pino } from "pino";
import { io, type Socket } from "socket.io-client";
import { loadConfig } from "../../../src/config/config.ts";
import { MAX_BODY_BYTES, MAX_ITEMS } from "../../../src/monitor/body.ts";
import { BURST, RATE } from "../../../src/monitor/rate.ts";
import { startMonitor } from "../../../src/monitor/server.ts";
import { mpm, tempDir, tempWorld, until } from "../../world.ts";
import { envelope, type RunningMonitor, runMonitor, tokenIn } from "./monitor.ts";

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

const post = (monitor: RunningMonitor, body: string) =>
  monitor.ask("/api/events", { method: "POST", headers: { "content-type": "application/json" }, body });

async function connected(monitor: RunningMonitor): Promise<Socket> {
  const socket = io(monitor.url, {
    auth: { token: monitor.token() },
    reconnection: false,
    transports: ["websocket"],
    forceNew: true,
  });
  await until(() => socket.connected, 10_000, "the connection");
  return socket;
}

test("a body of eight megabytes is read, one byte more is refused; ten thousand events are taken, one more is not", async (t) => {
  const monitor = await runMonitor(t);
  const padded = (size: number) => `${JSON.stringify(envelope(1))}${" ".repeat(size)}`.slice(0, size);
  assert.equal((await post(monitor, padded(MAX_BODY_BYTES))).status, 200);
  const past = await post(monitor, padded(MAX_BODY_BYTES + 1)).catch((error: Error) => error);
  if (!(past instanceof Error)) assert.equal(past.status, 413);
  assert.equal((await post(monitor, JSON.stringify(Array(MAX_ITEMS).fill(0)))).status, 200);
  const many = await post(monitor, JSON.stringify(Array(MAX_ITEMS + 1).fill(0)));
  assert.equal(many.status, 413);
  assert.match(await many.text(), /10000 events/);
  assert.equal((await monitor.health()).events, 1);
});

test("six megabytes of empty objects by POST take at most eight times their size, and the status says that they are too many", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(envelope(1));
  const memory = (of: "VmRSS" | "VmHWM") =>
    Number(new RegExp(`^${of}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${monitor.pid}/status`, "utf8"))?.[1]) * 1024;
  const objects = "{},".repeat(2_000_000);
  const bodies = {
    list: `[${objects}{}]`,
    event: JSON.stringify(envelope(2, { x: [] })).replace("[]", `[${objects}{}]`),
  };
  const before = memory("VmRSS");
  assert.equal((await post(monitor, bodies.list)).status, 413);
  assert.equal((await post(monitor, bodies.event)).status, 200);
  const grown = memory("VmHWM") - before;
  assert.ok(grown <= 8 * bodies.list.length, `${(grown / bodies.list.length).toFixed(1)} times`);
});

test("a page of a thousand is given, of more is refused, by name and number", async (t) => {
  const monitor = await runMonitor(t);
  for (const [query, status] of [
    ["limit=1000", 200],
    ["limit=1001", 400],
    ["limit=1", 200],
    ["limit=0", 400],
    [`q=${"x".repeat(1000)}`, 200],
    [`q=${"x".repeat(1001)}`, 400],
    [`session=${"x".repeat(256)}`, 200],
    [`session=${"x".repeat(257)}`, 400],
  ] as const)
    assert.equal((await monitor.ask(`/api/events?${query}`)).status, status, query.slice(0, 20));
});

test("a thousand requests may come at once and five hundred a second after that; one more is asked to wait", async (t) => {
  const config = loadConfig({ MPM_HOME: join(tempDir(t), "home") }, "");
  let now = Date.now();
  const log = pino({ level: "silent" });
  const started = await startMonitor({
    config,
    log,
    host: "127.0.0.1",
    port: 0,
    allowRemote: false,
    autostarted: false,
    env: {},
    now: () => now,
  });
  assert.ok(started.ok);
  const monitor = started.value;
  t.after(() => monitor.close());
  const headers = { authorization: `Bearer ${tokenIn(config.paths)}` };
  const ask = async () => (await fetch(`${monitor.url}/api/stats`, { headers })).status;
  for (let n = 0; n < BURST; n++) assert.equal(await ask(), 200);
  assert.equal(await ask(), 429);
  now += 1000 / RATE;
  assert.equal(await ask(), 200);
  assert.equal(await ask(), 429);
});

test("a message of two megabytes is taken; a larger one ends its connection, and nothing else", async (t) => {
  const monitor = await runMonitor(t);
  const [good, bad] = [await connected(monitor), await connected(monitor)];
  t.after(() => [good, bad].map((socket) => socket.close()));
  const send = (socket: Socket, seq: number, size: number) =>
    socket.timeout(10_000).emitWithAck("claude_event", envelope(seq, { pad: "x".repeat(size) })) as Promise<unknown>;
  assert.deepEqual(await send(good, 1, 2 * MIB - 2000), {
    ok: true,
    status: "stored",
    service: "mpm-monitor",
    window: 512,
    batch: 256,
  });
  await assert.rejects(send(bad, 2, 2 * MIB));
  assert.equal(bad.connected, false);
  assert.equal(good.connected, true);
  assert.equal((await monitor.health()).events, 1);
});

test("relays of machines that have one name are all shown, up to fifty", async (t) => {
  const monitor = await runMonitor(t);
  const socket = await connected(monitor);
  t.after(() => socket.close());
  const relay = {
    pid: 1,
    version: "1",
    startedAt: 0,
    updatedAt: 0,
    url: "u",
    connected: true,
    spool: { pending: 0, bytes: 0, oldestAt: null },
  };
  const counters = { received: 0, forwarded: 0, repeated: 0, rejected: 0, cut: 0, dropped: 0 };
  const shown = async () => ((await monitor.health())["relays"] as unknown[]).length;
  for (const machine of ["one", "two", "two"])
    socket.emit("relay_status", { ...relay, host: "mac", machine, counters });
  await until(async () => (await shown()) === 2);
  for (let n = 0; n < 60; n++) socket.emit("relay_status", { ...relay, host: `h${n}`, counters });
  await until(async () => (await shown()) === 50);
  assert.equal(await shown(), 50);
});

test("a store within its limits keeps all; past size or age the oldest go, counted, and the status says how many", async (t) => {
  const world = tempWorld(t);
  const monitor = await runMonitor(t, { world, config: { monitor: { retentionMs: 366 * DAY_MS } } });
  const pad = "x".repeat(10_000);
  const old = envelope(1, { session: "old" });
  const year = new Date(Date.now() - 365 * DAY_MS).toISOString();
  await monitor.store({ ...old, timestamp: year });
  for (let batch = 0; batch < 5; batch++)
    await monitor.store(...Array.from({ length: 100 }, (_, index) => envelope(batch * 100 + index + 1, { pad })));
  await monitor.kill("SIGTERM");

  const kept = await runMonitor(t, { world, config: { monitor: { retentionMs: 366 * DAY_MS } } });
  assert.equal((await kept.health()).events, 501);
  await kept.kill("SIGTERM");
  const aged = await runMonitor(t, { world, config: { monitor: { retentionMs: 364 * DAY_MS } } });
  await until(async () => (await aged.health()).events === 500, 20_000, "the end of what is too old");
  await aged.kill("SIGTERM");
  const small = await runMonitor(t, { world, config: { monitor: { maxBytes: 2 * MIB } } });
  await until(
    async () => ((await small.health())["bytes"] as number) <= 2 * MIB,
    20_000,
    "the end of what is too much",
  );
  const told = JSON.parse((await mpm(["status", "--json"], { env: world.env })).stdout) as {
    monitor: { removed: number; gaps: number };
  };
  assert.ok(told.monitor.removed > 0, JSON.stringify(told.monitor));
  assert.ok((await small.health()).events > 50, "no more than is needed");
  assert.equal((await small.ask("/api/events/s-500")).status, 200, "the newest stay");
});
