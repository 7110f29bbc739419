// Promises 3, 4 and 5, at the whole chain: whatever is killed and whenever, the store ends up with every event, once,
// in order. MPM_TEST_FULL=1 takes 10,000 events and a hundred kills.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive, NODE, until } from "../../world.ts";
import { type Chain, openChain } from "./chain.ts";
import { seeded } from "./random.ts";

const FULL = process.env["MPM_TEST_FULL"] === "1";
const KILLS = FULL ? 100 : 25;
/** Sessions of real hook processes, one after the other as in a host, and events of each. */
const HOOKED = { sessions: 4, events: FULL ? 250 : 75 };
/** Sessions of loaders, each a process. */
const LOADED = { sessions: 6, events: FULL ? 1500 : 300 };
/** Mean pause of a loader after a burst: so that it is at work about as long as the killing lasts. */
const PACE_MS = 600;
/** A victim lives this long at most. */
const LIFE_MS = FULL ? 800 : 500;
const PROGRAMS = ["relay", "monitor"] as const;

test("relay and monitor are killed at random moments: every event is stored once, numbered without a gap, in order", async (t) => {
  const random = seeded(t);
  const chain = openChain(t);
  const feeding = Promise.all([
    ...numbers(HOOKED.sessions).map((number) => hooks(chain, `hooked-${number}`)),
    ...numbers(LOADED.sessions).map((number) => loader(t, chain, `loaded-${number}`)),
  ]);
  const killed = { relay: 0, monitor: 0 };
  let moved = 0;
  let fed = false;
  void feeding.then(() => {
    fed = true;
  });
  for (let kills = 0; kills < KILLS; ) {
    for (const program of PROGRAMS) if (chain.pid(program) === undefined) chain.start(program);
    const victims = random.next() < 0.25 ? PROGRAMS : [random.pick(PROGRAMS)];
    await until(() => victims.every((program) => chain.pid(program) !== undefined), 30_000, "the victims");
    await sleep(random.between(0, LIFE_MS));
    for (const program of victims) {
      const pid = chain.pid(program);
      if (pid === undefined) continue;
      process.kill(pid, "SIGKILL");
      await until(() => !isAlive(pid), 10_000, "its end");
      killed[program]++;
      kills++;
      if (!fed || chain.pending() > 0) moved++;
    }
  }
  await feeding;
  await until(
    () => {
      for (const program of PROGRAMS) if (chain.pid(program) === undefined) chain.start(program);
      return chain.pending() === 0;
    },
    120_000,
    "an empty spool",
  );
  t.diagnostic(`killed ${killed.relay} relays and ${killed.monitor} monitors, ${moved} while events were under way`);
  assert.ok(moved > KILLS / 2, "most kills have to hit something at work");
  assert.equal(chain.rejected(), 0);

  const kept = chain.stored();
  assert.equal(kept.length, HOOKED.sessions * HOOKED.events + LOADED.sessions * LOADED.events);
  assert.equal(new Set(kept.map(({ id }) => id)).size, kept.length);
  const sessions = Map.groupBy(kept, ({ session }) => session);
  assert.equal(sessions.size, HOOKED.sessions + LOADED.sessions);
  for (const [session, events] of sessions) {
    const count = session.startsWith("hooked") ? HOOKED.events : LOADED.events;
    assert.deepEqual(
      events.map(({ index }) => index),
      numbers(count),
      `${session}: in the order of storing`,
    );
    assert.deepEqual(
      events.map(({ seq }) => seq),
      numbers(count).map((index) => index + 1),
      `${session}: numbered without a gap`,
    );
  }
});

const numbers = (count: number) => [...new Array(count).keys()];

/** One session of real hooks, one after the other. */
async function hooks(chain: Chain, session: string): Promise<void> {
  for (const index of numbers(HOOKED.events)) {
    const event = { hook_event_name: "PreToolUse", session_id: session, tool_name: "Bash", index };
    const { status, stdout, stderr } = await chain.hook("PreToolUse", `${JSON.stringify(event)}\n`);
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '{"continue":true}\n', stderr: "" });
    await sleep(PACE_MS / 20);
  }
}

async function loader(t: TestContext, chain: Chain, session: string): Promise<void> {
  const args = [join(import.meta.dirname, "loader.ts"), join(chain.mpmHome, "spool"), session];
  const child = spawn(NODE, [...args, String(LOADED.events), String(PACE_MS)], { env: chain.env, stdio: "inherit" });
  t.after(() => child.kill("SIGKILL"));
  const [status] = await once(child, "close");
  assert.equal(status, 0);
}
