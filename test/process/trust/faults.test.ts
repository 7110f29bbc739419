// The matrix of parts and faults. MPM_TEST_FULL=1 lets each fault that is a state stand for a minute.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, type TestContext, test } from "node:test";
import { missing, notRoot } from "../../tools.ts";
import { dist, NODE, start, until } from "../../world.ts";
import { type Between, openProxy } from "./disk.ts";
import { inHome, proxies } from "./faults/cell.ts";
import { MONITOR_CELLS } from "./faults/monitor.ts";
import { RELAY_CELLS } from "./faults/relay.ts";
import { openScene, type Scene } from "./scene.ts";

const TOKEN = "a-token-that-the-user-has-set-for-the-server";
const BEFORE = 6;
const DURING = 6;
/** How long a fault that is a state stands. */
const STANDS_MS = process.env["MPM_TEST_FULL"] === "1" ? 60_000 : 2000;

describe("part and fault", { concurrency: 4 }, () => {
  for (const cell of [...RELAY_CELLS, ...MONITOR_CELLS])
    test(`${cell.part}: ${cell.fault}`, { skip: notRoot || missing(...(cell.needs ?? [])) }, async (t) => {
      const proxy = cell.part === "network" ? await openProxy(t) : undefined;
      const scene = await openScene(t, {
        ...cell.settings,
        ...(proxy ? { config: { server: { url: proxy.url, token: TOKEN } } } : {}),
      });
      if (proxy) await throughProxy(scene, proxy, t);
      let undo: (() => unknown) | undefined;
      const strike = async () => {
        const given = await cell.strike(scene, t);
        if (typeof given === "function") undo = given as () => unknown;
      };
      if (cell.atFirst) await strike();
      else {
        await scene.send(BEFORE);
        await scene.settled();
        await strike();
      }
      const from = scene.sent.length;
      await scene.send(DURING, cell.wrap);
      const during = scene.sent.slice(from).map(({ session, n }) => `${session}:${n}`);
      if (undo) await new Promise((wake) => setTimeout(wake, Math.max(STANDS_MS, cell.standsMs ?? 0)));
      await undo?.();
      await scene.recovers(t, cell.noStoring ? new Set(during) : new Set());
      await cell.seen?.(scene);
    });
});

/** A monitor that is there already, and the relay's way to it through the proxy. */
async function throughProxy(scene: Scene, proxy: Between, t: TestContext): Promise<void> {
  // Behind another port the monitor cannot prove itself: to the relay it is a server that the user has named.
  writeFileSync(inHome(scene, "token"), `${TOKEN}\n`, { mode: 0o600 });
  start(t, NODE, [dist("monitor.js")], scene.env);
  await until(() => existsSync(inHome(scene, "monitor.json")), 10_000, "the monitor");
  proxy.target = () =>
    Number(new URL((JSON.parse(readFileSync(inHome(scene, "monitor.json"), "utf8")) as { url: string }).url).port);
  proxies.set(scene, proxy);
}
