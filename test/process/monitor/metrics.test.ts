// GET /metrics: every family as it is written, by a snapshot, and as Prometheus' own checker wants it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Counters, type RelayStatus } from "../../../src/contract/relay-status.ts";
import { DELIVERY_BUCKETS, Observations } from "../../../src/monitor/measure.ts";
import { exposition } from "../../../src/monitor/metrics.ts";
import { testWith } from "../../tools.ts";
import { run } from "../../world.ts";

const counters = Counters.parse({
  received: 9,
  forwarded: 8,
  repeated: 1,
  rejected: 1,
  cut: 0,
  dropped: 0,
  discarded: 0,
});
const relay = {
  pid: 1,
  host: 'a "b"\\\n',
  version: "1.0.0",
  startedAt: 0,
  updatedAt: 0,
  connected: true,
  url: "",
  spool: { pending: 2, bytes: 300, oldestAt: 0 },
  counters,
};

function text(tools: readonly string[] = ["Bash"], relays: readonly RelayStatus[] = [relay]): string {
  const delivery = new Observations(DELIVERY_BUCKETS);
  for (const seconds of [0.01, 0.03, 0.03, 9999]) delivery.observe(seconds);
  const bash = new Observations([1, 10]);
  bash.observe(5);
  return exposition({
    version: "1.0.0",
    health: {
      status: "healthy",
      service: "mpm-monitor",
      version: "1.0.0",
      pid: 1,
      instance: "i",
      startedAt: 1_767_225_600_000,
      now: 0,
      host: "a",
      events: 12,
      newest: 12,
      waiting: 0,
      counters: { stored: 12, repeated: 1, refused: 0, postponed: 0, commits: 3 },
      gaps: 0,
      bytes: 4096,
      removed: 7,
      retentionMs: 1,
      maxBytes: 8192,
      clients: 1,
      relays: [...relays],
      consumers: [{ name: "otlp", n: 12, waiting: 0, missed: 0, delivered: 5, refused: 1 }],
    },
    measures: {
      events: new Map([["PostToolUse", 1]]),
      calls: new Map(tools.map((tool) => [tool, new Map([["done", 1]])])),
      callSeconds: new Map([["Bash", bash]]),
      delivery,
    },
    momentary: { sessions: new Map([["waiting", 1]]), waiting: 61.5, cost: 1.25 },
  });
}

test("every metric has the name, the unit and the form that it had", (t) => {
  t.assert.snapshot(text());
});

test("two machines of one name are told apart, since Prometheus refuses a page with a series twice", () => {
  const page = text([], [relay, { ...relay, machine: "m1" }, { ...relay, host: "alone", machine: "m2" }]);
  const series = page.split("\n").filter((line) => line.startsWith("mpm_relay_connected"));
  assert.equal(new Set(series).size, 3);
  assert.ok(series.includes('mpm_relay_connected{host="alone"} 1'), "a name of its own needs nothing beside it");
});

test("a histogram counts up to its last bucket, which is its count", () => {
  const buckets = [...text().matchAll(/^mpm_delivery_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm)];
  assert.deepEqual(
    buckets.map(([, le, count]) => [le, count]).filter((_, index) => [0, 1, 11, 12].includes(index)),
    [
      ["0.025", "1"],
      ["0.05", "3"],
      ["3600", "3"],
      ["+Inf", "4"],
    ],
  );
  assert.match(text(), /^mpm_delivery_seconds_count 4$/m);
});

/** Names of tools that a terminal would obey, and what they must not be mistaken for. */
const NASTY = [
  "\u001b[31mred",
  "\\u001b[31mred",
  "\\\\u001b[31mred",
  "\u202egnp.exe\u0000\u009b2J",
  'a"} 1\nmpm_fake{x="',
];

test("a label holds nothing that a terminal obeys, and two that differ stay two", () => {
  const page = text(NASTY);
  assert.doesNotMatch(page, /[\0-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
  const calls = page.match(/^mpm_calls_total\{.*$/gm) ?? [];
  assert.equal(new Set(calls).size, NASTY.length);
});

testWith("prometheus")("promtool finds nothing to complain of", async () => {
  const { status, stdout, stderr } = await run("/usr/bin/promtool", ["check", "metrics"], {
    input: text(["Bash", ...NASTY]),
  });
  assert.deepEqual([status, stdout, stderr], [0, "", ""]);
});
