// Who is not watched does not hurry: what the monitor tells its relays, and what comes of it from hook to page.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { io, type Socket } from "socket.io-client";
import { UNWATCHED_GATHER_MS, WATCHED_GATHER_MS } from "../../../src/contract/pace.ts";
import { dist, HOOK, NODE, run, start, until } from "../../world.ts";
import { type RunningMonitor, runMonitor } from "../trust/monitor.ts";

function client(t: TestContext, monitor: RunningMonitor, namespace: string): Socket {
  const socket = io(monitor.url + namespace, {
    auth: { token: monitor.token() },
    transports: ["websocket"],
    reconnection: false,
    forceNew: true,
  });
  t.after(() => socket.close());
  return socket;
}

test("a relay is told the pace as it connects, when the first watcher comes, and when the last one goes", async (t) => {
  const monitor = await runMonitor(t);
  const told: number[] = [];
  client(t, monitor, "/").on("pace", ({ gatherMs }: { gatherMs: number }) => told.push(gatherMs));
  await until(() => told.length === 1, 10_000, "the pace at first");
  const watchers = [client(t, monitor, "/live"), client(t, monitor, "/live")];
  await until(() => told.length === 2, 10_000, "the pace with somebody watching");
  await until(() => watchers.every(({ connected }) => connected), 10_000, "both watchers");
  watchers[0]?.close();
  await sleep(100); // time in which it would be told of a pace that has not changed
  assert.equal(told.length, 2);
  watchers[1]?.close();
  await until(() => told.length === 3, 10_000, "the pace with nobody watching");
  assert.deepEqual(told, [UNWATCHED_GATHER_MS, WATCHED_GATHER_MS, UNWATCHED_GATHER_MS]);
});

test("unwatched, an event is in the store about a second after its hook's exit; watched, it is there at once", async (t) => {
  const monitor = await runMonitor(t);
  const { env, home } = monitor;
  start(t, NODE, [dist("relay.js")], env);
  await until(() => existsSync(join(home, "relay.alive")), 10_000, "the relay");
  const arrival = async (session: string): Promise<number> => {
    await run(HOOK, ["Stop"], { env, input: `{"hook_event_name":"Stop","session_id":"${session}"}\n` });
    const left = performance.now();
    await until(
      async () => (await (await monitor.ask(`/api/events?session=${session}`)).text()).includes(`"${session}"`),
      10_000,
      session,
    );
    return performance.now() - left;
  };
  await arrival("connects");
  await arrival("unwatched");
  const watcher = client(t, monitor, "/live");
  await new Promise<void>((resolve) => watcher.once("connect", () => resolve()));
  const hurries = Promise.withResolvers<void>();
  client(t, monitor, "/").on("pace", ({ gatherMs }: { gatherMs: number }) => {
    if (gatherMs === WATCHED_GATHER_MS) hurries.resolve(); // and so the relay is told
  });
  await hurries.promise;
  const times: number[] = [];
  for (let index = 0; index < 5; index++) times.push(await arrival(`watched-${index}`));
  assert.ok(Math.min(...times) < UNWATCHED_GATHER_MS / 2, `${times.map(Math.round).join(", ")} ms`);
});
