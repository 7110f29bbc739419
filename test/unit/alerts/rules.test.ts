// What is told: each cause once, none missed, and only what the rule is about.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  arrivedLate,
  Bursts,
  flowTrouble,
  HookCost,
  idOf,
  Latency,
  overBudget,
  Repeats,
  turnEnded,
  waitingTooLong,
} from "../../../src/alerts/rules.ts";
import { quietFor, type Rule } from "../../../src/alerts/setup.ts";
import { readDuration, readSize, writeDuration, writeSize } from "../../../src/config/units.ts";
import type { EventRow } from "../../../src/contract/row.ts";
import { after, begun, call, shown, T0 } from "../session/shorts.ts";

const rule = (when: Rule["when"], more: Partial<Rule> = {}): Rule => ({ when, to: ["x"], ...more });
const about = { id: "s", project: "/home/dana/code/tidepool" };
let n = 0;
const row = (t: number, more: Partial<EventRow> = {}): EventRow => ({
  n: ++n,
  id: `e${n}`,
  t,
  session: "s",
  seq: n,
  event: "PostToolUseFailure",
  tool: "Bash",
  failed: true,
  bytes: 1,
  ...more,
});

describe("waiting", () => {
  const asked = shown(after(...begun, call("1"), ["PermissionRequest", { tool: "Bash" }]));
  const since = asked.waits[0]?.since ?? assert.fail("it waits");

  test("is told once it has lasted long enough, and says when that will be", () => {
    const over = rule("waiting", { over: 60_000 });
    assert.deepEqual(waitingTooLong(over, asked, since + 59_999), { found: [], next: since + 60_000 });
    const { found, next } = waitingTooLong(over, asked, since + 60_000);
    assert.equal(next, undefined);
    assert.equal(found[0]?.alert.text, "p waits for you: permission for Bash.");
    assert.equal(waitingTooLong(over, asked, since + 90_000).found[0]?.alert.id, found[0]?.alert.id, "the same cause");
  });

  test("is not the time until the next prompt, nor what nobody is sure of", () => {
    const idle = shown(after(...begun, ["Stop"], ["Notification", { kind: "idle_prompt" }]));
    assert.deepEqual(waitingTooLong(rule("waiting", { over: 1 }), idle, T0 * 2).found, []);
  });
});

test("failures in a burst are told once, and those far apart are not", () => {
  const bursts = new Bursts(rule("failures", { count: 3, over: 1000 }));
  const times = [0, 100, 5000, 5100, 5200, 5300, 9000, 9001, 9002];
  const told = times.map((t) => bursts.take(row(t), about)?.alert.at);
  assert.deepEqual(told, [undefined, undefined, undefined, undefined, 5200, undefined, undefined, undefined, 9002]);
});

test("bursts of several sessions are told apart, whatever the order (property)", () => {
  const events = fc.array(fc.record({ session: fc.constantFrom("a", "b", "c"), gap: fc.nat(700) }), { maxLength: 60 });
  fc.assert(
    fc.property(events, (given) => {
      const bursts = new Bursts(rule("failures", { count: 3, over: 1000 }));
      const ids: string[] = [];
      const recent = new Map<string, number[]>();
      let expected = 0;
      let t = 0;
      for (const { session, gap } of given) {
        t += gap;
        const found = bursts.take(row(t, { session }), { ...about, id: session });
        if (found) ids.push(found.alert.id);
        const kept = [...(recent.get(session) ?? []).filter((each) => t - each < 1000), t];
        if (kept.length >= 3) expected++;
        recent.set(session, kept.length >= 3 ? [] : kept);
      }
      assert.equal(ids.length, expected);
      assert.equal(new Set(ids).size, ids.length, "no cause twice");
    }),
  );
});

test("the same call that fails again and again is told once; a success in between begins anew", () => {
  const repeats = new Repeats(rule("repeat", { count: 3 }));
  const fail = (key: string) => repeats.take(row(1), key, about) !== undefined;
  assert.deepEqual([fail("a"), fail("b"), fail("a"), fail("a"), fail("a")], [false, false, false, true, false]);
  const { failed: _, ...succeeded } = row(2, { event: "PostToolUse" });
  repeats.take(succeeded, "a", about);
  assert.deepEqual([fail("a"), fail("a"), fail("a")], [false, false, true]);
});

test("a budget is told at 80 % and when it is used up, once each a period", () => {
  const budget = rule("budget", { usd: 10, per: "day" });
  const ids = [7.9, 8, 9, 10, 12].map((usd) => overBudget(budget, "2026-01-05", { usd, tokens: 0 }, T0)?.alert.id);
  assert.deepEqual([ids[0], ids[1] === ids[2], ids[3] === ids[4], ids[1] === ids[3]], [undefined, true, true, false]);
  assert.notEqual(overBudget(budget, "2026-01-06", { usd: 12, tokens: 0 }, T0)?.alert.id, ids[4]);
  const tokens = overBudget(rule("budget", { tokens: 100 }), "d", { usd: 0, tokens: 150 }, T0);
  assert.match(tokens?.alert.text ?? "", /150 of 100 tokens/);
});

test("a long turn is told with how it ended, a short one is not", () => {
  const turn = {
    number: 2,
    state: "done",
    prompt: "",
    answer: "Mended.",
    startedAt: T0,
    endedAt: T0 + 600_000,
    ms: { total: 600_000, model: 0, tools: 0, waiting: 0 },
    calls: 0,
    failed: 0,
    denied: 0,
  } as const;
  const session = shown(after(...begun, ["Stop"]));
  const found = turnEnded(rule("turn_ended", { over: 300_000 }), session, turn);
  assert.deepEqual([found?.alert.text, found?.alert.content], ["p is done after 10 minutes.", "Mended."]);
  assert.equal(turnEnded(rule("turn_ended", { over: 900_000 }), session, turn), undefined);
});

test("what is lost is told when it grows, what waits when it is old, and slowness once an hour", () => {
  const relay = rule("relay", { over: 60_000 });
  const flow = { lost: new Map([["m a", 5]]), pending: 3, oldestAt: T0 };
  assert.deepEqual(flowTrouble(relay, flow, 0, T0 + 59_000), []);
  assert.equal(flowTrouble(relay, flow, 2, T0 + 61_000).length, 2);
  const late = [row(T0), row(T0 + 100_000)];
  assert.deepEqual(arrivedLate(relay, late, T0 + 59_000), []);
  const [away] = arrivedLate(relay, late, T0 + 600_000);
  assert.equal(away?.alert.text, "Events were stored 10 minutes after they happened: the monitor was away.");
  assert.equal(arrivedLate(relay, late, T0 + 700_000)[0]?.alert.id, away?.alert.id, "the same cause");
  const latency = new Latency(rule("latency", { over: 1000 }));
  const rows = Array.from({ length: 30 }, () => row(T0));
  assert.equal(latency.take(rows, T0 + 900), undefined);
  const slow = latency.take(rows, T0 + 2000);
  assert.equal(slow?.alert.id, idOf("latency", Math.floor((T0 + 2000) / 3_600_000)));
});

test("hooks that hold Claude Code up are told, ours and others' apart, once an hour each", () => {
  const runs = (ms: number, isOurs: boolean, t = T0) =>
    Array.from({ length: 30 }, () => ({ t, ms, event: "PreToolUse", isOurs }));
  const cost = new HookCost(rule("hooks", { over: 200 }));
  assert.deepEqual(cost.take(runs(150, true), T0), [], "not over");
  const [others, ...more] = cost.take(runs(1500, false), T0 + 1000);
  assert.deepEqual(more, []);
  assert.equal(
    others?.alert.text,
    "Hooks of other programs hold Claude Code up: five of a hundred runs take longer than 1500ms. `mpm doctor` measures ours.",
  );
  const [again] = cost.take(runs(1500, false), T0 + 2000);
  assert.equal(again?.alert.id, others?.alert.id, "the same cause");
  const late = T0 + 3_600_000;
  assert.deepEqual(cost.take([{ t: late, ms: 9000, event: "Stop", isOurs: true }], late), [], "one is no rule");
  const [ours] = cost.take(runs(300, true, late), late);
  assert.match(ours?.alert.text ?? "", /^mpm's hook holds Claude Code up: .* than 300ms\./);
  assert.deepEqual(new HookCost(rule("hooks", {})).take(runs(9000, true, T0 - 600_000), T0), [], "of long ago");
});

test("quiet hours last until their end, also over midnight", () => {
  const night = { from: 22 * 60, until: 7 * 60 };
  const at = (hours: number, minutes: number) => quietFor(night, new Date(2026, 0, 5, hours, minutes));
  assert.deepEqual([at(21, 59), at(12, 0), at(7, 0)], [0, 0, 0]);
  assert.equal(at(23, 0), 8 * 3_600_000);
  assert.equal(at(6, 30), 30 * 60_000);
  assert.equal(quietFor({ from: 540, until: 1020 }, new Date(2026, 0, 5, 12, 0)), 5 * 3_600_000);
});

test("durations and sizes are read as people write them, and written so that they read the same (property)", () => {
  assert.deepEqual(
    ["30s", "5m", "1.5h", "90d", "2w", "250", "250ms"].map(readDuration),
    [30_000, 300_000, 5_400_000, 7_776_000_000, 1_209_600_000, 250, 250],
  );
  assert.deepEqual(["64MiB", "4GiB", "1kb", "7"].map(readSize), [67_108_864, 4_294_967_296, 1000, 7]);
  for (const text of ["", "m", "5 years", "-1s", "1e400", "5mm"]) assert.equal(readDuration(text), undefined, text);
  assert.deepEqual(
    [writeDuration(7_776_000_000), writeDuration(90_000), writeSize(4_294_967_296)],
    ["90d", "90s", "4GiB"],
  );
  fc.assert(
    fc.property(
      fc.nat(),
      (value) => readDuration(writeDuration(value)) === value && readSize(writeSize(value)) === value,
    ),
  );
});
