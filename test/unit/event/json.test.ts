// JSON is read in time and memory in proportion to its size, and says the same as JSON.parse where that can.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { MAX_DEPTH, readJson, splitList } from "../../../src/event/json.ts";
import { holds } from "../../holds.ts";

const value = (text: string): unknown => {
  const read = readJson(text);
  assert.ok(read.ok, text.slice(0, 100));
  return read.value.value;
};
/** An exponent in it, so that it is not left to JSON.parse. */
const withUnusual = (text: string) => `[1e5,${text}]`;

test("what a double can hold is read as JSON.parse reads it, and what is not JSON is refused", () => {
  const spaces = fc.constantFrom("", " ", "\n\t", "\r\n  ");
  holds(
    fc.property(fc.jsonValue(), spaces, (given, space) => {
      const text = `${space}${withUnusual(JSON.stringify(given, null, space))}${space}`;
      assert.deepEqual(value(text), JSON.parse(text));
    }),
  );
  holds(
    fc.property(fc.jsonValue(), fc.nat(), fc.string({ maxLength: 2 }), (given, place, put) => {
      const text = withUnusual(JSON.stringify(given));
      const at = place % text.length;
      const damaged = text.slice(0, at) + put + text.slice(at + 1);
      let parsed: unknown;
      try {
        parsed = JSON.parse(damaged);
      } catch {
        assert.equal(readJson(damaged).ok, false, damaged);
        return;
      }
      if (!/\d{15}|e\+?\d{3}/i.test(damaged)) assert.deepEqual(value(damaged), parsed);
    }),
  );
});

test("a number that a double cannot hold becomes a string of its characters, and nothing else does", () => {
  const kept = ["1e400", "-1e400", "12345678901234567890", "9007199254740993", "0.12345678901234567890123", "1e-400"];
  for (const number of kept) {
    assert.deepEqual(value(`{"a":${number}}`), { a: number });
    const read = readJson(number);
    assert.ok(read.ok && read.value.numbers);
  }
  for (const number of ["1e5", "1.50e+2", "9007199254740992", "0.1", "-0", "123456789012345000000", "1e308", "5e-324"])
    assert.equal(value(number), Number(number));
  assert.deepEqual(value('{"__proto__":{"n":1e999}}'), JSON.parse('{"__proto__":{"n":"1e999"}}'));
  assert.equal(value('"id 12345678901234567890"'), "id 12345678901234567890");
});

test("what stands in a text is no number, and a number is one whatever text stands before it", () => {
  for (const text of ["1e400", '"', "\\", '\\"', '\\\\",12345678901234567890', " 12345678901234567890", "\u1234e5"]) {
    assert.deepEqual(value(JSON.stringify({ [text]: text, n: 1 })), { [text]: text, n: 1 });
    assert.deepEqual(value(`[${JSON.stringify(text)},1e400]`), [text, "1e400"]);
    assert.deepEqual(value(`{${JSON.stringify(text)}:[ -12345678901234567890]}`), {
      [text]: ["-12345678901234567890"],
    });
  }
});

test("of a list or an object with very many members the first are kept, and what stands behind it is there", () => {
  const many = 1_000_000;
  const list = `[${"{},".repeat(many)}{}]`;
  const object = `{${Array.from({ length: many / 10 }, (_, n) => `"k${n}":[1,{},"]"]`).join()}}`;
  const read = readJson(`{"x":${list},"y":{"deep":${object}},"z":"end"}`);
  assert.ok(read.ok && read.value.left);
  const { x, y, z } = read.value.value as { x: unknown[]; y: { deep: Record<string, unknown> }; z: string };
  const mark = /^…\[cut: (\d+) elements\]…$/.exec(String(x.at(-1)));
  assert.equal(x.length - 1 + Number(mark?.[1]), many + 1);
  assert.match(Object.keys(y.deep).at(-1) ?? "", /^…\[cut: \d+ keys\]…$/);
  assert.equal(z, "end");
  assert.equal(readJson(`{"x":${list.slice(0, -1)}`).ok, false, "one that ends too early is not JSON");
});

test("what is nested too deep is a mark, in a text of any size", () => {
  for (const size of [1000, 300_000, 2_000_000]) {
    const read = readJson(`${"[".repeat(size)}${"]".repeat(size)}`);
    assert.ok(read.ok && read.value.deep, `${size}`);
    assert.match(JSON.stringify(read.value.value), /nested deeper than 200 levels/);
    assert.equal(JSON.stringify(read.value.value).split("[").length - 2, MAX_DEPTH);
  }
});

test("a list is split where its own commas are", () => {
  for (const items of [[], [1], [{ a: [1, "],["] }, 'x,"y\\', [[]], {}]]) {
    const split = splitList(JSON.stringify(items), 100);
    assert.ok(split?.ok);
    assert.deepEqual(
      split.value.map((text) => JSON.parse(text)),
      items,
    );
  }
  assert.equal(splitList('{"a":[]}', 9), undefined);
  for (const text of ["[", "[1,2", "[1] 2", '["a]']) assert.equal(splitList(text, 9)?.ok, false, text);
});
