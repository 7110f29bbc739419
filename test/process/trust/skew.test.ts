// Relay and monitor of different versions: what the other does not know is kept or waited for, and nothing is lost.

import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { io, type Socket } from "socket.io-client";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { receiver } from "../../unit/relay/server.ts";
import { HOOK, mpm, NODE, ROOT, run, start, tempDir, tempWorld, until } from "../../world.ts";
import { envelope, type RunningMonitor, runMonitor } from "./monitor.ts";

const EVENTS = 5;

async function connected(t: TestContext, monitor: RunningMonitor): Promise<Socket> {
  const socket = io(monitor.url, {
    auth: { token: monitor.token(), another: 1 },
    reconnection: false,
    transports: ["websocket"],
  });
  t.after(() => socket.close());
  await until(() => socket.connected, 10_000, "the connection");
  return socket;
}

/** The built files, as if of a version whose events have another schema number. */
function newer(t: TestContext): string {
  const dir = join(tempDir(t), "dist");
  cpSync(join(ROOT, "dist"), dir, { recursive: true });
  let changed = 0;
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".js")) continue;
    const file = join(entry.parentPath, entry.name);
    const before = readFileSync(file, "utf8");
    const after = before.replaceAll(/\bschema:\s?1,\s?event:/g, "schema:2,event:");
    if (after === before) continue;
    writeFileSync(file, after);
    changed++;
  }
  assert.ok(changed > 0, "the place where events get their schema number");
  return dir;
}

async function send(env: Record<string, string>, from: number, count = EVENTS): Promise<void> {
  for (let n = from; n < from + count; n++) {
    const input = `${JSON.stringify({ hook_event_name: "Stop", session_id: "s", n })}\n`;
    const { status, stdout } = await run(HOOK, ["Stop"], { env, input });
    assert.deepEqual([status, stdout], [0, '{"continue":true}\n']);
  }
}

const numbers = (events: readonly Envelope[]) => events.map(({ data }) => data["n"]);
const upTo = (end: number) => Array.from({ length: end }, (_, index) => index + 1);

test("a newer relay's events are stored with what is unknown here, and what it says of itself is shown so", async (t) => {
  const monitor = await runMonitor(t);
  const socket = await connected(t, monitor);
  const event = {
    ...envelope(1),
    subtype: "of_the_future",
    hook_event_name: "NeverHeardOf",
    trace: { span: "x" },
    host: { name: "a", container: "c" },
  };
  const { ok } = (await socket.timeout(10_000).emitWithAck("claude_event", event, "another argument")) as {
    ok: boolean;
  };
  assert.equal(ok, true);
  const stored = (await (await monitor.ask(`/api/events/${event.id}`)).json()) as Record<string, unknown>;
  assert.deepEqual([stored["trace"], stored["host"]], [event.trace, event.host]);

  socket.emit("relay_status", {
    pid: 1,
    version: "99.0.0",
    host: "a",
    startedAt: 0,
    updatedAt: 0,
    url: "u",
    connected: true,
    mood: "fine",
    counters: { received: 1, forwarded: 1, repeated: 0, rejected: 0, cut: 0, dropped: 0, discarded: 0, delayed: 7 },
    spool: { pending: 0, bytes: 0, oldestAt: null, inodes: 3 },
  });
  await until(async () => ((await monitor.health())["relays"] as unknown[]).length === 1, 10_000, "the status");
  const [status] = (await monitor.health())["relays"] as Record<string, unknown>[];
  assert.deepEqual([status?.["version"], status?.["mood"]], ["99.0.0", "fine"]);
});

test("an event of another schema number is refused for good, by name; those beside it are stored", async (t) => {
  const monitor = await runMonitor(t);
  const socket = await connected(t, monitor);
  const answers = await Promise.all(
    [envelope(1), { ...envelope(2), schema: 2 }, envelope(3)].map(
      (event) =>
        socket.timeout(10_000).emitWithAck("claude_event", event) as Promise<{
          ok: boolean;
          permanent?: boolean;
          reason?: string;
        }>,
    ),
  );
  assert.deepEqual(
    answers.map(({ ok, permanent }) => [ok, permanent]),
    [
      [true, undefined],
      [false, true],
      [true, undefined],
    ],
  );
  assert.match(answers[1]?.reason ?? "", /^schema: /);
});

test("what an older monitor refuses stands in rejected/ with the reason, and mpm replay delivers it once they agree", async (t) => {
  const world = tempWorld(t);
  const monitor = await runMonitor(t, { world });
  const relay = start(t, NODE, [join(newer(t), "relay.js")], world.env);
  await until(() => existsSync(join(world.mpmHome, "relay.alive")), 10_000, "the newer relay");
  await send(world.env, 1);
  const rejected = () => {
    const dir = join(world.mpmHome, "rejected");
    return existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith(".reason.json")) : [];
  };
  await until(() => rejected().length === EVENTS, 20_000, "the refusals");
  assert.equal((await monitor.health()).events, 0);
  for (const name of rejected())
    assert.match(readFileSync(join(world.mpmHome, "rejected", name), "utf8"), /"by":"server","reason":"schema: /);

  relay.kill("SIGTERM");
  await until(() => relay.exitCode !== null, 10_000, "its end");
  const replayed = await mpm(["replay"], { env: world.env });
  assert.equal(replayed.status, 0, replayed.stderr);
  await send(world.env, EVENTS + 1);
  await until(async () => (await monitor.health()).events === 2 * EVENTS, 30_000, "all events");
  assert.deepEqual(rejected(), []);
  const { events } = (await (await monitor.ask("/api/events?after=0&limit=100")).json()) as { events: Envelope[] };
  assert.deepEqual(numbers(events), upTo(2 * EVENTS));
});

for (const [name, yes] of [
  ["a newer monitor", { ok: true, status: "queued", service: "mpm-monitor", window: "auto", shard: { of: 3 } }],
  ["an older monitor", { ok: true, status: "stored" }],
] as const)
  test(`the answers of ${name} are understood: its no is a no, its yes a yes, nothing is lost and nothing overtakes`, async (t) => {
    const world = tempWorld(t);
    let nos = 2;
    const server = await receiver(t, {
      answer: () =>
        nos-- > 0 ? [{ ok: false, permanent: "for now", reason: { code: "E_SHARD" } }] : [yes, "and more"],
    });
    await send({ ...world.env, MPM_SERVER_URL: server.url }, 1);
    const spool = join(world.mpmHome, "spool");
    await until(() => readdirSync(spool).length === 0, 30_000, "an empty spool");
    const last = new Map(server.received.map((event) => [event.id, event]));
    assert.deepEqual(numbers([...last.values()]), upTo(EVENTS));
    assert.ok(server.received.length >= EVENTS + 2, "what was refused was sent again");
    assert.ok(!existsSync(join(world.mpmHome, "rejected")), "and not given up");
  });
