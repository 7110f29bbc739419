// Monitors that share a PostgreSQL database: nothing acknowledged is lost, nothing is twice, whatever ends.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { RowsPage } from "../../../src/contract/routes.ts";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { dist, NODE, start, tempWorld, until } from "../../world.ts";
import { startServer } from "../store/server.ts";
import { envelope, type RunningMonitor, runMonitor } from "../trust/monitor.ts";

const test = testWith("postgresql");
const PER_SENDER = 150;
/** A word of every fifth event. */
const FIFTH = "fifth";
const MAX_TRIES = 1000;

function onStore(t: Parameters<typeof tempWorld>[0], url: string): Promise<RunningMonitor> {
  return runMonitor(t, { world: tempWorld(t, { MPM_STORE: url }) });
}

/** Sends the events of one session in order, each until one of the monitors has said that it is stored. */
async function send(session: string, monitors: readonly RunningMonitor[], stored: (sent: Envelope) => void) {
  for (let seq = 1; seq <= PER_SENDER; seq++) {
    const message = seq % 5 === 0 ? FIFTH : "other";
    const sent = { ...envelope(seq, { session, message }), id: `${session}-${seq}` };
    for (let tries = 0; ; tries++) {
      const monitor = monitors[(seq + tries) % monitors.length];
      try {
        await monitor?.store(sent);
        stored(sent);
        break;
      } catch (error) {
        if (tries > MAX_TRIES) throw error;
        await sleep(20);
      }
    }
  }
}

test("two monitors, one killed, PostgreSQL broken off and started again: all that was acknowledged is there once, in order", async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const monitors = await Promise.all([onStore(t, server.url), onStore(t, server.url)]);
  const acknowledged: string[] = [];
  const watching = await openPostgres({ url: server.url, now: Date.now });
  assert.ok(watching.ok);
  t.after(() => watching.value.close());
  const seen: { readonly id: string; readonly n: number }[] = [];
  watching.value.subscribe(({ rows }) => {
    seen.push(...rows.map(({ id, n }) => ({ id, n })));
  });
  const senders = [randomUUID(), randomUUID(), randomUUID()];
  const sending = Promise.all(
    senders.map((session) => send(session, monitors, ({ id }) => void acknowledged.push(id))),
  );
  await until(() => acknowledged.length > 60, 30_000, "some events");
  await monitors[0]?.kill("SIGKILL");
  await until(() => acknowledged.length > 150, 30_000, "more events");
  await server.stop("SIGQUIT");
  await until(async () => typeof (await monitors[1]?.health())?.["trouble"] === "string", 20_000, "what is wrong");
  await server.start();
  await sending;
  await until(() => seen.length >= senders.length * PER_SENDER, 20_000, "all rows");
  assert.deepEqual(
    seen.map(({ id }) => id).sort(),
    senders.flatMap((session) => Array.from({ length: PER_SENDER }, (_, at) => `${session}-${at + 1}`)).sort(),
  );
  assert.deepEqual(
    seen.map(({ n }) => n),
    seen.map(({ n }) => n).toSorted((a, b) => a - b),
  );
  for (const session of senders) {
    const summary = await watching.value.session(session);
    assert.deepEqual([summary?.events, summary?.gaps], [PER_SENDER, 0]);
  }
  assert.equal((await monitors[1]?.health())?.["trouble"], undefined);
  // A search that has no time says each time how far it came, and comes to its end.
  const session = senders[0];
  const found: string[] = [];
  for (let [before, steps] = ["", 0]; ; steps++) {
    const query = `view=rows&q=${FIFTH}&limit=20&withinMs=0${before}`;
    const page = RowsPage.parse(await (await monitors[1]?.ask(`/api/events?${query}`))?.json());
    found.push(...page.events.filter((row) => row.session === session).map(({ id }) => id));
    assert.equal(page.next.before, page.reached?.n ?? (page.events.length === 20 ? page.events.at(-1)?.n : null));
    if (page.next.before === null) break;
    before = `&before=${page.next.before}`;
    assert.ok(steps < senders.length * PER_SENDER, "each step goes on");
  }
  assert.deepEqual(
    found,
    Array.from({ length: PER_SENDER / 5 }, (_, at) => `${session}-${PER_SENDER - 5 * at}`),
  );
});

test("a password in the URL is in no argument, log, status or error", async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const secret = "s3cret-of-the-database";
  const url = server.url.replace("mpm@", `mpm:${secret}@`);
  const monitor = await onStore(t, url);
  const status = JSON.stringify(await monitor.health());
  await server.stop("SIGQUIT");
  const trouble = JSON.stringify(await monitor.health());
  const argv = readFileSync(`/proc/${monitor.pid}/cmdline`, "utf8");
  const logs = readdirSync(join(monitor.home, "log")).map((name) =>
    readFileSync(join(monitor.home, "log", name), "utf8"),
  );
  const said: string[] = [];
  for (const args of [["monitor", "--port", "0"], ["monitor", "start"], ["config", "list"], ["status"]]) {
    const child = start(t, NODE, [dist("cli.js"), ...args], tempWorld(t, { MPM_STORE: url }).env);
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => said.push(String(chunk)));
    await until(() => child.exitCode !== null, 30_000, args.join(" "));
  }
  assert.match(said.join(""), /the store cannot be reached/);
  for (const text of [status, trouble, argv, ...logs, ...said]) assert.ok(!text.includes(secret), text);
});
