// mpm pause and resume: while paused, hooks answer and do nothing else.

import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { pidsOf } from "../../world.ts";
import { fire, newMachine, registered } from "./machine.ts";

test("while paused, hooks answer and keep nothing; after resume, they record again", async (t) => {
  const machine = newMachine(t);
  assert.equal((await machine.mpm("install")).status, 0);
  const [handler] = registered(machine.settings).get("Stop") ?? [];
  assert(handler);
  const send = () => fire(machine, handler, { session_id: "s", hook_event_name: "Stop" });
  const kept = () => {
    const spool = join(machine.mpmHome, "spool");
    return existsSync(spool) ? readdirSync(spool).length : 0;
  };
  machine.env["MPM_SERVER_URL"] = "http://127.0.0.1:1"; // nothing is delivered

  assert.equal(
    (await machine.installed("pause")).stdout,
    "mpm: the hooks are paused. `mpm resume` lets them record again.\n",
  );
  assert.match((await machine.installed("pause")).stdout, /were paused already/);
  const outcome = await send();
  assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, '{"continue":true}\n', ""]);
  assert.equal(kept(), 0);
  assert.match((await machine.installed("status")).stdout, /paused: nothing is recorded/);
  assert.match((await machine.mpm("install")).stdout, /The hooks are paused/);
  assert.deepEqual(pidsOf(machine.mpmHome), []);

  assert.equal((await machine.installed("resume")).stdout, "mpm: the hooks record again.\n");
  assert.match((await machine.installed("resume")).stdout, /were not paused/);
  await send();
  assert.equal(kept(), 1);
});
