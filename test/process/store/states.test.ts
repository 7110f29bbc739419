// States of sessions that a monitor holds in memory, on PostgreSQL: after a failover, transactions are numbered again.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { envelope } from "../trust/monitor.ts";
import { startServer } from "./server.ts";

const test = testWith("postgresql");

/** With whose the files are: postgres takes no other's. */
const copy = (from: string, to: string) => execFileSync("cp", ["-a", from, to]);

test("a server that takes over from an earlier state and numbers transactions again makes no state of a session stale", async (t) => {
  const server = await startServer(undefined, ["autovacuum = off"]);
  t.after(() => server.close());
  const open = async () => {
    const opened = await openPostgres({ url: server.url, now: Date.now });
    assert.ok(opened.ok);
    t.after(() => opened.value.close());
    return opened.value;
  };
  const [one, other] = [await open(), await open()];
  const send = async (store: typeof one, seq: number) =>
    assert.equal((await store.append([{ ...envelope(seq, { session: "s" }), id: `s-${seq}` }])).trouble, undefined);
  const ask = async (what: string): Promise<string> => {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query("SELECT set_config('mpm.tenant', 'default', false), set_config('mpm.users', '*', false)");
    const { rows } = await client.query(`SELECT ${what} AS it FROM mpm.session`);
    await client.end();
    return String(rows[0]?.it);
  };
  await send(one, 1);
  const [data, earlier] = [join(server.directory, "data"), join(server.directory, "earlier")];
  await server.stop();
  copy(data, earlier);
  await server.start();
  await send(one, 2);
  const written = Number(await ask("xmin"));
  await server.stop();
  rmSync(data, { recursive: true });
  copy(earlier, data);
  await server.start();

  let seq = 2;
  for (; Number(await ask("xmin")) < written; seq++) await send(other, seq);
  assert.equal(
    Number(await ask("xmin")),
    written,
    "the transaction of the other has the number of the one that was lost",
  );
  await send(one, seq);
  const session = await one.session("s");
  assert.deepEqual([session?.events, session?.gaps], [seq, 0]);
});
