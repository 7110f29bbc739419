// /live: rows as they are committed, in order, none missed and none twice, also across breaks of the connection.

import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { io, type Socket } from "socket.io-client";
import type { EventRow } from "../../../src/contract/row.ts";
import type { SessionSummary } from "../../../src/contract/session.ts";
import { tempWorld, until } from "../../world.ts";
import { envelope, type RunningMonitor, runMonitor } from "../trust/monitor.ts";

interface Follower {
  readonly rows: EventRow[];
  readonly socket: Socket;
  /** Says from where; the answer is the newest cursor. */
  subscribe(wish?: unknown): Promise<{ n: number; anew?: boolean }>;
}

async function follow(t: TestContext, monitor: RunningMonitor, rows: EventRow[] = []): Promise<Follower> {
  const socket = io(`${monitor.url}/live`, {
    auth: { token: monitor.token() },
    transports: ["websocket"],
    reconnection: false,
    forceNew: true,
  });
  t.after(() => socket.close());
  socket.on("rows", (message: { rows: EventRow[] }) => rows.push(...message.rows));
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  return { rows, socket, subscribe: (wish) => socket.timeout(10_000).emitWithAck("subscribe", wish) };
}

const several = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => envelope(from + index));
const seqs = (rows: readonly EventRow[]) => rows.map(({ seq }) => seq);
const count = (to: number) => Array.from({ length: to }, (_, index) => index + 1);

test("a client that names no cursor gets what comes from now on, and is told where that is", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(...several(1, 5));
  const { rows, subscribe } = await follow(t, monitor);
  assert.deepEqual(await subscribe({}), { n: 5 });
  await monitor.store(...several(6, 8));
  await until(() => rows.length === 3);
  assert.deepEqual(rows.map(({ n, id, session, event, seq }) => [n, id, session, event, seq])[0], [
    6,
    "s-6",
    "s",
    "Stop",
    6,
  ]);
});

test("a client that was away gets all since its cursor, in order, while more is being stored", async (t) => {
  const monitor = await runMonitor(t);
  const total = 6000;
  for (let from = 1; from <= 3000; from += 500) await monitor.store(...several(from, from + 499));
  const storing = (async () => {
    for (let from = 3001; from <= total; from += 100) await monitor.store(...several(from, from + 99));
  })();
  const rows: EventRow[] = [];
  for (let breaks = 0; breaks < 6; breaks++) {
    const { subscribe, socket } = await follow(t, monitor, rows);
    await subscribe({ after: rows.at(-1)?.n ?? 0 });
    const wanted = rows.length + 700;
    await until(() => rows.length >= wanted || rows.length === total, 30_000, "rows");
    socket.close();
  }
  await storing;
  const { subscribe } = await follow(t, monitor, rows);
  await subscribe({ after: rows.at(-1)?.n ?? 0 });
  await until(() => rows.length >= total, 30_000, "the last rows");
  assert.deepEqual(seqs(rows), count(total));
  assert.deepEqual(
    rows.map(({ n }) => n),
    count(total),
  );
});

test("every follower gets the same, and one that has not subscribed gets no rows", async (t) => {
  const monitor = await runMonitor(t);
  const [first, second, silent] = [await follow(t, monitor), await follow(t, monitor), await follow(t, monitor)];
  await first.subscribe({ after: 0 });
  await second.subscribe({});
  await monitor.store(...several(1, 50));
  await until(() => first.rows.length === 50 && second.rows.length === 50);
  assert.deepEqual(first.rows, second.rows);
  assert.equal(silent.rows.length, 0);
});

test("sessions are told as they change, and health while somebody looks", async (t) => {
  const monitor = await runMonitor(t);
  const { socket, subscribe } = await follow(t, monitor);
  const sessions: SessionSummary[] = [];
  let health: { events?: number } = {};
  socket.on("sessions", (message: { sessions: SessionSummary[] }) => sessions.push(...message.sessions));
  socket.on("health", (said: { events: number }) => {
    health = said;
  });
  await subscribe({});
  await monitor.store(envelope(1), envelope(1, { session: "other" }));
  await until(() => sessions.length >= 2 && health.events === 2);
  assert.deepEqual(sessions.map(({ id }) => id).sort(), ["other", "s"]);
});

test("a cursor of a store that was set aside: the client is told so, and given all of the new one", async (t) => {
  const world = tempWorld(t);
  const monitor = await runMonitor(t, { world });
  await monitor.store(...several(1, 50));
  await monitor.kill("SIGTERM");
  for (const end of ["-wal", "-shm"]) rmSync(join(world.mpmHome, `monitor.db${end}`), { force: true });
  writeFileSync(join(world.mpmHome, "monitor.db"), "no database ".repeat(1000));
  const next = await runMonitor(t, { world });
  await next.store(...several(51, 53));
  const { rows, subscribe } = await follow(t, next);
  assert.deepEqual(await subscribe({ after: 50 }), { n: 3, anew: true });
  await until(() => rows.length === 3);
  await next.store(...several(54, 54));
  await until(() => rows.length === 4);
  assert.deepEqual(seqs(rows), [51, 52, 53, 54]);
});

test("a repeat is no news, and what is no wish at all is taken as from now on", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(...several(1, 3));
  for (const wish of [undefined, null, 5, "x", [], { after: -1 }, { after: "1" }, { after: 1.5 }]) {
    const { subscribe, socket, rows } = await follow(t, monitor);
    assert.deepEqual(await subscribe(wish), { n: 3 });
    assert.deepEqual(rows, []);
    socket.close();
  }
  const { rows, subscribe } = await follow(t, monitor);
  await subscribe({});
  await monitor.store(...several(2, 4));
  await until(() => rows.length > 0);
  assert.deepEqual(seqs(rows), [4]);
});
