// A year of retention, in minutes of a clock that is ours: what goes and what stays, and what a clock that jumps does.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { pino } from "pino";
import { loadConfig } from "../../../src/config/config.ts";
import { startRetention } from "../../../src/monitor/retention.ts";
import { openTestStore } from "../../unit/store/open.ts";
import { tempDir } from "../../world.ts";
import { envelope } from "./monitor.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LOOK_MS = 10 * MINUTE_MS;
const BEGIN = Date.UTC(2030, 0, 1);
const EACH_DAY = 10;
const PAD = "words of a tool's output ".repeat(40);

function open(t: TestContext, settings: { monitorRetentionMs?: number; monitorMaxBytes?: number }) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.after(() => t.mock.timers.reset()); // before what cleans up, and waits
  const home = tempDir(t);
  let now = BEGIN;
  let seq = 0;
  const store = openTestStore(t, home, () => now);
  const config = { ...loadConfig({ MPM_HOME: home }, ""), ...settings };
  let toldBefore = 0;
  const retention = startRetention(config, store, pino({ level: "silent" }), () => now, {
    dropTold: async (before) => {
      toldBefore = before;
    },
  });
  t.after(() => retention.close());
  return {
    store,
    /** Before when alerts were removed last. */
    toldBefore: () => toldBefore,
    retention,
    /** Stores events of now. */
    async add(count: number): Promise<void> {
      const timestamp = new Date(now).toISOString();
      await store.append(Array.from({ length: count }, () => ({ ...envelope(++seq, { pad: PAD }), timestamp })));
    },
    /** Time goes by, as fast for the clock as for the process. */
    async pass(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= LOOK_MS) {
        now += Math.min(left, LOOK_MS);
        t.mock.timers.tick(Math.min(left, LOOK_MS));
        await nextTurn();
        for (let before = -1; before !== retention.removed; ) {
          before = retention.removed;
          await nextTurn();
        }
      }
    },
    /** The clock is set to another time. */
    jump(ms: number): void {
      now += ms;
    },
    events: async () => (await store.figures()).events,
    bytes: async () => (await store.figures()).bytes,
    oldest: async () => (await store.rows({}, { limit: 1, after: 0 }))[0]?.t ?? now,
    now: () => now,
  };
}

test("over 400 days a store of 90 days holds 90 days, counts what it removes, and does not grow", async (t) => {
  const DAYS = 400;
  const KEPT = 90;
  const { retention, add, pass, oldest, events, bytes, now } = open(t, { monitorRetentionMs: KEPT * DAY_MS });
  let full = 0;
  for (let day = 1; day <= DAYS; day++) {
    await add(EACH_DAY);
    await pass(DAY_MS);
    if (day < KEPT) assert.equal(await events(), day * EACH_DAY, "nothing that is young goes");
    else assert.equal(await events(), KEPT * EACH_DAY, `day ${day}`);
    assert.ok((await oldest()) >= now() - KEPT * DAY_MS - LOOK_MS);
    if (day === KEPT + 10) full = await bytes();
  }
  assert.equal(retention.removed, (DAYS - KEPT) * EACH_DAY);
  assert.ok((await bytes()) < full * 1.1, `${full} bytes after 100 days, ${await bytes()} after ${DAYS}`);
});

test("over 400 days a store of two megabytes keeps its newest, counts what it removes, and stays below its limit", async (t) => {
  const DAYS = 400;
  const MAX_BYTES = 2 * 1024 * 1024;
  const { store, retention, add, pass, events, bytes } = open(t, {
    monitorRetentionMs: 1000 * DAY_MS,
    monitorMaxBytes: MAX_BYTES,
  });
  for (let day = 1; day <= DAYS; day++) {
    await add(EACH_DAY);
    await pass(2 * LOOK_MS);
    assert.ok((await bytes()) <= MAX_BYTES, `day ${day}: ${await bytes()}`);
  }
  assert.ok((await events()) > 300, `${await events()} kept`);
  assert.equal(retention.removed, DAYS * EACH_DAY - (await events()));
  const [newest] = await store.rows({}, { limit: 1 });
  assert.equal(newest?.seq, DAYS * EACH_DAY);
});

test("a clock that jumps ahead by a day, or by a year, and back an hour later removes nothing", async (t) => {
  const { retention, add, pass, jump, events, toldBefore } = open(t, { monitorRetentionMs: 12 * HOUR_MS });
  await add(EACH_DAY);
  await pass(HOUR_MS);
  assert.ok(toldBefore() > 0, "alerts are as old as events may be");
  for (const ahead of [DAY_MS, 365 * DAY_MS]) {
    jump(ahead);
    await add(1);
    await pass(HOUR_MS);
    assert.ok(toldBefore() < BEGIN, "of what was told, neither");
    jump(-ahead);
    await pass(HOUR_MS);
    assert.equal(retention.removed, 0);
  }
  assert.equal(await events(), EACH_DAY + 2);
  await pass(12 * HOUR_MS);
  assert.equal(await events(), 2, "what was recorded under the wrong clock is as young as that clock said");
});

test("a clock that jumps back keeps everything, and goes on removing when it is set right", async (t) => {
  const { add, pass, jump, events } = open(t, { monitorRetentionMs: 12 * HOUR_MS });
  await add(EACH_DAY);
  jump(-DAY_MS);
  await pass(HOUR_MS);
  assert.equal(await events(), EACH_DAY);
  jump(DAY_MS);
  await pass(12 * HOUR_MS + 2 * LOOK_MS);
  assert.equal(await events(), EACH_DAY, "a clock that has jumped ahead is believed in steps");
  await pass(DAY_MS);
  assert.equal(await events(), 0);
});

test("a machine that slept for a week removes what has become too old within as long again", async (t) => {
  const { add, pass, jump, events } = open(t, { monitorRetentionMs: DAY_MS });
  await add(EACH_DAY);
  jump(7 * DAY_MS);
  await pass(7 * DAY_MS);
  assert.equal(await events(), 0);
});
