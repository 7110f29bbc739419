// The monitor's own life: one for a home, its port, its end when nobody needs it, and what it forgets.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { io } from "socket.io-client";
import { TICK_MS } from "../../../src/platform/process.ts";
import { dist, isAlive, mpm, NODE, start, tempWorld, until } from "../../world.ts";
import { openChain } from "../chain/chain.ts";
import { envelope, runMonitor } from "../trust/monitor.ts";

test("of monitors of one home that start at once one stays, and the others say why they leave", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  const all = Array.from({ length: 4 }, () => start(t, NODE, [dist("cli.js"), "monitor", "--port", "0"], env));
  const said = all.map((child) => {
    const chunks: Buffer[] = [];
    child.stderr?.on("data", (chunk: Buffer) => chunks.push(chunk));
    return () => Buffer.concat(chunks).toString();
  });
  await until(() => all.filter(({ exitCode }) => exitCode !== null).length === 3, 30_000, "the end of three");
  const [winner] = all.filter(({ exitCode }) => exitCode === null);
  for (const [index, { exitCode }] of all.entries())
    if (exitCode !== null) assert.match(said[index]?.() ?? "", /the monitor of this home is already running/);
  const address = join(mpmHome, "monitor.json");
  await until(() => existsSync(address), 20_000, "its address");
  assert.equal((JSON.parse(readFileSync(address, "utf8")) as { pid: number }).pid, winner?.pid);
});

test("a port that another program has is not taken from it; the reason and what to do are said", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  const stranger = createServer((_, response) => response.end("not a monitor"));
  stranger.listen(0, "127.0.0.1");
  await once(stranger, "listening");
  t.after(() => stranger.close());
  const { port } = stranger.address() as AddressInfo;
  const { status, stderr } = await mpm(["monitor", "--port", String(port)], { env });
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`port ${port} is taken by another program`));
  assert.equal(existsSync(join(mpmHome, "monitor.json")), false);
  assert.equal(
    (await mpm(["monitor", "--port", "0"], { env, timeoutMs: 3000 })).signal,
    "SIGKILL",
    "its lock was given back",
  );
});

test("on SIGTERM it ends with status 0, its address and its write-ahead log gone; the next one has all", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(envelope(1), envelope(2));
  await monitor.kill("SIGTERM");
  assert.equal(existsSync(join(monitor.home, "monitor.json")), false);
  assert.equal(existsSync(join(monitor.home, "monitor.db-wal")), false);
  const next = await runMonitor(t, { world: { env: monitor.env, mpmHome: monitor.home } });
  assert.equal((await next.health()).events, 2);
});

test("a statement of the store that takes minutes does not hold up its end, and what was acknowledged is kept", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(envelope(1), envelope(2));
  // Statistics count answers: here they find no end.
  const db = new DatabaseSync(join(monitor.home, "monitor.db"));
  db.exec(`ALTER TABLE answer RENAME TO answer_kept; CREATE VIEW answer AS SELECT k.* FROM
    (WITH RECURSIVE endless (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless) SELECT n FROM endless) LEFT JOIN answer_kept k`);
  const asked = monitor.ask("/api/stats").catch(() => undefined);
  await until(() => threadBurns(monitor.pid), 20_000, "the statement");
  const { status, stdout } = await mpm(["monitor", "stop"], { env: monitor.env });
  assert.match(stdout, /the monitor has ended/);
  assert.equal(status, 0);
  await asked;
  db.exec("DROP VIEW answer; ALTER TABLE answer_kept RENAME TO answer");
  db.close();
  const next = await runMonitor(t, { world: { env: monitor.env, mpmHome: monitor.home } });
  assert.equal((await next.health()).events, 2);
});

/** Whether a thread of the process other than its first has used half a second of processor time. */
function threadBurns(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`).filter((thread) => Number(thread) !== pid);
  return threads.some((thread) => {
    const fields = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return Number(fields[11]) * TICK_MS > 500;
  });
}

test("one that was started by itself ends when nobody needs it: not while events come or a page is open", async (t) => {
  const chain = openChain(t, { monitor: { port: 0, idleMs: 1000 } });
  chain.start("monitor");
  await until(() => chain.pid("monitor") !== undefined, 20_000, "the monitor");
  const pid = chain.pid("monitor") as number;
  const { url } = JSON.parse(readFileSync(join(chain.mpmHome, "monitor.json"), "utf8")) as { url: string };
  const token = readFileSync(join(chain.mpmHome, "token"), "utf8").trim();
  const page = io(`${url}/live`, { auth: { token }, transports: ["websocket"], forceNew: true });
  t.after(() => page.close());
  await new Promise<void>((resolve) => page.once("connect", () => resolve()));
  const opened = performance.now();
  await until(() => performance.now() - opened > 2500); // more than twice the idle time
  assert.ok(isAlive(pid), "a page is open");
  page.close();
  await until(() => !isAlive(pid), 20_000, "its end");
  assert.equal(existsSync(join(chain.mpmHome, "monitor.json")), false);
});

test("one that was started by hand stays, whatever the idle time", async (t) => {
  const monitor = await runMonitor(t, { config: { monitor: { idleMs: 100 } } });
  const begun = performance.now();
  await until(() => performance.now() - begun > 1000); // ten idle times
  assert.equal((await monitor.health())["status"], "healthy");
});

const DAY_MS = 86_400_000;

test("events beyond their age are forgotten, in every place; younger ones stay, and nothing counts as missing", async (t) => {
  const monitor = await runMonitor(t, { config: { monitor: { retentionMs: 30 * DAY_MS } } });
  const aged = (seq: number, days: number) => ({
    ...envelope(seq, { tool_input: { command: `word${seq}` } }),
    timestamp: new Date(Date.now() - days * DAY_MS).toISOString(),
  });
  await monitor.store(aged(1, 60), aged(2, 31), aged(3, 29), aged(4, 0));
  await until(async () => (await monitor.health()).events === 2, 20_000, "the old ones' end");
  const ids = async (query: string) => {
    const page = (await (await monitor.ask(`/api/events?${query}`)).json()) as { events: { id: string }[] };
    return page.events.map(({ id }) => id);
  };
  assert.deepEqual(await ids(""), ["s-4", "s-3"]);
  assert.deepEqual(await ids("q=word1"), []);
  assert.deepEqual(await ids("q=word3"), ["s-3"]);
  assert.equal((await monitor.ask("/api/events/s-1")).status, 404);
  const health = await monitor.health();
  assert.deepEqual([health["removed"], health["gaps"]], [2, 0], "what was forgotten is not missing");
});

test("a store beyond its size forgets the oldest until it fits, and gives the room back", async (t) => {
  const limit = 2 * 1024 * 1024;
  const monitor = await runMonitor(t, { config: { monitor: { maxBytes: limit } } });
  const large = (seq: number) => envelope(seq, { pad: `${seq} `.repeat(1000) });
  for (let from = 1; from <= 1500; from += 100)
    await monitor.store(...Array.from({ length: 100 }, (_, index) => large(from + index)));
  await until(async () => Number((await monitor.health())["bytes"]) <= limit, 30_000, "a store that fits");
  const { events, newest } = (await monitor.health()) as unknown as { events: number; newest: number };
  assert.ok(events > 0 && events < 1500, `${events} left`);
  assert.equal(newest, 1500);
  const page = (await (await monitor.ask("/api/events?view=rows&after=0&limit=1")).json()) as {
    events: { seq: number }[];
  };
  assert.equal(page.events[0]?.seq, 1500 - events + 1, "the oldest went");
  await monitor.kill("SIGTERM");
  assert.ok(statSync(join(monitor.home, "monitor.db")).size <= limit * 1.2);
});
