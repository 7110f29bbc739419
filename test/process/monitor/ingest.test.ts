// Promises 3 and 4, at the monitor: what was acknowledged is kept, once, whatever is killed or damaged.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Ack } from "../../../src/contract/ack.ts";
import type { Envelope } from "../../../src/contract/envelope.ts";
import type { EventRow } from "../../../src/contract/row.ts";
import { isAlive, mpm, tempWorld, until } from "../../world.ts";
import { seeded } from "../chain/random.ts";
import { envelope, type RunningMonitor, runMonitor } from "../trust/monitor.ts";

const JSON_TYPE = { "content-type": "application/json" };
const post = ({ ask }: RunningMonitor, body: unknown) =>
  ask("/api/events", {
    method: "POST",
    headers: JSON_TYPE,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
const results = async (answer: Response) => ((await answer.json()) as { results: Ack[] }).results;
const rows = async ({ ask }: RunningMonitor) =>
  ((await (await ask("/api/events?view=rows&limit=1000&after=0")).json()) as { events: EventRow[] }).events;
const several = (from: number, to: number, fields: Record<string, unknown> = {}) =>
  Array.from({ length: to - from + 1 }, (_, index) => envelope(from + index, fields));

test("a batch that comes again is known, event by event; what is new in it is stored", async (t) => {
  const monitor = await runMonitor(t);
  const statuses = async (batch: Envelope[]) =>
    (await results(await post(monitor, batch))).map((ack) => (ack.ok ? ack.status : ack.reason));
  assert.deepEqual(await statuses(several(1, 3)), ["stored", "stored", "stored"]);
  assert.deepEqual(await statuses(several(2, 4)), ["repeated", "repeated", "stored"]);
  assert.deepEqual(await statuses([envelope(5), envelope(5)]), ["stored", "repeated"], "also within a batch");
  const [first, second] = await Promise.all([post(monitor, several(6, 105)), post(monitor, several(6, 105))]);
  const both = [...(await results(first)), ...(await results(second))].map((ack) => ack.ok && ack.status);
  assert.equal(both.filter((status) => status === "stored").length, 100, "also from two senders at once");
  assert.deepEqual(
    (await rows(monitor)).map(({ seq }) => seq),
    several(1, 105).map(({ seq }) => seq),
  );
  const { counters, events } = (await monitor.health()) as unknown as {
    counters: Record<string, number>;
    events: number;
  };
  assert.deepEqual([events, counters["stored"], counters["repeated"]], [105, 105, 103]);
});

test("events that come out of order are kept as they come; a number that is missing shows until it comes", async (t) => {
  const monitor = await runMonitor(t);
  const gaps = async () => (await monitor.health())["gaps"];
  await monitor.store(envelope(5), envelope(1), envelope(2));
  assert.equal(await gaps(), 2);
  await monitor.store(envelope(4));
  assert.equal(await gaps(), 1);
  await monitor.store(envelope(3));
  assert.equal(await gaps(), 0);
  assert.deepEqual(
    (await rows(monitor)).map(({ seq }) => seq),
    [5, 1, 2, 4, 3],
  );
});

test("killed at any moment, it has all that it has acknowledged, and nothing twice", async (t) => {
  const random = seeded(t);
  const world = tempWorld(t);
  const acknowledged = new Set<string>();
  let sent = 0;
  const next = (count: number) => {
    sent += count;
    return several(sent - count + 1, sent);
  };
  for (let kills = 0; kills < 5; kills++) {
    const monitor = await runMonitor(t, { world });
    const feeding = feed(monitor, next, acknowledged);
    await sleep(random.between(20, 300));
    await monitor.kill("SIGKILL");
    await feeding;
  }
  const monitor = await runMonitor(t, { world });
  assert.equal((await mpm(["status", "--json"], { env: world.env })).status, 0);
  const kept = new Set<string>();
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = (await (await monitor.ask(`/api/events?view=rows&limit=1000&after=${after}`)).json()) as {
      events: EventRow[];
    };
    for (const { id } of page.events) {
      assert.ok(!kept.has(id), `${id} is there twice`);
      kept.add(id);
    }
    after = page.events.at(-1)?.n;
  }
  t.diagnostic(`${acknowledged.size} acknowledged, ${kept.size} kept, ${sent} sent`);
  assert.ok(acknowledged.size > 0);
  for (const id of acknowledged) assert.ok(kept.has(id), `${id} was acknowledged and is lost`);
});

/** Posts batches until the monitor is gone. */
async function feed(
  monitor: RunningMonitor,
  next: (count: number) => Envelope[],
  acknowledged: Set<string>,
): Promise<void> {
  for (;;) {
    const batch = next(20);
    try {
      const acks = await results(await post(monitor, batch));
      for (const [index, ack] of acks.entries()) if (ack.ok) acknowledged.add((batch[index] as Envelope).id);
    } catch {
      return; // killed
    }
  }
}

test("a store that cannot grow keeps nothing of a batch and says so; with room again it takes it", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(...several(1, 10));
  const limit = (bytes: string) => execFileSync("prlimit", ["--pid", String(monitor.pid), `--fsize=${bytes}`]);
  limit(`${Math.max(...["", "-wal"].map((end) => statSync(join(monitor.home, `monitor.db${end}`)).size))}:unlimited`);
  const large = several(11, 60, { pad: "x".repeat(100_000) });
  const refused = await post(monitor, large);
  assert.equal(refused.status, 503);
  assert.match(
    ((await refused.json()) as { error: { message: string } }).error.message,
    /the store cannot take events now/,
  );
  assert.equal((await rows(monitor)).length, 10);
  limit("unlimited:unlimited");
  await monitor.store(...large);
  assert.deepEqual(
    (await rows(monitor)).map(({ seq }) => seq),
    several(1, 60).map(({ seq }) => seq),
  );
});

test("a store that is no database is set aside and reported, never deleted; the monitor goes on with a new one", async (t) => {
  const world = tempWorld(t);
  const before = await runMonitor(t, { world });
  await before.store(...several(1, 5));
  await before.kill("SIGTERM");
  const file = join(world.mpmHome, "monitor.db");
  overwrite(file, 0, Buffer.from("this is no database, it has been overwritten"));
  const damaged = readFileSync(file);

  const monitor = await runMonitor(t, { world });
  await checkPutAside(monitor, damaged);
  await monitor.store(...several(6, 7));
  assert.equal((await rows(monitor)).length, 2);
});

test("a store that is damaged while in use is set aside as well; what is refused then is stored by the next", async (t) => {
  const monitor = await runMonitor(t);
  await monitor.store(...several(1, 400, { pad: "x".repeat(3000) }));
  await monitor.kill("SIGTERM"); // writes all into the one file
  const again = await runMonitor(t, { world: { env: monitor.env, mpmHome: monitor.home } });
  const file = join(monitor.home, "monitor.db");
  const { size } = statSync(file);
  overwrite(file, 8192, Buffer.alloc(size - 8192, 0xa5)); // all but the beginning, which alone is read at the start
  const batch = several(401, 402);
  const refused = await post(again, batch).then(
    ({ status }) => status,
    () => "no answer, as good as a no",
  );
  assert.notEqual(refused, 200);
  await until(() => !isAlive(again.pid), 20_000, "its end");
  const next = await runMonitor(t, { world: { env: monitor.env, mpmHome: monitor.home } });
  assert.equal((await post(next, batch)).status, 200);
  assert.equal((await rows(next)).length, 2);
  assert.match(String((await next.health())["setAside"]), /monitor\.db\.corrupt-\d+$/);
  assert.equal(readdirSync(monitor.home).filter((name) => /^monitor\.db\.corrupt-\d+$/.test(name)).length, 1);
});

function overwrite(file: string, at: number, bytes: Buffer): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}

async function checkPutAside(monitor: RunningMonitor, damaged: Buffer): Promise<void> {
  const [name, ...others] = readdirSync(monitor.home).filter((entry) => /^monitor\.db\.corrupt-\d+$/.test(entry));
  assert.deepEqual(others, []);
  const aside = join(monitor.home, name ?? "");
  assert.deepEqual(readFileSync(aside), damaged, "as it was");
  assert.equal((await monitor.health())["setAside"], aside);
  assert.match(readFileSync(join(monitor.home, "log/monitor.log"), "utf8"), /set aside/);
  const status = await mpm(["status"], { env: monitor.env });
  assert.ok(status.stdout.includes(aside), status.stdout);
}

test("raw hook payloads are taken as well: numbered, redacted, and answered as Claude Code's http hooks need it", async (t) => {
  const monitor = await runMonitor(t);
  const key = `sk-ant-${"api03-"}${"a1B2".repeat(24)}`;
  const payload = {
    hook_event_name: "PreToolUse",
    session_id: "raw",
    tool_name: "Bash",
    tool_input: { command: `export K=${key}` },
  };
  for (let count = 0; count < 2; count++) {
    const answer = await post(monitor, payload);
    assert.deepEqual([answer.status, await answer.text()], [204, ""], "an empty body decides nothing");
  }
  const wrapped = {
    event: "claude_event",
    data: { subtype: "pre_tool", session_id: "raw", cwd: "/p", data: { tool_name: "Read" } },
  };
  assert.equal((await post(monitor, wrapped)).status, 204);
  const kept = await rows(monitor);
  assert.deepEqual(
    kept.map(({ seq, event, tool }) => [seq, event, tool]),
    [
      [1, "PreToolUse", "Bash"],
      [2, "PreToolUse", "Bash"],
      [3, "PreToolUse", "Read"],
    ],
  );
  const text = await (await monitor.ask("/api/events")).text();
  assert.ok(!text.includes(key) && text.includes("[redacted:"));
  const mixed = await results(await post(monitor, [payload, { session_id: 5 }, envelope(1)]));
  assert.deepEqual(
    mixed.map(({ ok }) => ok),
    [true, false, true],
  );
});

const WRONG: readonly (readonly [body: string, status: number, message: RegExp])[] = [
  ["", 400, /the body is not JSON/],
  ["{", 400, /the body is not JSON/],
  ["5", 400, /\(payload\): expected a JSON object, received a number/],
  ["{}", 400, /hook_event_name: expected a string of 1 to 128 characters, received nothing/],
  ['{"hook_event_name":"Stop"}', 400, /session_id: expected a string of 1 to 256 characters, received nothing/],
  [JSON.stringify({ ...envelope(1), seq: "1" }), 400, /^seq: expected a number, received text$/],
  [JSON.stringify({ ...envelope(1), timestamp: "today" }), 400, /^timestamp: /],
  [JSON.stringify({ ...envelope(1), data: [] }), 400, /^data: expected an object/],
  [JSON.stringify({ ...envelope(1), pad: "x".repeat(8 * 1024 * 1024) }), 413, /larger than 8388608 bytes/],
];

test("what is no event is refused by place, expected and received", async (t) => {
  const monitor = await runMonitor(t);
  for (const [body, status, message] of WRONG) {
    const answer = await post(monitor, body);
    assert.deepEqual([body.slice(0, 80), answer.status], [body.slice(0, 80), status]);
    assert.match(((await answer.json()) as { error: { message: string } }).error.message, message);
  }
  assert.equal((await monitor.health()).events, 0);
});
