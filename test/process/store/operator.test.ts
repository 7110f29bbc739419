// What is done to the database by who runs it, beside monitors that store: nothing of it loses an event.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import pg from "pg";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { weekOf } from "../../../src/store/postgres/weeks.ts";
import { testWith } from "../../tools.ts";
import { until } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";
import { POSTGRES_18, type Server, startServer } from "./server.ts";

const test = testWith("postgresql");
const WEEK_MS = 7 * 86_400_000;

async function serve(t: TestContext, bin?: string, settings?: readonly string[]) {
  const server = await startServer(bin, settings);
  const clients: pg.Client[] = [];
  const opened: { close(): Promise<unknown> }[] = [];
  t.after(async () => {
    for (const client of clients) await client.end();
    for (const one of opened) await one.close();
    await server.close();
  });
  return {
    server,
    async asOperator(): Promise<pg.Client> {
      const client = new pg.Client({ connectionString: server.superuserUrl });
      await client.connect();
      clients.push(client);
      return client;
    },
    async open(now: () => number = Date.now, url = server.url) {
      const store = await openPostgres({ url, now });
      assert.ok(store.ok, JSON.stringify(store));
      opened.push(store.value);
      return store.value;
    },
  };
}

const event = (session: string, seq: number): Envelope => ({
  ...envelope(seq, { session, prompt: "tide gauge" }),
  id: `${session}-${seq}`,
});
const kindsOf = ({ outcomes }: { readonly outcomes: readonly { readonly kind: string }[] }) =>
  outcomes.map(({ kind }) => kind);

test("what the database and the role have set for all who come changes nothing of what a monitor does", async (t) => {
  const { asOperator, open } = await serve(t);
  const operator = await asOperator();
  await operator.query(`
    ALTER DATABASE postgres SET default_transaction_isolation = 'serializable';
    ALTER DATABASE postgres SET default_transaction_read_only = on;
    ALTER DATABASE postgres SET search_path = '';
    ALTER DATABASE postgres SET row_security = off;
    ALTER ROLE mpm SET lock_timeout = 1;
    ALTER ROLE mpm SET idle_in_transaction_session_timeout = 20;
    ALTER ROLE mpm SET standard_conforming_strings = off;
    ALTER ROLE mpm SET datestyle = 'German';
    ALTER ROLE mpm SET bytea_output = 'escape'`);
  const [one, other] = [await open(), await open()];
  const each = async (store: typeof one, session: string) => {
    for (let seq = 1; seq <= 20; seq++) {
      const { trouble } = await store.append([event(session, seq), event(`${session}\\'`, seq)]);
      assert.equal(trouble, undefined);
    }
  };
  await Promise.all([each(one, "a"), each(other, "b")]);
  assert.equal((await one.rows({ q: "tide gauge" }, { limit: 200 })).length, 80);
  assert.equal((await other.sessions({ limit: 10 })).total, 4);
});

test("the same batch by two monitors at once is stored once, and both say that it is", async (t) => {
  const { open } = await serve(t);
  const stores = [await open(), await open()];
  for (let round = 0; round < 10; round++) {
    const batch = Array.from({ length: 20 }, (_, index) => event(`s${round}-${index % 3}`, index + 1));
    const kinds = (await Promise.all(stores.map((store) => store.append(batch)))).map(kindsOf);
    for (const [index] of batch.entries())
      assert.deepEqual(kinds.map((of) => of[index]).sort(), ["repeated", "stored"], JSON.stringify(kinds));
  }
  assert.equal((await stores[0]?.figures())?.events, 200);
});

test("a partition that was taken away is made again, and the event that missed it is stored", async (t) => {
  const { asOperator, open } = await serve(t);
  const store = await open();
  await store.append([event("a", 1)]);
  const operator = await asOperator();
  const week = weekOf(Date.now());
  for (const table of ["words", "event"]) {
    await operator.query(`DROP TABLE mpm.${table}_w${week}`);
    const appended = await store.append([event(table, 1)]);
    assert.deepEqual([appended.trouble, kindsOf(appended)], [undefined, ["stored"]]);
  }
});

test("monitors that are the first at once to store in a week both do, and none has to send again", async (t) => {
  const { open } = await serve(t);
  let now = Date.now();
  const stores = await Promise.all([open(() => now), open(() => now), open(() => now)]);
  for (let round = 0; round < 5; round++) {
    now += 2 * WEEK_MS;
    const appended = await Promise.all(stores.map((store, index) => store.append([event(`s${index}`, round + 1)])));
    assert.deepEqual(
      appended.map(({ trouble }) => trouble),
      stores.map(() => undefined),
    );
  }
});

test("a new week begins while a backup reads, and an old one goes after it", async (t) => {
  const { asOperator, open } = await serve(t);
  let now = Date.now();
  const store = await open(() => now);
  await store.append([event("a", 1)]);
  const backup = await asOperator();
  await backup.query("BEGIN; LOCK TABLE mpm.event, mpm.body, mpm.words IN ACCESS SHARE MODE"); // as pg_dump does
  now += 3 * WEEK_MS;
  assert.deepEqual(kindsOf(await store.append([event("b", 1)])), ["stored"]);
  const limits = { before: now - WEEK_MS, maxBytes: Number.POSITIVE_INFINITY };
  const removing = store.retain(limits).then(
    () => "removed",
    () => "given up",
  );
  assert.deepEqual(kindsOf(await store.append([event("b", 2)])), ["stored"]);
  assert.equal(await removing, "given up");
  await backup.query("COMMIT");
  await store.retain(limits);
  assert.deepEqual(
    (await store.rows({ q: "tide" }, { limit: 10 })).map(({ id }) => id),
    ["b-2", "b-1"],
  );
  const { rows } = await backup.query("SELECT to_regclass($1) AS gone", [`mpm.event_w${weekOf(now - 3 * WEEK_MS)}`]);
  assert.equal(rows[0].gone, null);
});

test("where all connections are taken an event waits, and is stored when one is free", async (t) => {
  const { asOperator, open, server } = await serve(t, undefined, [
    "max_connections = 12",
    "superuser_reserved_connections = 3",
  ]);
  const store = await open();
  await store.append([event("a", 1)]);
  const operator = await asOperator();
  await operator.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mpm'");
  const others = await takeAll(server);
  const { trouble, outcomes } = await store.append([event("a", 2)]);
  assert.deepEqual([trouble?.code, outcomes], ["store_busy", []]);
  for (const other of others) await other.end();
  await until(async () => (await store.append([event("a", 2)])).trouble === undefined, 10_000, "a connection");
  assert.equal((await store.session("a"))?.events, 2);
});

/** As many connections as the server gives. */
async function takeAll(server: Server): Promise<readonly pg.Client[]> {
  const taken: pg.Client[] = [];
  for (;;) {
    const client = new pg.Client({ connectionString: server.url });
    client.on("error", () => {});
    try {
      await client.connect();
    } catch {
      return taken;
    }
    taken.push(client);
  }
}

test("a database that cannot keep every character is refused at the start, and says why", async (t) => {
  const { asOperator, server } = await serve(t);
  const operator = await asOperator();
  await operator.query(
    "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' OWNER mpm",
  );
  const opened = await openPostgres({ url: server.url.replace("/postgres?", "/latin?"), now: Date.now });
  assert.ok(!opened.ok);
  assert.equal(opened.reason.code, "store_unavailable");
  assert.match("cause" in opened.reason ? String(opened.reason.cause) : "", /LATIN1.*UTF8/);
});

testWith("postgresql18")(
  "what one monitor alone does goes on where the server ends transactions that last",
  async (t) => {
    const { asOperator, open } = await serve(t, POSTGRES_18);
    const store = await open();
    const operator = await asOperator();
    await operator.query("ALTER DATABASE postgres SET transaction_timeout = 300");
    await operator.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mpm'");
    const ends: string[] = [];
    const end = await store.alone("test", async () => ({ close: async () => void ends.push("ended") }));
    const held = async () => (await operator.query("SELECT pid FROM pg_locks WHERE locktype = 'advisory'")).rows.length;
    await until(async () => (await held()) === 1, 10_000, "the lock");
    const { rows } = await operator.query("SELECT now() AS now");
    await until(
      async () =>
        (await operator.query("SELECT now() - $1 > interval '1 second' AS over", [rows[0].now])).rows[0].over === true,
      10_000,
      "a second of the server's",
    );
    assert.deepEqual([await held(), ends], [1, []]);
    await end();
  },
);
