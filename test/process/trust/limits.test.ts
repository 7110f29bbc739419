// Every limit of hook, relay and files: at its edge nothing happens, just past it what is stated happens, and is counted.

import assert from "node:assert/strict";
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readAgent } from "../../../src/agents/agent.ts";
import { loadConfig } from "../../../src/config/config.ts";
import { SETTINGS } from "../../../src/config/settings.ts";
import { MAX_ENVELOPE_BYTES } from "../../../src/contract/envelope.ts";
import { MAX_DEPTH, parsePayload } from "../../../src/event/payload.ts";
import { MAX_LOG_BYTES, openLog } from "../../../src/platform/log.ts";
import { encodeEntry } from "../../../src/spool/entry.ts";
import { MAX_ENTRY_BYTES } from "../../../src/spool/read.ts";
import { fill } from "../../unit/relay/fill.ts";
import { receiver } from "../../unit/relay/server.ts";
import { dist, HOOK, mpm, NODE, run, start, tempDir, tempWorld, until } from "../../world.ts";

/** Where nothing listens. */
const NOBODY_THERE = "http://127.0.0.1:9";

interface Status {
  readonly relay: { counters: Record<"received" | "rejected" | "cut" | "dropped" | "discarded", number> | null };
  readonly spool: { pending: number; bytes: number };
  readonly rejected: number;
}

async function status(env: Record<string, string>): Promise<Status> {
  return JSON.parse((await mpm(["status", "--json"], { env })).stdout) as Status;
}

test("an envelope at its limit is whole; a byte more, and its longest string is cut, marked and counted", async (t) => {
  const world = tempWorld(t);
  const server = await receiver(t);
  const env = { ...world.env, MPM_SERVER_URL: server.url };
  const send = async (length: number) => {
    const input = JSON.stringify({
      hook_event_name: "Stop",
      session_id: "s",
      pad: "x y ".repeat(length).slice(0, length),
    });
    const before = server.received.length;
    await run(HOOK, ["Stop"], { env, input });
    await until(() => server.received.length > before, 20_000, "the event");
    return server.received.at(-1);
  };
  const small = await send(1000);
  const overhead = Buffer.byteLength(JSON.stringify(small)) - 1000;
  const edge = await send(MAX_ENVELOPE_BYTES - overhead);
  assert.equal(Buffer.byteLength(JSON.stringify(edge)), MAX_ENVELOPE_BYTES);
  assert.equal(String(edge?.data["pad"]).length, MAX_ENVELOPE_BYTES - overhead);
  const past = await send(MAX_ENVELOPE_BYTES - overhead + 1);
  assert.ok(Buffer.byteLength(JSON.stringify(past)) <= MAX_ENVELOPE_BYTES);
  assert.match(String(past?.data["pad"]), /cut/);
  await until(async () => (await status(env)).relay.counters?.cut === 1, 20_000, "the counter");
});

test("an entry at its limit is forwarded; a byte more, and it is rejected unread, with a reason", async (t) => {
  const world = tempWorld(t);
  const server = await receiver(t);
  const spool = join(world.mpmHome, "spool");
  mkdirSync(spool, { recursive: true, mode: 0o700 });
  const envelope = (pad: number) =>
    encodeEntry({ event: "Stop" }, `{"hook_event_name":"Stop","session_id":"s","pad":"${"x".repeat(pad)}"}`);
  writeFileSync(join(spool, "1.00-11"), envelope(MAX_ENTRY_BYTES - envelope(0).length));
  assert.equal(statSync(join(spool, "1.00-11")).size, MAX_ENTRY_BYTES);
  closeSync(openSync(join(spool, "1.01-12"), "w"));
  truncateSync(join(spool, "1.01-12"), MAX_ENTRY_BYTES + 1);
  start(t, NODE, [dist("relay.js")], { ...world.env, MPM_SERVER_URL: server.url });
  await until(() => server.received.length === 1, 60_000, "the entry at the limit");
  await until(async () => (await status(world.env)).relay.counters?.rejected === 1, 20_000, "the counter");
  const reason = readFileSync(join(world.mpmHome, "rejected/1.01-12.reason.json"), "utf8");
  assert.match(reason, new RegExp(`larger than ${MAX_ENTRY_BYTES}`));
});

test("names and depth at their limits are events; past them they are rejected, or cut with a mark", () => {
  const event = (fields: object) => JSON.stringify({ hook_event_name: "Stop", session_id: "s", ...fields });
  for (const [field, edge] of [
    ["session_id", 256],
    ["hook_event_name", 128],
  ] as const) {
    assert.equal(parsePayload(event({ [field]: "x".repeat(edge) })).ok, true);
    const past = parsePayload(event({ [field]: "x".repeat(edge + 1) }));
    assert.ok(!past.ok && past.problem.path === field && past.problem.received.includes(`${edge + 1}`));
  }
  const nested = (depth: number) => event({ x: JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown });
  const edge = parsePayload(nested(MAX_DEPTH - 1));
  assert.deepEqual(edge.ok && edge.notes, []);
  const past = parsePayload(nested(MAX_DEPTH));
  assert.deepEqual(past.ok && past.notes, ["too-deep"]);
});

test("a spool at its limit keeps all; past it the oldest are dropped, counted, and gaps of the session", async (t) => {
  const world = tempWorld(t);
  const COUNT = 40;
  fill(world.mpmHome, COUNT);
  const spool = join(world.mpmHome, "spool");
  const size = readdirSync(spool).reduce((sum, name) => sum + statSync(join(spool, name)).size, 0);
  const relay = async (maxBytes: number) => {
    writeFileSync(join(world.mpmHome, "config.json"), JSON.stringify({ spool: { maxBytes }, relay: { idleMs: 500 } }));
    await run(NODE, [dist("relay.js")], { env: { ...world.env, MPM_SERVER_URL: NOBODY_THERE } });
    return status(world.env);
  };
  const edge = await relay(size);
  assert.deepEqual([edge.spool.pending, edge.relay.counters?.dropped], [COUNT, 0]);
  const past = await relay(size - 1);
  const dropped = past.relay.counters?.dropped ?? 0;
  assert.ok(dropped > 0 && dropped <= COUNT / 10, `${dropped} dropped: down to 95 hundredths`);
  assert.equal(past.spool.pending, COUNT - dropped);

  const server = await receiver(t);
  await run(NODE, [dist("cli.js"), "relay", "--once"], { env: { ...world.env, MPM_SERVER_URL: server.url } });
  assert.deepEqual(
    server.received.map(({ seq }) => seq),
    Array.from({ length: COUNT - dropped }, (_, index) => index + dropped + 1),
  );
});

test("rejected/ past its limit loses its oldest while the relay runs, counted", async (t) => {
  const world = tempWorld(t);
  const server = await receiver(t);
  mkdirSync(join(world.mpmHome, "spool"), { recursive: true, mode: 0o700 });
  const EACH = 20_000;
  writeFileSync(join(world.mpmHome, "config.json"), JSON.stringify({ rejected: { maxBytes: 4 * EACH } }));
  start(t, NODE, [dist("relay.js")], { ...world.env, MPM_SERVER_URL: server.url });
  for (let n = 0; n < 6; n++) {
    writeFileSync(join(world.mpmHome, `spool/${n}.00-4194302`), encodeEntry({}, `no event ${"x".repeat(EACH)}`));
    await until(async () => (await status(world.env)).relay.counters?.rejected === n + 1, 20_000, "the rejection");
  }
  await until(async () => ((await status(world.env)).relay.counters?.discarded ?? 0) >= 2, 20_000, "the counter");
  await until(async () => (await status(world.env)).rejected === 3, 20_000, "what fits");
});

test("a log at its limit is one file; past it there is a second one, and never a third", async (t) => {
  const home = tempDir(t);
  const config = loadConfig({ MPM_HOME: home }, "");
  const log = openLog(config, "relay");
  const line = "x".repeat(100_000);
  const write = (bytes: number) => {
    for (let written = 0; written < bytes; written += line.length) log.info(line);
  };
  write(MAX_LOG_BYTES - 2 * line.length);
  assert.deepEqual(readdirSync(join(home, "log")), ["relay.log"]);
  write(4 * line.length);
  assert.deepEqual(readdirSync(join(home, "log")).sort(), ["relay.log", "relay.log.1"]);
  write(3 * MAX_LOG_BYTES);
  const sizes = readdirSync(join(home, "log")).map((name) => statSync(join(home, "log", name)).size);
  assert.equal(sizes.length, 2);
  for (const size of sizes) assert.ok(size <= MAX_LOG_BYTES + 2 * line.length, `${size}`);
});

test("every setting takes the numbers at the ends of its range; one past them is reported by its key, and the default stands", (t) => {
  const home = tempDir(t);
  const ends: [key: string, good: unknown[], bad: unknown[]][] = [
    ["monitor.port", [0, 65_535], [-1, 65_536, 1.5, "1"]],
    ["monitor.idleMs", [100, Number.MAX_SAFE_INTEGER], [99, Number.MAX_SAFE_INTEGER + 1]],
    ["monitor.retentionMs", [100], [99, -1]],
    ["relay.idleMs", [100], [99]],
    ["spool.maxBytes", [1024], [1023]],
    ["rejected.maxBytes", [1024], [1023]],
    ["monitor.maxBytes", [1024], [1023]],
    ["monitor.host", ["h".repeat(255)], ["", "h".repeat(256)]],
    ["server.token", ["t".repeat(8), "t".repeat(512)], ["t".repeat(7), "t".repeat(513)]],
    ["redaction.patterns", [patterns(100)], [patterns(101), [{ name: "a", regex: "x".repeat(1001) }]]],
  ];
  for (const [key, good, bad] of ends) {
    const [section = "", name = ""] = key.split(".");
    const problems = (value: unknown) => {
      writeFileSync(join(home, "config.json"), JSON.stringify({ [section]: { [name]: value } }));
      return loadConfig({ MPM_HOME: home }, "").problems;
    };
    for (const value of good) assert.deepEqual(problems(value), [], `${key}`);
    for (const value of bad)
      assert.ok(problems(value)[0]?.key.startsWith(key), `${key}: ${String(value).slice(0, 40)}`);
  }
  assert.equal(loadConfig({ MPM_HOME: home }, "").redactPatterns, SETTINGS.redactPatterns.fallback);
});

const patterns = (count: number) => Array.from({ length: count }, (_, index) => ({ name: `p${index}`, regex: "x" }));

test("an agent's name may be longer than a name of its kind: Claude Code loads it", async () => {
  const agent = (name: string) =>
    readAgent("/a.md", Buffer.from(`---\nname: ${name}\ndescription: d\n---\nInstructions.\n`));
  assert.equal((await agent("a".repeat(64))).agent?.name.length, 64);
  assert.equal((await agent("a".repeat(65))).agent?.name.length, 65);
});
