// Several monitors on one store: what one alone does is done by one, and by another when that one is killed.

import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { storeAll } from "../../browser/page.ts";
import { Story } from "../../browser/story.ts";
import { testWith } from "../../tools.ts";
import { openReceiver } from "../../unit/alerts/receiver.ts";
import { tempWorld, until } from "../../world.ts";
import { startCollector } from "../export/collector.ts";
import { startServer } from "../store/server.ts";
import { runMonitor } from "../trust/monitor.ts";

const test = testWith("postgresql");

/** A turn, and then a question that waits. */
function asking(session: string) {
  const story = new Story({ session, project: "/home/dana/code/tidepool", start: Date.now() - 60_000 });
  story.begin().prompt("Mend it").wait(5000).stop("Mended.").prompt("Clear up").wait(45_000);
  story.emit("PreToolUse", { tool_name: "Bash", tool_use_id: "w", tool_input: { command: "rm x" } });
  story.emit("PermissionRequest", { tool_name: "Bash", tool_input: { command: "rm x" } });
  story.wait(1000).emit("Notification", { notification_type: "permission_prompt", message: "Claude needs you" });
  return story.events;
}

test("what one has claimed to tell and is killed before it keeps it, another tells, once", async (t) => {
  const server = await startServer();
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  t.after(async () => {
    await client.end();
    await server.close();
  });
  const begin = async () => {
    const { url, received } = await openReceiver(t);
    const rules = [{ when: "waiting", over: "1s", to: ["hook"] }];
    const config = { alerts: { channels: [{ name: "hook", type: "webhook", url }], rules } };
    const world = tempWorld(t, { MPM_STORE: server.url });
    return { monitor: await runMonitor(t, { world, config }), received, home: world.mpmHome };
  };
  const one = await begin();
  const outbox = new DatabaseSync(join(one.home, "alerts.db"));
  t.after(() => outbox.close());
  outbox.exec("CREATE TRIGGER held BEFORE INSERT ON alert BEGIN SELECT RAISE(ABORT, 'not kept'); END");
  await storeAll(one.monitor, asking("first"));
  const claimed = async () => {
    await client.query("SELECT set_config('mpm.tenant', 'default', false)");
    return (await client.query("SELECT kept FROM mpm.claimed")).rows;
  };
  await until(async () => (await claimed()).length > 0, 30_000, "the claim");
  assert.deepEqual(await claimed(), [{ kept: false }]);
  await one.monitor.kill("SIGKILL");
  const other = await begin();
  await until(() => other.received.length > 0, 60_000, "the alert of the other");
  assert.deepEqual(await claimed(), [{ kept: true }]);
  assert.deepEqual([one.received.length, other.received.length], [0, 1]);
});

test("of two monitors one tells and exports; that one is killed, and the other goes on: each alert and each turn once", async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const both = await Promise.all(
    ["a", "b"].map(async () => {
      const { url, received } = await openReceiver(t);
      const collector = await startCollector(t);
      const rules = [{ when: "waiting", over: "1s", to: ["hook"] }];
      const config = {
        alerts: { channels: [{ name: "hook", type: "webhook", url }], rules },
        export: { otlp: { endpoint: collector.url } },
      };
      const monitor = await runMonitor(t, { world: tempWorld(t, { MPM_STORE: server.url }), config });
      const told = () =>
        received
          .flatMap(({ body }) => (Array.isArray(body["alerts"]) ? body["alerts"] : [body]))
          .map((alert: { session_id: string }) => alert.session_id);
      return { monitor, told, turns: () => collector.spans().filter(({ name }) => name.startsWith("invoke_agent")) };
    }),
  );
  const told = () => both.flatMap((each) => each.told());
  const turns = () => both.flatMap((each) => each.turns());
  const [a, b] = both;
  assert.ok(a && b);
  await storeAll(a.monitor, asking("first"));
  await until(() => told().length > 0 && turns().length > 0, 30_000, "an alert and a turn");
  // How far the turns are exported is kept a moment after they are.
  const kept = async () => JSON.stringify((await a.monitor.health()) ?? {}) + JSON.stringify(await b.monitor.health());
  await until(async () => /"otlp"[^}]*"waiting":0/.test(await kept()), 20_000, "the cursor");

  const [one, other] = a.told().length > 0 ? [a, b] : [b, a];
  await one.monitor.kill("SIGKILL");
  await storeAll(other.monitor, asking("second"));
  await until(() => other.told().includes("second"), 30_000, "the alert of the other");
  await until(() => turns().length >= 2, 30_000, "the turn of the second session");
  assert.deepEqual(told().toSorted(), ["first", "second"]);
  assert.equal(new Set(turns().map(({ spanId }) => spanId)).size, turns().length);
});
