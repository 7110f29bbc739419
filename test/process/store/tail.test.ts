// Who listens to a shared store is told of every row, also where the database was away as they began.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { until } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";
import { startServer } from "./server.ts";

const test = testWith("postgresql");
/** Batches of each process. */
const EACH = 40;

test("whoever begins to listen while the database is away, and reads once it is back, misses no row of others", async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const open = async () => {
    const opened = await openPostgres({ url: server.url, now: Date.now });
    assert.ok(opened.ok);
    t.after(() => opened.value.close());
    return opened.value;
  };
  const [reader, writer] = [await open(), await open()];
  await writer.append([envelope(1)]);
  await server.stop();
  const heard: number[] = [];
  t.after(reader.subscribe(({ rows }) => heard.push(...rows.map(({ seq }) => seq))));
  await assert.rejects(reader.rows({}, { after: 0, limit: 10 }), "nothing is read that would leave a gap");
  await server.start();
  const read = (await reader.rows({}, { after: 0, limit: 10 })).map(({ seq }) => seq);
  for (const seq of [2, 3]) assert.equal((await writer.append([envelope(seq)])).trouble, undefined);
  await until(() => heard.includes(3), 10_000, "the newest row");
  assert.deepEqual([...read, ...heard], [1, 2, 3]);
});

test("rows of several processes are told once and in order, and who wants only one's own is told of these", async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const open = async () => {
    const opened = await openPostgres({ url: server.url, now: Date.now });
    assert.ok(opened.ok);
    t.after(() => opened.value.close());
    return opened.value;
  };
  const [one, other] = [await open(), await open()];
  const [heard, own]: [{ readonly id: string; readonly n: number }[], string[]] = [[], []];
  t.after(one.subscribe(({ rows }) => heard.push(...rows.map(({ id, n }) => ({ id, n })))));
  t.after(one.subscribe(({ rows }) => own.push(...rows.map(({ id }) => id)), "own"));
  const send = async (store: typeof one, session: string) => {
    for (let seq = 1; seq <= EACH; seq++) {
      const events = [2 * seq - 1, 2 * seq].map((at) => ({ ...envelope(at, { session }), id: `${session}-${at}` }));
      assert.equal((await store.append(events)).trouble, undefined);
    }
  };
  await Promise.all([send(one, "one"), send(other, "other")]);
  await until(() => heard.length === 4 * EACH, 10_000, "all rows");
  assert.deepEqual(
    heard.map(({ n }) => n),
    Array.from({ length: 4 * EACH }, (_, index) => index + 1),
  );
  const ids = (session: string) => Array.from({ length: 2 * EACH }, (_, index) => `${session}-${index + 1}`);
  for (const session of ["one", "other"])
    assert.deepEqual(
      heard.flatMap(({ id }) => (id.startsWith(`${session}-`) ? [id] : [])),
      ids(session),
    );
  assert.deepEqual(own, ids("one"));
});

test("after the database was set back to an earlier state, what comes from then on is told", async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const opened = await openPostgres({ url: server.url, now: Date.now });
  assert.ok(opened.ok);
  const store = opened.value;
  t.after(() => store.close());
  const heard: number[] = [];
  t.after(store.subscribe(({ rows }) => heard.push(...rows.map(({ seq }) => seq))));
  for (const seq of [1, 2, 3]) await store.append([envelope(seq)]);
  const client = new pg.Client({ connectionString: server.superuserUrl });
  await client.connect();
  await client.query("DELETE FROM mpm.event WHERE n > 1; DELETE FROM mpm.known; UPDATE mpm.counter SET n = 1");
  await client.end();
  for (let seq = 4; !heard.includes(seq - 1) || seq === 4; seq++) {
    assert.ok(seq < 100, "nothing is told any more");
    assert.equal((await store.append([envelope(seq)])).trouble, undefined);
    await sleep(50);
  }
});
