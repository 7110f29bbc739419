// A year of retention, in minutes of a clock that is ours: what goes and what stays, and what a clock that jumps does.

import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pino } from "pino";
import { loadConfig } from "../../src/config/config.ts";
import { startRetention } from "../../src/monitor/retention.ts";
import { openDatabase } from "../../src/store/schema.ts";
import { openStore } from "../../src/store/store.ts";
import { tempDir } from "../world.ts";
import { envelope } from "./monitor.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LOOK_MS = 10 * MINUTE_MS;
const BEGIN = Date.UTC(2030, 0, 1);
const EACH_DAY = 10;
const PAD = "words of a tool's output ".repeat(40);

function open(t: TestContext, settings: { monitorRetentionMs?: number; monitorMaxBytes?: number }) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => t.mock.timers.reset()); // before what cleans up, and waits
  const home = tempDir(t);
  let now = BEGIN;
  let seq = 0;
  const store = openDatabase(join(home, "monitor.db"), (db) => openStore(db, () => now), now);
  t.after(() => store.close());
  const config = { ...loadConfig({ MPM_HOME: home }, ""), ...settings };
  const retention = startRetention(config, store, pino({ level: "silent" }), () => now);
  t.after(() => retention.close());
  return {
    store,
    retention,
    /** Stores events of now. */
    add(count: number): void {
      const timestamp = new Date(now).toISOString();
      store.add(Array.from({ length: count }, () => ({ ...envelope(++seq, { pad: PAD }), timestamp })));
    },
    /** Time goes by, as fast for the clock as for the process. */
    pass(ms: number): void {
      for (let left = ms; left > 0; left -= LOOK_MS) {
        now += Math.min(left, LOOK_MS);
        t.mock.timers.tick(Math.min(left, LOOK_MS));
      }
    },
    /** The clock is set to another time. */
    jump(ms: number): void {
      now += ms;
    },
    oldest: () => store.rows({}, { limit: 1, after: 0 })[0]?.t ?? now,
    now: () => now,
  };
}

test("over 400 days a store of 90 days holds 90 days, counts what it removes, and does not grow", (t) => {
  const DAYS = 400;
  const KEPT = 90;
  const { store, retention, add, pass, oldest, now } = open(t, { monitorRetentionMs: KEPT * DAY_MS });
  let full = 0;
  for (let day = 1; day <= DAYS; day++) {
    add(EACH_DAY);
    pass(DAY_MS);
    if (day < KEPT) assert.equal(store.events, day * EACH_DAY, "nothing that is young goes");
    else assert.equal(store.events, KEPT * EACH_DAY, `day ${day}`);
    assert.ok(oldest() >= now() - KEPT * DAY_MS - LOOK_MS);
    if (day === KEPT + 10) full = store.bytes();
  }
  assert.equal(retention.removed, (DAYS - KEPT) * EACH_DAY);
  assert.ok(store.bytes() < full * 1.1, `${full} bytes after 100 days, ${store.bytes()} after ${DAYS}`);
});

test("over 400 days a store of two megabytes keeps its newest, counts what it removes, and stays below its limit", (t) => {
  const DAYS = 400;
  const MAX_BYTES = 2 * 1024 * 1024;
  const { store, retention, add, pass } = open(t, { monitorRetentionMs: 1000 * DAY_MS, monitorMaxBytes: MAX_BYTES });
  for (let day = 1; day <= DAYS; day++) {
    add(EACH_DAY);
    pass(2 * LOOK_MS);
    assert.ok(store.bytes() <= MAX_BYTES, `day ${day}: ${store.bytes()}`);
  }
  assert.ok(store.events > 300, `${store.events} kept`);
  assert.equal(retention.removed, DAYS * EACH_DAY - store.events);
  const [newest] = store.rows({}, { limit: 1 });
  assert.equal(newest?.seq, DAYS * EACH_DAY);
});

test("a clock that jumps ahead by a day, or by a year, and back an hour later removes nothing", (t) => {
  const { store, retention, add, pass, jump } = open(t, { monitorRetentionMs: 12 * HOUR_MS });
  add(EACH_DAY);
  pass(HOUR_MS);
  for (const ahead of [DAY_MS, 365 * DAY_MS]) {
    jump(ahead);
    add(1);
    pass(HOUR_MS);
    jump(-ahead);
    pass(HOUR_MS);
    assert.equal(retention.removed, 0);
  }
  assert.equal(store.events, EACH_DAY + 2);
  pass(12 * HOUR_MS);
  assert.equal(store.events, 2, "what was recorded under the wrong clock is as young as that clock said");
});

test("a clock that jumps back keeps everything, and goes on removing when it is set right", (t) => {
  const { store, add, pass, jump } = open(t, { monitorRetentionMs: 12 * HOUR_MS });
  add(EACH_DAY);
  jump(-DAY_MS);
  pass(HOUR_MS);
  assert.equal(store.events, EACH_DAY);
  jump(DAY_MS);
  pass(12 * HOUR_MS + 2 * LOOK_MS);
  assert.equal(store.events, EACH_DAY, "a clock that has jumped ahead is believed in steps");
  pass(DAY_MS);
  assert.equal(store.events, 0);
});

test("a machine that slept for a week removes what has become too old within as long again", (t) => {
  const { store, add, pass, jump } = open(t, { monitorRetentionMs: DAY_MS });
  add(EACH_DAY);
  jump(7 * DAY_MS);
  pass(7 * DAY_MS);
  assert.equal(store.events, 0);
});
