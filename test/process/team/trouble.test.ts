// A database in trouble: one that does not answer, and a pooler before it that ends.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { until } from "../../world.ts";
import { startPooler, startServer } from "../store/server.ts";
import { envelope } from "../trust/monitor.ts";

const test = testWith("postgresql");
/** Of each of three that send. */
const EVENTS = 40;

/** Processes that PostgreSQL runs for its clients. */
function backendsOf(directory: string): number[] {
  const [postmaster = ""] = readFileSync(join(directory, "data/postmaster.pid"), "utf8").split("\n");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/stat`))
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const parent = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1];
        return parent === postmaster && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("postgres: mpm postgres");
      } catch {
        return false;
      }
    })
    .map(Number);
}

test("a backend that stands still is given up, the next attempt stores the event once", {
  timeout: 60_000,
}, async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const opened = await openPostgres({ url: server.url, now: Date.now });
  assert.ok(opened.ok);
  t.after(() => opened.value.close());
  const store = opened.value;
  await store.append([envelope(1)]);
  const stopped = backendsOf(server.directory);
  assert.ok(stopped.length > 0);
  for (const pid of stopped) process.kill(pid, "SIGSTOP");
  try {
    const { trouble, outcomes } = await store.append([envelope(2)]);
    assert.deepEqual([trouble?.code, outcomes], ["store_unavailable", []]);
    assert.equal((await store.append([envelope(2)])).outcomes.length, 1, "on another connection");
  } finally {
    for (const pid of stopped) process.kill(pid, "SIGCONT");
  }
  const rows = await store.rows({}, { after: 0, limit: 10 });
  assert.deepEqual(
    rows.map(({ seq }) => seq),
    [1, 2],
  );
});

testWith("postgresql", "pgbouncer")(
  "a pooler that is killed and started again under load loses nothing, and stores nothing twice",
  async (t) => {
    const server = await startServer();
    t.after(() => server.close());
    let pooler = await startPooler(server);
    t.after(() => pooler.close());
    const opened = await openPostgres({ url: pooler.url, now: Date.now });
    assert.ok(opened.ok);
    t.after(() => opened.value.close());
    const store = opened.value;
    let stored = 0;
    const send = async (session: string) => {
      for (let seq = 1; seq <= EVENTS; ) {
        const { outcomes, trouble } = await store.append([envelope(seq, { session })]);
        assert.ok(!trouble || trouble.code === "store_unavailable", JSON.stringify(trouble));
        if (outcomes.length === 0) continue;
        seq++;
        stored++;
      }
    };
    const sending = Promise.all(["a", "b", "c"].map(send));
    for (let restarts = 1; restarts <= 2; restarts++) {
      await until(() => stored >= restarts * EVENTS, 30_000, "some events");
      await pooler.close();
      pooler = await startPooler(server);
    }
    await sending;
    const rows = await store.rows({}, { after: 0, limit: 1000 });
    for (const session of ["a", "b", "c"])
      assert.deepEqual(
        rows.filter((row) => row.session === session).map(({ seq }) => seq),
        Array.from({ length: EVENTS }, (_, index) => index + 1),
      );
  },
);
