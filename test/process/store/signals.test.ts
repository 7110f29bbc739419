// A database of before there were signals, on PostgreSQL: its sessions are told them from their events.

import assert from "node:assert/strict";
import pg from "pg";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { Story } from "../../browser/story.ts";
import { testWith } from "../../tools.ts";
import { until } from "../../world.ts";
import { startServer } from "./server.ts";

const test = testWith("postgresql");
const START = Date.UTC(2026, 8, 2, 8);

test("sessions of before there were signals are told them, whatever events go on to come", async (t) => {
  const server = await startServer();
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const options = { url: server.url, now: () => START + 3_600_000 };
  const open = async () => {
    const opened = await openPostgres(options);
    assert.ok(opened.ok);
    return opened.value;
  };
  const before = await open();
  const loops = new Story({ session: "loops", project: "/home/dana/code/reef", start: START });
  loops.begin().prompt("Find pearls").stop("None.").prompt("Build it");
  for (let index = 0; index < 3; index++) loops.wait(1000).bash("make", "", { error: "Exit code 2\nno rule" });
  const quiet = new Story({ session: "quiet", project: "/home/dana/code/reef", start: START });
  quiet.begin().prompt("Look").bash("ls", "reef.ts").stop("Looked.");
  assert.equal((await before.append([...loops.events, ...quiet.events])).trouble, undefined);
  await before.close();
  await client.query("SELECT set_config('mpm.tenant', 'default', false), set_config('mpm.users', '*', false)");
  await client.query(`DROP TRIGGER forget_words ON mpm.event; DROP FUNCTION mpm.forget_words, mpm.without_events;
    ALTER TABLE mpm.event DROP COLUMN block; ALTER TABLE mpm.words DROP COLUMN n, DROP COLUMN ids;
    ALTER TABLE mpm.session DROP COLUMN written; ALTER TABLE mpm.claimed DROP COLUMN kept; DROP TABLE mpm.rebuild; ALTER TABLE mpm.session DROP COLUMN signals;
    UPDATE mpm.session SET json = (json::jsonb - 'signals' - 'watch')::text; UPDATE mpm.version SET version = 3`);

  const store = await open();
  t.after(async () => {
    await client.end();
    await store.close();
    await server.close();
  });
  const found = async () => (await store.sessions({ limit: 9, signals: true })).sessions.map(({ id }) => id);
  await until(async () => (await found()).length > 0, 10_000, "signals");
  assert.deepEqual(await found(), ["loops"]);
  loops.events.length = 0;
  await store.append(loops.wait(1000).bash("make", "", { error: "Exit code 2\nno rule" }).events);
  const session = await store.session("loops");
  assert.deepEqual(
    session?.signals?.map(({ code, count, turn }) => [code, count, turn]),
    [["repeated_failure", 4, 2]],
  );
  await until(async () => Number((await client.query("SELECT count(*) AS n FROM mpm.rebuild")).rows[0].n) === 0);
});
