// Fuzzed in this process: a transcript that grows, shrinks and is replaced while it is read in portions.

import assert from "node:assert/strict";
import { appendFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { BEGINNING, Bookmark, type Portion, readOn } from "../../src/transcripts/transcript.ts";
import { bytesOf, damaged, type Json, json, latin, text } from "./arbitrary.ts";
import { home } from "./monitor.ts";
import { target } from "./target.ts";

/** Longer than what is read at a time. */
const LONG = 300_000;

const tokens = fc.oneof(
  { weight: 8, arbitrary: fc.nat(100_000) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 0.5, 1e308, 2 ** 53, -(2 ** 53), 2 ** 45) },
  { weight: 1, arbitrary: json },
);

/** A line of an answer, as the host writes it: the message's id is repeated with counts that grow. */
const answer = fc
  .record({
    id: fc.constantFrom("m-1", "m-2", "m-3", "__proto__", ""),
    model: fc.constantFrom("opus", "haiku", "__proto__", "<synthetic>"),
    branch: fc.oneof(fc.constant("main"), json),
    usage: fc.record(
      {
        input_tokens: tokens,
        output_tokens: tokens,
        cache_read_input_tokens: tokens,
        cache_creation_input_tokens: tokens,
      },
      { requiredKeys: [] },
    ),
    text,
    times: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ id, model, branch, usage, text: content, times }) =>
    `${JSON.stringify({ type: "assistant", gitBranch: branch, message: { id, model, usage, content } })}\n`.repeat(
      times,
    ),
  );

const interruption = fc
  .record({
    type: fc.constantFrom("user", "assistant"),
    timestamp: fc.oneof(fc.constant("2026-01-05T08:00:07.500Z"), json),
    promptId: json,
    content: fc.oneof(
      fc.constantFrom<Json[]>([{ type: "text", text: "[Request interrupted by user]" }]),
      json as fc.Arbitrary<Json[]>,
    ),
  })
  .map(({ content, ...rest }) => `${JSON.stringify({ ...rest, message: { role: "user", content } })}\n`);

const lines = fc.oneof(
  { weight: 8, arbitrary: answer.map(latin) },
  { weight: 3, arbitrary: damaged(answer.map(latin)) },
  { weight: 1, arbitrary: interruption.map(latin) },
  { weight: 2, arbitrary: json.map((value) => latin(`${JSON.stringify(value)}\n`)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString("latin1")) },
);

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("append" as const), bytes: lines }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("read" as const) }) },
);
const trick = fc.oneof(
  { weight: 8, arbitrary: step },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("long" as const), unit: fc.constantFrom("x", " ", '{"usage":') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("shrink" as const), to: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("replace" as const), bytes: lines }) },
);
type Step = typeof trick extends fc.Arbitrary<infer T> ? T : never;

/** Reads on, with the bookmark as the store keeps it. */
async function readFrom(file: string, bookmark: Bookmark) {
  const portion = await readOn(file, Bookmark.parse(JSON.parse(JSON.stringify(bookmark))));
  assert.ok(portion, "a file that is there is read");
  assert.ok(portion.bookmark.offset <= statSync(file).size, "no further than its end");
  for (const { tokens: counts } of portion.answers)
    for (const count of Object.values(counts)) assert.ok(Number.isSafeInteger(count) && count >= 0, `${count} tokens`);
  return portion;
}

/** Adds answers as the store does: the largest of each count stands, and the first model. */
const add = (sums: Map<string, Record<string, unknown>>, answers: Portion["answers"]) => {
  for (const { id, model, tokens: counts } of answers) {
    const before = sums.get(id);
    const most = Object.entries(counts).map(([name, count]) => [name, Math.max(count, Number(before?.[name] ?? 0))]);
    sums.set(id, { ...before, ...Object.fromEntries(most), model: before?.["model"] ?? model });
  }
};

function change(file: string, one: Exclude<Step, { kind: "read" }>): void {
  if (one.kind === "append") appendFileSync(file, bytesOf(one.bytes));
  else if (one.kind === "long") appendFileSync(file, one.unit.repeat(LONG / one.unit.length));
  else if (one.kind === "shrink") truncateSync(file, Math.floor(statSync(file).size * one.to));
  else {
    rmSync(file); // another file of that name, as an editor writes it
    writeFileSync(file, bytesOf(one.bytes));
  }
}

export const TRANSCRIPTS = [
  target("a transcript", 10_000, fc.array(trick, { minLength: 1, maxLength: 12 }), () => {
    const { dir, remove } = home();
    const file = join(dir, "t.jsonl");
    return {
      async check(steps) {
        writeFileSync(file, "");
        const sums = new Map<string, Record<string, unknown>>();
        let bookmark: Bookmark = BEGINNING;
        const read = async () => {
          const portion = await readFrom(file, bookmark);
          bookmark = portion.bookmark;
          add(sums, portion.answers);
          return portion;
        };
        for (const one of steps) {
          if (one.kind === "read") await read();
          else change(file, one);
        }
        await read();
        const again = await read();
        assert.equal(again.answers.length, 0, "what has been read is not read again");

        // Only a file that grows holds all that was counted.
        if (steps.some(({ kind }) => kind === "shrink" || kind === "replace")) return;
        const whole = await readFrom(file, BEGINNING);
        assert.deepEqual(whole.bookmark.offset, bookmark.offset);
        const atOnce = new Map<string, Record<string, unknown>>();
        add(atOnce, whole.answers);
        assert.deepEqual(sums, atOnce, "in portions as at once");
      },
      close: remove,
    };
  }),
];
