// The conversation of a very long session: what it says is as before, and its time grows with its length alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { placesOf, turnAtOf } from "../../../src/session/conversation.ts";

test("the turn of a time is the last by number that had begun, also where a clock was set back", () => {
  const turns = [10, 30, 20, 50, 40].map((startedAt, index) => ({ number: index + 1, startedAt }));
  const turnAt = turnAtOf(turns);
  for (let t = 0; t <= 60; t++)
    assert.equal(turnAt(t), turns.findLast(({ startedAt }) => startedAt <= t)?.number ?? 0, `at ${t}`);
  assert.equal(turnAtOf([])(5), 0);
});

/** Processor time of reading a conversation of so many turns, in each of which the same is asked and said, ms. */
function timeOf(count: number): number {
  const turnAt = turnAtOf(Array.from({ length: count }, (_, turn) => ({ number: turn + 1, startedAt: turn * 60_000 })));
  const rows = Array.from({ length: count }, (_, turn) => {
    const row = (event: string, more: number, source?: "transcript") => ({
      id: `${turn}-${more}`,
      n: turn * 4 + more,
      t: turn * 60_000 + more,
      event,
      text: "go on",
      ...(source ? { source } : {}),
    });
    return [
      row("UserPromptSubmit", 0),
      row("UserPromptSubmit", 1, "transcript"),
      row("AssistantMessage", 2, "transcript"),
      row("Stop", 3),
    ];
  }).flat();
  const before = process.cpuUsage();
  assert.equal(placesOf(rows, turnAt).length, 2 * count);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

test("a conversation of sixteen times the turns takes no more than sixty times as long", () => {
  timeOf(2000);
  const least = (count: number) => Math.min(...[1, 2, 3].map(() => timeOf(count)));
  const [short, long] = [least(2000), least(32_000)];
  assert.ok(long < 60 * Math.max(short, 1), `${short} ms, then ${long} ms`);
});
