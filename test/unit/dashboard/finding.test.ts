// What a few letters fit, how hits are listed, which days a word stands for, and the command that resumes a session.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { FoundRow } from "../../../src/contract/routes.ts";
import { dayHeading, rangeOf } from "../../../src/dashboard/model/days.ts";
import { fit } from "../../../src/dashboard/model/fuzzy.ts";
import { itemsOf } from "../../../src/dashboard/model/hits.ts";
import { wholeWords } from "../../../src/dashboard/model/query.ts";
import { resumeCommand } from "../../../src/dashboard/model/resume.ts";

const MINUTE_MS = 60_000;

test("letters fit in their order, best at the beginning of words and side by side", () => {
  const best = (typed: string, ...texts: readonly string[]) =>
    texts.filter((text) => fit(typed, text) !== undefined).sort((a, b) => (fit(typed, b) ?? 0) - (fit(typed, a) ?? 0));
  assert.deepEqual(best("hapi", "that pier", "harbour-api", "chapel"), ["harbour-api", "that pier"]);
  assert.deepEqual(best("stat", "lost and found: a tale", "Statistics"), ["Statistics", "lost and found: a tale"]);
  assert.equal(fit("xyz", "harbour"), undefined);
  assert.equal(fit("", "harbour"), 0);
});

const row = (n: number, more: Partial<FoundRow>): FoundRow => ({
  n,
  id: `id-${n}`,
  t: n * 1000,
  session: "a",
  seq: n,
  event: "Stop",
  bytes: 1,
  ...more,
});

test("hits stand under their session, a call once, and a batch only where its calls were not found", () => {
  const rows = [
    row(9, { event: "PostToolBatch" }),
    row(8, { event: "PostToolUse", call: "c" }),
    row(7, { session: "b" }),
    row(6, { event: "PreToolUse", call: "c" }),
    row(5, { session: "b", event: "PostToolBatch" }),
  ];
  assert.deepEqual(
    itemsOf(rows).map((item) => (item.kind === "session" ? `${item.session}: ${item.hits}` : item.row.n)),
    ["a: 1", 8, "b: 2", 7, 5],
  );
});

test("a day is the local one, from midnight to midnight", () => {
  const noon = new Date(2026, 2, 10, 12).getTime();
  assert.deepEqual(rangeOf("today", noon), { since: new Date(2026, 2, 10).getTime() });
  assert.deepEqual(rangeOf("yesterday", noon), {
    since: new Date(2026, 2, 9).getTime(),
    until: new Date(2026, 2, 10).getTime() - 1,
  });
  assert.deepEqual(rangeOf("week", noon), { since: new Date(2026, 2, 4).getTime() });
  assert.deepEqual(rangeOf("someday", noon), {});
  assert.equal(dayHeading(noon - MINUTE_MS, noon), "Today");
  assert.equal(dayHeading(noon - 1440 * MINUTE_MS, noon), "Yesterday");
  assert.equal(dayHeading(new Date(2026, 1, 2).getTime(), noon), "Monday, February 2");
  assert.match(dayHeading(new Date(2025, 1, 2).getTime(), noon), /2025/);
});

test("a session is resumed where it was begun, whatever the directory is called", () => {
  assert.equal(resumeCommand({ id: "a-1", project: "/p/q" }), "cd /p/q && claude --resume a-1");
  assert.equal(resumeCommand({ id: "a-1", project: "", cwd: "/p q" }), "cd '/p q' && claude --resume a-1");
  assert.equal(resumeCommand({ id: "$(x)", project: "/it's" }), "cd '/it'\\''s' && claude --resume '$(x)'");
  assert.equal(resumeCommand({ id: "a-1", project: "" }), "claude --resume a-1");
});

test("words that are found whole are told from operators and phrases", () => {
  assert.deepEqual(wholeWords("gauge OR tides NOT pi*"), ["gauge", "tides"]);
  assert.deepEqual(wholeWords('"side by side" more'), []);
});
