// Text of others on a terminal: what it might obey is shown, and JSON stays the value that it is.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { table } from "../../../src/cli/layout.ts";
import { jsonFor } from "../../../src/cli/terminal.ts";
import { printable } from "../../../src/platform/text.ts";
import { character } from "../../holds.ts";

/** Escape, C1 controls, marks and overrides of direction, separators, byte order mark, annotations, a tag. */
const OBEYED = [
  ..."\u001b\u0007\u0008\u007f\u009b\u0090\u009d\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\ufeff\ufff9",
  "\u{e0041}",
];
const isObeyed = (text: string) => OBEYED.some((char) => text.includes(char));

test("nothing that a terminal obeys is left in text, and ordinary text of any script is as it was", () => {
  for (const char of OBEYED) assert.ok(!isObeyed(printable(`a${char}b`)), JSON.stringify(char));
  for (const text of ["tab\there", "two\nlines", "naïve Ω שלום 日本語 👩‍👩‍👧", "e\u0301"])
    assert.equal(printable(text), text);
});

test("JSON on a terminal obeys nothing and is the same value; elsewhere its bytes are as they are", () => {
  const values = fc.anything({ maxDepth: 2 }).filter((value) => JSON.stringify(value) !== undefined);
  fc.assert(
    fc.property(values, fc.constantFrom(...OBEYED), fc.string({ unit: character }), (value, char, text) => {
      const given = JSON.parse(JSON.stringify({ value, [`${char}${text}`]: `${text}${char}` }));
      const shown = jsonFor({ isTerminal: true }, given);
      assert.ok(!isObeyed(shown));
      assert.deepEqual(JSON.parse(shown), given);
      assert.equal(jsonFor({ isTerminal: false }, given), JSON.stringify(given));
    }),
  );
});

test("a row of a table is one line, whatever its cells hold", () => {
  const rows = [
    ["name", "said"],
    ["two\nlines", "a\tb"],
  ];
  assert.equal(table(rows, 80).join("\n").split("\n").length, rows.length);
});
