// Weeks that are over, on PostgreSQL: their partitions go at once, and with them all that was known of their events.

import assert from "node:assert/strict";
import pg from "pg";
import type { Filter, Range } from "../../../src/store/port.ts";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { envelope } from "../trust/monitor.ts";
import { startServer } from "./server.ts";

const test = testWith("postgresql");
const DAY_MS = 86_400_000;
/** More than are removed in one step where they are removed one by one. */
const OLD = 2100;
const BATCH = 700;
/** Of two monitors in turn: more events than a search looks at first. */
const ROUNDS = 8;
/** More than are looked through at a time. */
const GOING_ON = 520;

test("a week of which everything is too old goes with its partitions, its sessions and the ids of its events", async (t) => {
  const server = await startServer();
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  let now = Date.UTC(2026, 8, 2);
  const opened = await openPostgres({ url: server.url, now: () => now });
  assert.ok(opened.ok);
  const store = opened.value;
  t.after(async () => {
    await client.end();
    await store.close();
    await server.close();
  });
  const send = async (session: string, from: number, count: number) => {
    const events = Array.from({ length: count }, (_, index) => ({
      ...envelope(from + index, { session }),
      id: `${session}-${from + index}`,
      timestamp: new Date(now).toISOString(),
    }));
    assert.deepEqual((await store.append(events)).trouble, undefined);
  };
  const told: string[] = [];
  store.subscribe(({ sessions }) => void told.push(...sessions));
  await store.advance("reader", 10);
  for (let at = 0; at < OLD; at += BATCH) await send("over", 1 + at, BATCH);
  await send("long", 1, 20);
  await store.record([{ session: "over", facts: [{ kind: "branch", t: now, branch: "tide" }] }]);
  now += 35 * DAY_MS;
  await send("long", 21, 5);
  told.length = 0;

  const limits = { before: now - 7 * DAY_MS, maxBytes: Number.POSITIVE_INFINITY };
  assert.deepEqual(await store.retain(limits), { events: OLD + 20, sessions: 0, answers: 0 }, "all of it at once");
  let sessions = 0;
  for (let step = await store.retain(limits); step.events + step.sessions > 0; step = await store.retain(limits))
    sessions += step.sessions;
  assert.equal(sessions, 1);
  assert.equal((await store.figures()).events, 5);
  assert.ok(told.includes("over"), "pages are told of what is there no more");
  assert.deepEqual(
    (await store.sessions({ limit: 10 })).sessions.map(({ id, gaps }) => [id, gaps]),
    [["long", 0]],
  );
  assert.equal((await store.consumers())[0]?.missed, OLD + 20 - 10);
  await client.query("SELECT set_config('mpm.tenant', 'default', false), set_config('mpm.users', '*', false)");
  const count = async (of: string) => Number((await client.query(`SELECT count(*) AS n FROM ${of}`)).rows[0].n);
  assert.equal(
    await count("pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'mpm.event'::regclass"),
    2,
  );
  assert.equal(await count("mpm.known"), 5);

  await client.query("UPDATE mpm.touched SET at = now() - interval '2 days'");
  assert.ok((await count("mpm.touched")) > 0);
  now += 3_600_000;
  await store.retain(limits);
  assert.equal(await count("mpm.touched"), 0, "what other processes have long seen");
});

test("what is to be forgotten is gone also behind many sessions that go on", async (t) => {
  const server = await startServer();
  let now = Date.UTC(2026, 8, 2);
  const opened = await openPostgres({ url: server.url, now: () => now });
  assert.ok(opened.ok);
  const store = opened.value;
  t.after(async () => {
    await store.close();
    await server.close();
  });
  const ids = Array.from({ length: GOING_ON }, (_, index) => `a${String(index).padStart(4, "0")}`);
  const send = async (sessions: readonly string[], seq: number) => {
    const timestamp = new Date(now).toISOString();
    const events = sessions.map((session) => ({ ...envelope(seq, { session }), id: `${session}-${seq}`, timestamp }));
    assert.deepEqual((await store.append(events)).trouble, undefined);
  };
  await send([...ids, "z"], 1);
  now += 35 * DAY_MS;
  await send(ids, 2);
  await store.forget({ before: now - DAY_MS });
  const { sessions, total } = await store.sessions({ limit: 1000 });
  assert.equal(total, GOING_ON);
  assert.ok(sessions.every(({ id, firstAt }) => id !== "z" && firstAt >= now - DAY_MS));
});

test("of two monitors whose clocks are an hour apart at the turn of a week, all is in one order, found once and in it", async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const turn = Math.ceil(Date.now() / (7 * DAY_MS)) * 7 * DAY_MS;
  const stores = await Promise.all(
    [turn - 1, turn - 1 + 3_600_000].map(async (at) => {
      const opened = await openPostgres({ url: server.url, now: () => at });
      assert.ok(opened.ok);
      t.after(() => opened.value.close());
      return opened.value;
    }),
  );
  const [behind, ahead] = stores;
  assert.ok(behind && ahead);
  const sent: string[] = [];
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, store] of stores.entries()) {
      const events = Array.from({ length: 40 }, (_, at) => ({
        ...envelope(1 + round * 40 + at, { session: `s${index}`, message: at % 4 === 0 ? "tide gauge" : "tide" }),
        id: `s${index}-${round}-${at}`,
      }));
      assert.deepEqual((await store.append(events)).trouble, undefined);
      sent.push(...events.map(({ id }) => id));
    }
  const ids = async (filter: Filter, step: (last: number | undefined) => Range, withinMs: number) => {
    const found: string[] = [];
    for (let last: number | undefined; ; ) {
      const page = await behind.searchRows(filter, step(last), withinMs);
      found.push(...page.events.map(({ id }) => id));
      last = page.reached?.n ?? (page.events.length === 100 ? page.events.at(-1)?.n : undefined);
      if (last === undefined) return found;
    }
  };
  assert.deepEqual(
    (await behind.rows({}, { after: 0, limit: 1000 })).map(({ id }) => id),
    sent,
  );
  const gauges = sent.filter((id) => Number(id.split("-")[2]) % 4 === 0);
  for (const withinMs of [0, 60_000]) {
    const forth = await ids({ q: "gauge" }, (after = 0) => ({ after, limit: 100 }), withinMs);
    assert.deepEqual(forth, gauges);
    const back = await ids({ q: "gauge tide", session: "s1" }, (before) => ({ before, limit: 100 }), withinMs);
    assert.deepEqual(
      back.toReversed(),
      gauges.filter((id) => id.startsWith("s1")),
    );
  }
  // Whoever is ahead takes nothing away that is young by the other's clock, but for that hour.
  await ahead.retain({ before: turn - DAY_MS * 7, maxBytes: Number.POSITIVE_INFINITY });
  assert.equal((await behind.figures()).events, sent.length);
});
