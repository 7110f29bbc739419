// A team's monitors are upgraded one after the other: one that runs meets the schema of the next version.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { SCHEMA_VERSION } from "../../../src/store/postgres/migrations.ts";
import { testWith } from "../../tools.ts";
import { dist, mpm, NODE, start, tempWorld, until } from "../../world.ts";
import { startServer } from "../store/server.ts";
import { envelope, runMonitor } from "../trust/monitor.ts";

const test = testWith("postgresql");
const EVENTS = 80;

test("a step that adds disturbs no monitor that runs; one that takes away stops it until it is upgraded: it says so, and nothing is lost", async (t) => {
  const server = await startServer();
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  t.after(async () => {
    await client.end();
    await server.close();
  });
  const monitor = await runMonitor(t, { world: tempWorld(t, { MPM_STORE: server.url }) });
  const session = randomUUID();
  let acknowledged = 0;
  let isRefused = false;
  let isOver = false;
  t.after(() => {
    isOver = true;
  });
  /** As a relay does: each in its turn, again until it is stored. */
  const sending = (async () => {
    for (let seq = 1; seq <= EVENTS && !isOver; ) {
      try {
        await monitor.store({ ...envelope(seq, { session }), id: `${session}-${seq}` });
        acknowledged = seq++;
      } catch {
        isRefused = true;
        await sleep(20);
      }
    }
  })();
  await until(() => acknowledged >= 20, 20_000, "some events");

  await client.query(`BEGIN; ALTER TABLE mpm.session ADD COLUMN later bigint NOT NULL DEFAULT 0; ALTER TABLE mpm.event ADD COLUMN later text;
    CREATE TABLE mpm.later (id text PRIMARY KEY); UPDATE mpm.version SET version = ${SCHEMA_VERSION + 1}; COMMIT`);
  const since = acknowledged;
  await until(() => acknowledged >= since + 20, 20_000, "events after a step that adds");
  assert.equal((await monitor.health())["trouble"], undefined);

  await client.query(`UPDATE mpm.version SET version = ${SCHEMA_VERSION + 2}, oldest = ${SCHEMA_VERSION + 2}`);
  isRefused = false;
  await until(() => isRefused, 20_000, "a refusal");
  const before = acknowledged;
  const health = await monitor.health();
  assert.match(String(health["trouble"]), new RegExp(`newer version of mpm \\(schema ${SCHEMA_VERSION + 2}\\)`));
  let said = "";
  const next = start(t, NODE, [dist("cli.js"), "monitor", "--port", "0"], tempWorld(t, { MPM_STORE: server.url }).env);
  next.stderr?.on("data", (chunk) => {
    said += String(chunk);
  });
  await until(() => next.exitCode !== null, 20_000, "the end of one that is started");
  assert.match(said, /newer version of mpm .*Upgrade mpm/s);
  assert.equal(acknowledged, before);

  await client.query(`UPDATE mpm.version SET version = ${SCHEMA_VERSION}, oldest = 0`); // as if this one had been upgraded
  await until(() => acknowledged === EVENTS, 30_000, "all events");
  await sending;
  const summary = await (await monitor.ask(`/api/sessions/${session}`)).json();
  assert.deepEqual([summary.events, summary.gaps], [EVENTS, 0]);
  assert.equal((await monitor.health())["trouble"], undefined);
});

test("who looks into a database of an older version leaves it to its monitors, and says so", async (t) => {
  const server = await startServer();
  const client = new pg.Client({ connectionString: server.url });
  t.after(async () => {
    await client.end();
    await server.close();
  });
  const { env } = tempWorld(t, { MPM_STORE: server.url });
  assert.equal((await mpm(["team", "init", "--name", "harbour"], { env })).status, 0);
  await client.connect();
  await client.query(`UPDATE mpm.version SET version = ${SCHEMA_VERSION - 1}`);
  for (const verb of ["devices", "invitations", "log"]) {
    const { status, stderr } = await mpm(["team", verb], { env });
    assert.deepEqual([verb, status], [verb, 1]);
    assert.match(stderr, new RegExp(`older version of mpm .*schema ${SCHEMA_VERSION - 1}.*monitors first`, "s"));
  }
  const { checks } = JSON.parse((await mpm(["doctor", "--json"], { env })).stdout);
  const finding = checks.find(({ name }: { name: string }) => name === "team");
  assert.match(finding.finding, /older version of mpm/);
  const { rows } = await client.query("SELECT version FROM mpm.version");
  assert.deepEqual(rows, [{ version: SCHEMA_VERSION - 1 }]);
});
