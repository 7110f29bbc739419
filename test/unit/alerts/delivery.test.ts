// What stands between the outbox and the channels.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import pino from "pino";
import { Deliverer } from "../../../src/alerts/delivery.ts";
import { openOutbox } from "../../../src/alerts/outbox.ts";
import { setupOf } from "../../../src/alerts/setup.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { tempWorld, until } from "../../world.ts";
import { openTestStore } from "../store/open.ts";
import { openReceiver } from "./receiver.ts";

test("while the store is away alerts wait and say so, and are delivered once it is back", async (t) => {
  const { url, received } = await openReceiver(t);
  const { env, home, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  const config = {
    ...loadConfig(env, home),
    alertChannels: [{ name: "hook", type: "webhook" as const, url }],
  };
  const store = openTestStore(t, mpmHome);
  let away = true;
  const session = store.session.bind(store);
  store.session = (id) => (away ? Promise.reject(new Error("the server has closed the connection")) : session(id));
  const outbox = openOutbox(join(mpmHome, "alerts.db"));
  t.after(() => outbox.close());
  outbox.add({ id: "one", when: "waiting", at: 1, text: "s waits.", session: "s" }, ["hook"], 1);
  const around = { platform: process.platform, env, now: Date.now };
  const deliverer = new Deliverer({
    ...around,
    config,
    setup: setupOf(config),
    outbox,
    store,
    log: pino({ level: "silent" }),
    page: () => undefined,
    firstDelayMs: 5,
  });
  t.after(() => deliverer.close());
  deliverer.start();
  await until(() => deliverer.status().trouble !== undefined, 10_000, "the trouble to be said");
  assert.deepEqual([deliverer.status().waiting, received.length], [1, 0]);
  away = false;
  await until(() => received.length === 1, 10_000, "the alert");
  await until(() => deliverer.status().waiting === 0 && deliverer.status().trouble === undefined, 10_000, "peace");
});
