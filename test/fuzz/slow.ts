// Inputs that are made to be slow for the redactor: what every kind begins with, in every structure, grown by repetition.
// - The bound is a ratio, against ordinary text of the same size in the same process: it holds on any machine.
// - What seems slow is measured again, so that a busy machine is no finding.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { createRedactor } from "../../src/event/redact.ts";
import { KINDS } from "../../src/event/secrets/table.ts";
import { TRUE } from "../unit/event/examples.ts";
import { ROOT } from "../world.ts";
import { target } from "./target.ts";

/** So many times as long as ordinary text may the slowest text take; the slowest known takes half of that. */
export const MAX_RATIO = 600;
/** Characters. */
export const SIZE = 16_384;
/** Beside others a process may be held up in most of them; one that is quick enough ends them. */
const ATTEMPTS = 25;
const WARMED = 40;

const { redactor } = createRedactor({ enabled: true, patterns: [], budgetMs: Number.POSITIVE_INFINITY });

/** What stands behind a word, and between two of them. */
const JOINTS = ["", "=", ": ", '="', ": '", '": "\\', '":{"', "('", " ", "\n", "\t", "|", ",", "\\n", "://", "@", "…"];
/** What is looked through, decoded or read as a structure. */
export const STRUCTURES = [
  '\\"',
  '"\\n"',
  "\\u0041",
  "\\x41",
  "%3D",
  "&quot;",
  "\x1b[3m",
  "\u200b",
  "-----BEGIN ",
  "-----END PRIVATE KEY",
  "eyJ.",
  "_eyJ\n",
  "A1b2C3d4E5f6G7h8I9j0KlMnOpQrStUvWxYz0123456789abcdefGHIJKLMNOPQR\n",
  "dG9rZW46IGFiYyB0b2tlbjogYWJjIHRva2VuOiBhYmMgdG9rZW46IGFiYyB0b2tl\n",
  "a".repeat(300),
  "x1".repeat(100),
  "a.b-c_d",
  "[redacted:",
  "- ",
  "#",
];

/** Words, and examples whole and in part, of every kind. */
export function piecesOf({ kind, words }: { kind: string; words: readonly string[] }): string[] {
  const examples = (TRUE[kind] ?? []).map(({ text }) => text);
  const parts = examples.flatMap((text) => [text, text.slice(0, -1), text.slice(0, Math.ceil(text.length / 2))]);
  return [
    ...new Set([...words.slice(0, 2).flatMap((word) => JOINTS.slice(0, 9).map((joint) => word + joint)), ...parts]),
  ];
}

/** Repeats a text up to a size; `varied`: with a number in it, so that nothing is the same twice. */
export function grown(piece: string, size: number, varied = false): string {
  if (!varied) return piece.repeat(Math.ceil(size / piece.length)).slice(0, size);
  let text = "";
  for (let index = 0; text.length < size; index++) text += piece + index.toString(36);
  return text.slice(0, size);
}

/** The shortest of some attempts, ms. */
export function timeOf(value: unknown, attempts = 1): number {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const begun = performance.now();
    redactor.redact(value);
    least = Math.min(least, performance.now() - begun);
  }
  return least;
}

/** What ordinary text takes, ms for SIZE characters. */
export function ordinary(): number {
  const source = readFileSync(join(ROOT, "src/relay/relay.ts"), "utf8");
  const text = grown(source, SIZE);
  for (let round = 0; round < WARMED; round++) redactor.redact({ text });
  return timeOf({ text }, WARMED);
}

/** How many times as long as ordinary text of its size an input takes, if it seems too long the least of several attempts. */
export function ratioOf(value: unknown, floor: number): number {
  const size = Math.max(SIZE, JSON.stringify(value).length);
  let ratio = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < ATTEMPTS && ratio > MAX_RATIO; attempt++)
    ratio = Math.min(ratio, (timeOf(value) / floor) * (SIZE / size));
  return ratio;
}

const piece = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...KINDS.flatMap(({ words }) => words)) },
  { weight: 2, arbitrary: fc.constantFrom(...JOINTS.filter((joint) => joint !== "")) },
  { weight: 2, arbitrary: fc.constantFrom(...KINDS.flatMap(piecesOf)) },
  { weight: 1, arbitrary: fc.constantFrom(...STRUCTURES) },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 4 }) },
);

/** A text in a field, in a list of lines, as keys, as JSON in a text. */
const PLACED: Record<string, (text: string) => unknown> = {
  field: (text) => ({ text }),
  lines: (text) => text.split("\n"),
  pieces: (text) => text.match(/[\s\S]{1,40}/g),
  keys: (text) => Object.fromEntries((text.match(/[\s\S]{1,40}/g) ?? []).map((key) => [key, key])),
  json: (text) => ({ text: JSON.stringify({ text: JSON.stringify(text) }) }),
};

export const SLOW = [
  target(
    "what is made to be slow to redact",
    1500,
    fc.record({
      pieces: fc.array(piece, { minLength: 1, maxLength: 4 }),
      varied: fc.boolean(),
      place: fc.constantFrom(...Object.keys(PLACED)),
    }),
    () => {
      const floor = ordinary();
      return {
        check({ pieces, varied, place }) {
          const text = grown(pieces.join(""), SIZE, varied);
          const ratio = ratioOf(PLACED[place]?.(text), floor);
          assert.ok(ratio <= MAX_RATIO, `${ratio.toFixed(0)} times as long as ordinary text`);
        },
      };
    },
  ),
];
