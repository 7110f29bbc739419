// A home that is moved, replaced or removed while its processes run: they end, and say nothing about what is there now.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { dist, HOOK, mpm, NODE, run, start, tempWorld, until } from "../../world.ts";
import { runMonitor } from "./monitor.ts";

const event = (index: number) => JSON.stringify({ hook_event_name: "Stop", session_id: "s-1", index });

test("a relay whose home was moved ends, leaves no trace at either place, and what waited is delivered from the new one", async (t) => {
  const world = tempWorld(t);
  const monitor = await runMonitor(t); // of another home: this one is moved without it
  const env = { ...world.env, MPM_SERVER_URL: monitor.url, MPM_TOKEN: monitor.token() };
  mkdirSync(world.mpmHome, { mode: 0o700 });
  const child = start(t, NODE, [dist("relay.js")], env);
  await until(() => existsSync(join(world.mpmHome, "relay.pid")), 20_000, "the relay");
  await run(HOOK, ["Stop"], { env, input: event(1) });
  await until(async () => (await monitor.health()).events === 1, 20_000, "the first event");

  const moved = join(world.home, "moved");
  renameSync(world.mpmHome, moved);
  const there = { ...env, MPM_HOME: moved };
  await run(HOOK, ["Stop"], { env: there, input: event(2) });
  await until(() => child.exitCode !== null, 20_000, "the end of the relay");
  assert.equal(child.exitCode, 0, readFileSync(join(moved, "log/relay.log"), "utf8"));
  assert.ok(!existsSync(world.mpmHome), "nothing was made where the home was");
  await run(HOOK, ["Stop"], { env: there, input: event(3) });
  await until(async () => (await monitor.health()).events === 3, 30_000, "what waited");
  const stored = await (await monitor.ask("/api/events")).text();
  assert.equal((await monitor.health())["gaps"], 0, stored);
});

/** Made wherever it looks for events; it says nothing of the relay. */
const NOT_SAID = ["spool", "rejected", "log", "relay.boot"];

test("what a relay says of a home that was put in the place of its own is nothing", async (t) => {
  const world = tempWorld(t);
  const env = { ...world.env, MPM_SERVER_URL: "http://127.0.0.1:9" };
  mkdirSync(world.mpmHome, { mode: 0o700 });
  const child = start(t, NODE, [dist("relay.js")], env);
  await until(() => existsSync(join(world.mpmHome, "relay.pid")), 20_000, "the relay");
  renameSync(world.mpmHome, join(world.home, "moved"));
  mkdirSync(world.mpmHome, { mode: 0o700 });
  await until(() => child.exitCode !== null, 20_000, "the end of the relay");
  assert.deepEqual(
    readdirSync(world.mpmHome).filter((name) => !NOT_SAID.includes(name)),
    [],
  );
});

test("a monitor whose home was removed or moved ends, and its store is whole at the new place", async (t) => {
  const world = tempWorld(t);
  const monitor = await runMonitor(t, { world });
  const env = { ...world.env, MPM_MONITOR_PORT: String(monitor.port) };
  await run(HOOK, ["Stop"], { env, input: event(1) });
  await until(async () => (await monitor.health()).events === 1, 20_000, "the event");
  const moved = join(world.home, "moved");
  renameSync(world.mpmHome, moved);
  await until(() => !existsSync(`/proc/${monitor.pid}`), 20_000, "the end of the monitor");
  rmSync(join(moved, "monitor.json"), { force: true });
  const again = await runMonitor(t, { world: { env: { ...world.env, MPM_HOME: moved }, mpmHome: moved } });
  assert.equal((await again.health()).events, 1);
  assert.match(readFileSync(join(moved, "log/monitor.log"), "utf8"), /moved or replaced/);
  assert.equal((await mpm(["status"], { env: { ...world.env, MPM_HOME: moved } })).stderr, "");
});
