// The search for texts that are slow to redact: every kind, with what stands behind its words, grown.

import assert from "node:assert/strict";
import { test } from "node:test";
import { KINDS } from "../../src/event/secrets/table.ts";
import { grown, MAX_RATIO, ordinary, piecesOf, ratioOf, SIZE, STRUCTURES, timeOf } from "./slow.ts";

/** The slowest of each kind is looked at again, so many times as large. */
const GROWN = 16;
/** A text may take so many times the processor time that its parts take one by one: a quadratic rule takes GROWN times. */
const MAX_GROWTH = 2;
const ATTEMPTS = 3;
/** Less cannot be compared: processor time is counted in steps of some ms. */
const MEASURABLE_MS = 30;

const floor = ordinary();
const inputs = [...KINDS.flatMap((kind) => piecesOf(kind).map((piece) => [kind.kind, piece] as const))]
  .concat(STRUCTURES.map((piece) => ["structure", piece] as const))
  .flatMap(([kind, piece]) => [false, true].map((varied) => ({ kind, piece, varied })));

function cpuOf(text: string, times: number): number {
  const before = process.threadCpuUsage();
  for (let time = 0; time < times; time++) timeOf({ text });
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** How many times as long a large text takes as its parts, which hold the same. */
function growthOf(piece: string): number {
  let growth = Number.POSITIVE_INFINITY;
  const [small, large] = [grown(piece, SIZE), grown(piece, GROWN * SIZE)];
  for (let attempt = 0; attempt < ATTEMPTS && growth > MAX_GROWTH; attempt++) {
    const whole = cpuOf(large, 1);
    if (whole < MEASURABLE_MS) return 1; // faster than 8 MB/s
    growth = Math.min(growth, whole / Math.max(cpuOf(small, GROWN), 1));
  }
  return growth;
}

test("no text takes many times as long as ordinary text, and none grows faster than its size", () => {
  const measured = inputs.map((input) => {
    const text = grown(input.piece, SIZE, input.varied);
    const ratio = ratioOf({ text }, floor);
    const name = `${input.kind}, ${JSON.stringify(input.piece.slice(0, 60))}${input.varied ? ", varied" : ""}`;
    assert.ok(ratio <= MAX_RATIO, `${name}: ${ratio.toFixed(0)} times as long as ordinary text`);
    return { ...input, name, ratio };
  });
  const slowest = new Map<string, (typeof measured)[number]>();
  for (const one of measured) if (one.ratio > (slowest.get(one.kind)?.ratio ?? 0)) slowest.set(one.kind, one);
  for (const { name, piece } of slowest.values()) {
    const growth = growthOf(piece);
    assert.ok(growth <= MAX_GROWTH, `${name}: takes ${growth.toFixed(1)} times as long as its parts`);
  }
});
