// Reading transcripts for an import, without a monitor: what is mended in a line, and how many batches are under way.

import assert from "node:assert/strict";
import { mkdirSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createRedactor } from "../../../src/event/redact.ts";
import { type KnownSession, openReader } from "../../../src/transcripts/events.ts";
import { type ImportBatch, importTranscripts } from "../../../src/transcripts/import.ts";
import { readLine } from "../../../src/transcripts/line.ts";
import { tempDir } from "../../world.ts";

/** Nothing is stored of it. */
const UNKNOWN_SESSION: KnownSession = { byHooks: false, calls: new Set(), prompts: new Set(), told: new Set() };

const line = (fields: string): Buffer =>
  Buffer.from(
    `{"type":"user","uuid":"3f0e4e12-04e1-4e55-8e10-0123456789ab","timestamp":"2026-09-04T08:00:00.000Z",${fields}}`,
  );

test("a number that a double cannot hold and half of a surrogate pair are mended in a line, and noted", () => {
  const read = readLine(
    line(
      String.raw`"message":{"content":[{"type":"tool_result","tool_use_id":"a","content":["\ud800", 12345678901234567890]}]}`,
    ),
  );
  assert.ok(read.kind === "results");
  assert.deepEqual(read.results[0]?.response, ["\ufffd", "12345678901234567890"]);
  assert.deepEqual(read.notes, ["lone-surrogates", "numbers-as-text"]);
  const plain = readLine(line('"message":{"content":"say 12 words"}'));
  assert.ok(plain.kind === "prompt" && plain.notes === undefined);
});

test("what a fork that hooks reported has copied is not said again, what follows is", () => {
  const forkedAt = Date.UTC(2026, 8, 4, 9);
  const known = { ...UNKNOWN_SESSION, byHooks: true, forkedAt };
  const call = (t: number, id: string) =>
    readLine(
      Buffer.from(
        JSON.stringify({
          type: "assistant",
          uuid: `3f0e4e12-${id}`,
          timestamp: new Date(t).toISOString(),
          message: { id, model: "claude-opus-5-5", content: [{ type: "tool_use", id, name: "Bash", input: {} }] },
        }),
      ),
    );
  const reader = openReader("fork", known);
  assert.deepEqual(reader.read(call(forkedAt - 1000, "copied")), []);
  assert.deepEqual(
    reader.read(call(forkedAt + 1000, "own")).map(({ payload }) => payload["tool_use_id"]),
    ["own"],
  );
});

test("batches are committed while the next is read, never more than two of them, in order, and all before the end", async (t) => {
  const place = join(tempDir(t), "projects", "-home-dana");
  mkdirSync(place, { recursive: true });
  for (const session of ["a", "b"]) {
    const lines = Array.from({ length: 700 }, (_, index) =>
      JSON.stringify({
        type: "user",
        uuid: `${session}0000000-${index}`,
        sessionId: session,
        timestamp: new Date(Date.UTC(2026, 8, 4) + index * 1000).toISOString(),
        message: { content: `prompt ${index}` },
      }),
    );
    writeFileSync(join(place, `${session}.jsonl`), `${lines.join("\n")}\n`);
  }
  const taken: ImportBatch[] = [];
  let underWay = 0;
  const progress = await importTranscripts({
    request: { places: [place], keptSince: 0, dryRun: false },
    sink: {
      look: async () => ({ isStored: false, known: UNKNOWN_SESSION }),
      async take(batch) {
        assert.ok(++underWay <= 2, `${underWay} at once`);
        await new Promise((wake) => setTimeout(wake, 5));
        underWay -= 1;
        taken.push(batch);
        return { added: batch.events.length, repeated: 0 };
      },
    },
    redactor: createRedactor({ enabled: true, patterns: [] }).redactor,
    hostName: "here",
    now: () => Date.UTC(2026, 9, 4),
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  assert.equal(progress.events.added, taken.flatMap(({ events }) => events).length);
  assert.ok(taken.length > 4, `${taken.length} batches`);
  assert.deepEqual(
    taken.filter(({ marks }) => marks.length > 0).map(({ session }) => session),
    taken.map(({ session }) => session).filter((session, index, all) => session !== all[index + 1]),
  );
});

test("a transcript that could not be read is read at the next import, though it is as it was", async (t) => {
  const place = join(tempDir(t), "projects", "-home-dana");
  mkdirSync(place, { recursive: true });
  const file = join(place, "a.jsonl");
  writeFileSync(file, line('"message":{"content":"count the posts"}'));
  const marks = new Map<string, string>();
  let isAway = true;
  const importOnce = () =>
    importTranscripts({
      request: { places: [place], keptSince: 0, dryRun: false },
      sink: {
        async look(_, now) {
          if (isAway) renameSync(file, `${file}.away`); // after it was found, before it is opened
          const isKnown = now.every(({ name, value }) => marks.get(name) === value);
          return { isStored: false, known: isKnown ? undefined : UNKNOWN_SESSION };
        },
        async take(batch) {
          for (const { name, value } of batch.marks) marks.set(name, value);
          return { added: batch.events.length, repeated: 0 };
        },
      },
      redactor: createRedactor({ enabled: true, patterns: [] }).redactor,
      hostName: "here",
      now: () => Date.UTC(2026, 9, 4),
      signal: new AbortController().signal,
      onProgress: () => {},
    });
  const first = await importOnce();
  assert.deepEqual([first.skipped.map(({ reason }) => reason), marks.size], [["unreadable"], 0]);
  renameSync(`${file}.away`, file);
  isAway = false;
  const second = await importOnce();
  assert.deepEqual([second.events.added > 0, marks.size], [true, 1]);
  assert.equal((await importOnce()).lines, 0);
});

for (const [what, change] of [
  ["cut off", (file: string) => truncateSync(file, 200)],
  [
    "replaced",
    (file: string) => {
      writeFileSync(`${file}.new`, line('"message":{"content":"count the cleats"}'));
      renameSync(`${file}.new`, file);
    },
  ],
] as const)
  test(`a transcript that is ${what} just as it is read is read again at the next import`, async (t) => {
    const place = join(tempDir(t), "projects", "-home-dana");
    mkdirSync(place, { recursive: true });
    const file = join(place, "a.jsonl");
    writeFileSync(file, `${line('"message":{"content":"count the posts"}')}\n`.repeat(3));
    const marks = new Map<string, string>();
    let isFirst = true;
    const importOnce = () =>
      importTranscripts({
        request: { places: [place], keptSince: 0, dryRun: false },
        sink: {
          async look(_, now) {
            if (isFirst) change(file); // after it was found, before it is opened
            isFirst = false;
            const isKnown = now.every(({ name, value }) => marks.get(name) === value);
            return { isStored: false, known: isKnown ? undefined : UNKNOWN_SESSION };
          },
          async take(batch) {
            for (const { name, value } of batch.marks) marks.set(name, value);
            return { added: batch.events.length, repeated: 0 };
          },
        },
        redactor: createRedactor({ enabled: true, patterns: [] }).redactor,
        hostName: "here",
        now: () => Date.UTC(2026, 9, 4),
        signal: new AbortController().signal,
        onProgress: () => {},
      });
    await importOnce();
    assert.ok((await importOnce()).lines > 0);
    assert.equal((await importOnce()).lines, 0);
  });
