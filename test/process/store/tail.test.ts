// Who listens to a shared store is told of every row, also where the database was away as they began.

import assert from "node:assert/strict";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { until } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";
import { startServer } from "./server.ts";

const test = testWith("postgresql");

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
