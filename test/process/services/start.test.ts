// Starting the monitor, and the relay: once, not over and over, and with the reason where it fails.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pino } from "pino";
import { loadConfig } from "../../../src/config/config.ts";
import { startInBackground } from "../../../src/services/background.ts";
import { monitorStarter } from "../../../src/services/monitor.ts";
import { ensureRelay } from "../../../src/services/relay.ts";
import { tempWorld, until } from "../../world.ts";

const silent = pino({ level: "silent" });
const never = new AbortController().signal;

function homeWith(t: TestContext, settings: object) {
  const { env, home, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { recursive: true, mode: 0o700 });
  writeFileSync(join(mpmHome, "config.json"), JSON.stringify(settings));
  return { env, mpmHome, config: loadConfig(env, home) };
}

test("a monitor is started and is ready; the next start finds that it is there", async (t) => {
  const { env, config, mpmHome } = homeWith(t, { monitor: { port: 0 } });
  const started = await startInBackground(config, env, { autostarted: true });
  assert.ok(started.ok, JSON.stringify(started));
  assert.equal(JSON.parse(readFileSync(join(mpmHome, "monitor.json"), "utf8")).url, started.value);
  assert.deepEqual(await startInBackground(config, env), started);
});

test("one that cannot start says why, as a code, and is not waited for", async (t) => {
  const taken = createServer();
  await new Promise<void>((ready) => taken.listen(0, "127.0.0.1", ready));
  t.after(() => taken.close());
  const address = taken.address();
  assert.ok(typeof address === "object" && address !== null);
  const { env, config } = homeWith(t, { monitor: { port: address.port } });
  const started = await startInBackground(config, env, { withinMs: 60_000 });
  assert.deepEqual(started, { ok: false, reason: { code: "port_taken", port: address.port } });
});

test("the relay starts none where monitor.autostart is off, and tries once in a while where none comes", async (t) => {
  const off = homeWith(t, { monitor: { port: 0, autostart: false } });
  assert.equal(await monitorStarter(off.config, off.env, silent)(never), undefined);
  const failing = homeWith(t, { monitor: { port: 0, host: "0.0.0.0" } }); // refused: other machines could connect
  const start = monitorStarter(failing.config, failing.env, silent);
  const why = { ok: false, reason: { code: "remote_not_allowed", host: "0.0.0.0" } };
  assert.deepEqual(await start(never), why);
  const begun = performance.now();
  assert.deepEqual(await start(never), why);
  assert.ok(performance.now() - begun < 100, "no second one was started");
});

test("of several that find no relay one starts it", async (t) => {
  const { env, config } = homeWith(t, { monitor: { port: 0, autostart: false } });
  const answers = [ensureRelay(config.paths, env), ensureRelay(config.paths, env)];
  assert.equal(answers[0], "started");
  assert.notEqual(answers[1], "running");
  await until(() => ensureRelay(config.paths, env) === "running", 20_000, "the relay");
});
