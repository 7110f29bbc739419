// The words of texts in the form in which PostgreSQL receives them, against the same words one by one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, vectorOf } from "../../../src/store/postgres/vector.ts";
import { wordsOf } from "../../../src/store/words.ts";
import { random } from "../../browser/story.ts";

/** What a tsvector in its binary form holds: words with their places. */
function read(vector: Buffer): Map<string, number[]> {
  const found = new Map<string, number[]>();
  let at = 4;
  for (let left = vector.readUInt32BE(); left > 0; left--) {
    const end = vector.indexOf(0, at);
    const word = vector.toString("utf8", at, end);
    assert.ok(!found.has(word), `${word} is there twice`);
    const count = vector.readUInt16BE(end + 1);
    found.set(
      word,
      Array.from({ length: count }, (_, index) => vector.readUInt16BE(end + 3 + 2 * index)),
    );
    at = end + 3 + 2 * count;
  }
  assert.equal(at, vector.length);
  return found;
}

function expected(texts: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const [index, text] of texts.entries())
    for (const word of new Set(wordsOf(text).map(cut))) found.set(word, [...(found.get(word) ?? []), index + 1]);
  return found;
}

const sorted = (of: Map<string, number[]>) => [...of].sort(([a], [b]) => (a < b ? -1 : 1));
const same = (texts: readonly string[]) => assert.deepEqual(sorted(read(vectorOf(texts))), sorted(expected(texts)));

test("each word stands once, folded, with the texts that have it", () => {
  same(["Tide GAUGE tide", "", "gauge, (reef)\n\0x", "Größe grosse ÉTÉ été 潮汐 tide", "a"]);
  same([]);
  same(["", "", "..."]);
});

test("a word that is too long is cut, alike in texts of ASCII and others, and within no character", () => {
  const long = "x".repeat(600);
  same([long, `${long}y`, `é ${long}`, `${"x".repeat(499)}𠀀𠀀`, "x".repeat(500), "x".repeat(501)]);
});

test("many texts of any words, in any company", () => {
  const pick = random(5);
  const any = <T>(of: readonly T[]): T => of[Math.floor(pick() * of.length)] as T;
  for (let round = 0; round < 30; round++)
    same(
      Array.from({ length: 1 + Math.floor(pick() * 64) }, () =>
        Array.from({ length: Math.floor(pick() * 300) }, () =>
          any([
            `w${Math.floor(pick() ** 2 * 999)}`,
            "A",
            "ß",
            "İ",
            "\ud800",
            "🙂",
            "-",
            "\u0301e",
            any(["ab", "abc", "b", "ba"]),
          ]),
        ).join(any([" ", "", "-"])),
      ),
    );
});
