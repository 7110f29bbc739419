// What a feed of /live makes of much at once: a client that reads slowly is sent what it takes and nothing piles up for it,
// and of thousands of sessions that change together each is told.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import type { Access } from "../../../src/monitor/access.ts";
import { wholeView } from "../../../src/monitor/feed.ts";
import { openLive } from "../../../src/monitor/live.ts";
import type { Change, Store } from "../../../src/store/port.ts";
import { until } from "../../world.ts";

const KIB = 1024;
const ROW_BYTES = 2 * KIB;
/** What the kernel takes of a page besides is not in this process. */
const BOUND_BYTES = 4 * 500 * ROW_BYTES;
const READS_EVERY_MS = 5;

const row = (n: number) => ({ n, session: "s", text: "x".repeat(ROW_BYTES) });

/** /live over a store with so many rows, and a client whose reading can be stopped. */
async function openFeed(t: TestContext, stored: number) {
  let newest = stored;
  let buffered = 0;
  let listener: ((change: Change) => void) | undefined;
  const look = () => {
    for (const { conn } of server.of("/live").sockets.values()) {
      const { socket } = conn.transport as unknown as { socket: { bufferedAmount: number } };
      const { writeBuffer } = conn as unknown as { writeBuffer: { data?: string }[] };
      const waiting = writeBuffer.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
      buffered = Math.max(buffered, socket.bufferedAmount + waiting);
    }
  };
  const store = {
    figures: async () => ({ newest }),
    rows: async (_: unknown, { after = 0, limit }: { after?: number; limit: number }) => {
      look();
      return Array.from({ length: Math.min(limit, Math.max(0, newest - after)) }, (_each, index) =>
        row(after + index + 1),
      );
    },
    sessions: async ({ ids, limit }: { ids: readonly string[]; limit: number }) => ({
      sessions: ids
        .filter((id) => !id.startsWith("gone"))
        .slice(-limit)
        .map((id) => ({ id })),
    }),
    subscribe: (given: (change: Change) => void) => {
      listener = given;
      return () => {};
    },
  } as unknown as Store;
  const access = { letConnect: async () => ({}), entrantOf: () => ({}) } as unknown as Access;
  const http = createServer();
  const server = new Server(http, { serveClient: false });
  const live = openLive(server, {
    access,
    viewOf: () => wholeView(store),
    health: async () => ({}) as never,
    told: (_entrant, health) => health as never,
    onWatch: async () => {},
    log: { warn: (problem: unknown) => assert.fail(String(problem)) } as never,
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const client = io(`http://127.0.0.1:${(http.address() as AddressInfo).port}/live`, { transports: ["websocket"] });
  t.after(async () => {
    client.close();
    live.close();
    await server.close();
  });
  const seen: number[] = [];
  client.on("rows", ({ rows }: { rows: { n: number }[] }) => seen.push(...rows.map(({ n }) => n)));
  await once(client as never, "connect");
  const { ws } = client.io.engine.transport as unknown as { ws: { _socket: Socket } };
  return {
    client,
    tcp: ws._socket,
    seen,
    buffered: () => buffered,
    /** Commits one row more. */
    commit() {
      newest++;
      listener?.({ rows: [row(newest)], sessions: [] } as unknown as Change);
      look();
    },
    /** Says that sessions changed, or are there no more. */
    change: (sessions: readonly string[]) => listener?.({ rows: [], sessions }),
  };
}

const count = (to: number) => Array.from({ length: to }, (_, index) => index + 1);

test("the whole history for a slow reader is never in memory at once", async (t) => {
  const total = 20_000;
  const { client, seen, tcp, buffered } = await openFeed(t, total);
  client.on("rows", () => {
    tcp.pause();
    setTimeout(() => tcp.resume(), READS_EVERY_MS);
  });
  assert.deepEqual(await client.emitWithAck("subscribe", { after: 0 }), { n: total });
  await until(() => seen.length >= total, 60_000, "all rows");
  assert.deepEqual(seen, count(total));
  assert.ok(buffered() < BOUND_BYTES, `${buffered()} bytes waited`);
});

test("what is committed while a client does not read waits in the store, and comes once, in order", async (t) => {
  const total = 8000;
  const { client, seen, tcp, buffered, commit } = await openFeed(t, 0);
  await client.emitWithAck("subscribe", {});
  tcp.pause();
  for (let at = 0; at < total; at++) {
    commit();
    if (at % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  tcp.resume();
  await until(() => seen.length >= total, 60_000, "all rows");
  assert.deepEqual(seen, count(total));
  assert.ok(buffered() < BOUND_BYTES, `${buffered()} bytes waited`);
});

test("of thousands of sessions that change at once each is told, and those alone are gone that are", async (t) => {
  const { client, change } = await openFeed(t, 0);
  const told: string[] = [];
  const missed: string[] = [];
  client.on("sessions", ({ sessions, gone = [] }: { sessions: { id: string }[]; gone?: string[] }) => {
    told.push(...sessions.map(({ id }) => id));
    missed.push(...gone);
  });
  await client.emitWithAck("subscribe", {});
  const named = (name: string, several: number) => count(several).map((n) => `${name}-${n}`);
  change([...named("one", 1200), ...named("gone", 900), ...named("two", 700)]);
  await until(() => told.length + missed.length >= 2800, 20_000, "all sessions");
  assert.deepEqual(told.sort(), [...named("one", 1200), ...named("two", 700)].sort());
  assert.deepEqual(missed.sort(), named("gone", 900).sort());
});
