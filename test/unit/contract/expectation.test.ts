// What a refusal says was expected: plain words, of every kind of schema that the contract has, whether zod has words or not.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod/mini";
import { IN_PLAIN_WORDS, kindOf } from "../../../src/contract/expectation.ts";

const CASES: readonly (readonly [schema: z.ZodMiniType, given: unknown, expected: string])[] = [
  [z.number().check(z.gte(100)), 5, "a number from 100 on"],
  [z.number().check(z.gt(0)), 0, "a number above 0"],
  [z.int(), "x", "a number"],
  [z.int().check(z.lte(50)), 51, "a number up to 50"],
  [z.int(), 1.5, "a whole number"],
  [z.string(), 1, "text"],
  [z.string().check(z.maxLength(256)), "x".repeat(257), "text of at most 256 characters"],
  [z.string().check(z.minLength(1)), "", "text of at least 1 character"],
  [z.array(z.string()).check(z.maxLength(2)), ["a", "b", "c"], "a list of at most 2 elements"],
  [z.enum(["a", "b", "c"]), "d", "one of a, b, c"],
  [z.literal(1), 2, "1"],
  [z.boolean(), "x", "true or false"],
  [z.object({}), [], "an object"],
  [z.record(z.string(), z.string()), 1, "an object"],
  [z.strictObject({}), { other: 1 }, "nothing called other"],
  [z.union([z.string(), z.array(z.string())]), 1, "text, or a list"],
  [z.iso.datetime(), "x", "an ISO time"],
  [z.string().check(z.regex(/^a/)), "x", "text of another form"],
  [z.string().check(z.regex(/^a/, "a word with a")), "x", "a word with a"],
];

test("what was expected is said in plain words, by the schema itself where it says so", () => {
  for (const [schema, given, expected] of CASES)
    assert.equal(z.safeParse(schema, given, IN_PLAIN_WORDS).error?.issues[0]?.message, expected);
});

test("what was received is named by its kind", () => {
  assert.deepEqual([undefined, null, [], {}, "x", 1, false].map(kindOf), [
    "nothing",
    "null",
    "a list",
    "an object",
    "text",
    "a number",
    "false",
  ]);
});
