// What src/event/payload.ts promises: every input is a payload or a problem, and a problem never quotes the input.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { MAX_DEPTH, type Parsed, type Payload, parsePayload } from "../../../src/event/payload.ts";
import { runs } from "../../brief.ts";
import { holds } from "../../holds.ts";

const HEAD = { hook_event_name: "Stop", session_id: "s" };

function payloadOf(parsed: Parsed): Payload {
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.payload;
}

function problemOf(bytes: Uint8Array | string, registered?: string) {
  const parsed = parsePayload(bytes, registered);
  assert.ok(!parsed.ok, `${bytes} was taken`);
  return parsed.problem;
}

/** A payload with so many objects inside one another. */
const nested = (levels: number, open = '{"a":', close = "}") =>
  `{"hook_event_name":"Stop","session_id":"s","deep":${open.repeat(levels)}1${close.repeat(levels)}}`;

function depthOf(value: unknown): number {
  let depth = 0;
  for (let node = value; typeof node === "object" && node !== null; node = Object.values(node).at(-1)) depth++;
  return depth;
}

test("any bytes are a payload or a problem that says path, expected, received and why", () => {
  const json = fc.json().map((text) => Buffer.from(text));
  const event = fc.json().map((text) => Buffer.from(`{"hook_event_name":"Stop","session_id":"s","x":${text}}`));
  const cut = fc.tuple(event, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % (bytes.length + 1)));
  holds(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 200 }), json, event, cut),
      fc.option(fc.string()),
      (bytes, registered) => {
        const parsed = parsePayload(bytes, registered ?? undefined);
        if (parsed.ok) {
          assert.ok(parsed.payload.hook_event_name.length > 0 && parsed.payload.session_id.length > 0);
          JSON.stringify(parsed.payload);
        } else for (const text of Object.values(parsed.problem)) assert.ok(text.length > 0);
      },
    ),
    { numRuns: runs(3000) },
  );
});

test("whole events come out as they went in, unknown fields and events included", () => {
  const event = fc.record({
    hook_event_name: fc.string({ minLength: 1, maxLength: 128 }),
    session_id: fc.string({ minLength: 1, maxLength: 256 }),
    tool_input: fc.jsonValue(),
    something_new: fc.jsonValue(),
    cwd: fc.jsonValue(),
  });
  holds(
    fc.property(event, fc.constantFrom("", "\ufeff"), (given, mark) => {
      const text = JSON.stringify(given);
      for (const input of [mark + text, Buffer.from(mark + text), JSON.stringify(given, null, 2)])
        assert.deepEqual(payloadOf(parsePayload(input)), JSON.parse(text));
    }),
    { numRuns: runs(500) },
  );
});

test("a problem never quotes the input", () => {
  const secret = "tidepool-secret-42";
  const inputs = [
    secret,
    `{"a": ${secret}}`,
    `{"hook_event_name":"Stop","session_id":"s","x":"${secret}`,
    `{"hook_event_name":"Stop","session_id":"s","${secret}":}`,
    `["${secret}"]`,
    `"${secret}"`,
    `{"hook_event_name":"Stop","session_id":["${secret}"]}`,
    `{"hook_event_name":{"${secret}":1},"session_id":"s"}`,
    `{"hook_event_name":"${secret.repeat(20)}","session_id":"s"}`,
    `{"x":"${secret}"} and more`,
  ];
  for (const input of inputs) {
    const said = JSON.stringify(problemOf(input));
    for (let at = 0; at + 6 <= secret.length; at++)
      assert.ok(!said.includes(secret.slice(at, at + 6)), `${input} gave ${said}`);
  }
});

test("a problem names the path, what was expected, and what came", () => {
  const cases: [string, string, string][] = [
    ["", "(payload)", "nothing"],
    ["[1,2]", "(payload)", "an array of 2"],
    ["null", "(payload)", "null"],
    ["7", "(payload)", "a number"],
    ['{"session_id":"s"}', "hook_event_name", "nothing"],
    ['{"hook_event_name":"Stop"}', "session_id", "nothing"],
    ['{"hook_event_name":"Stop","session_id":""}', "session_id", "an empty string"],
    ['{"hook_event_name":"Stop","session_id":7}', "session_id", "a number"],
    [JSON.stringify({ ...HEAD, session_id: "s".repeat(257) }), "session_id", "a string of 257 characters"],
    [JSON.stringify({ ...HEAD, hook_event_name: "s".repeat(129) }), "hook_event_name", "a string of 129 characters"],
  ];
  for (const [input, path, received] of cases) {
    const problem = problemOf(input);
    assert.equal(problem.path, path, input);
    assert.equal(problem.received, received, input);
  }
  assert.match(problemOf('{"a": 1,\n "b": x}').reason, /line 2, column 7/);
  assert.match(problemOf('{"a": 1').reason, /stops in the middle/);
});

test("the name that the hook was registered for stands in for one that is missing, and for no other", () => {
  const parsed = parsePayload('{"session_id":"s"}', "Stop");
  assert.equal(payloadOf(parsed).hook_event_name, "Stop");
  assert.deepEqual(parsed.ok && parsed.notes, ["registered-name"]);
  assert.equal(payloadOf(parsePayload(JSON.stringify(HEAD), "Setup")).hook_event_name, "Stop");
  assert.equal(problemOf('{"session_id":"s","hook_event_name":7}', "Stop").path, "hook_event_name");
});

test("keys stay data: __proto__, constructor and toString reach no prototype", () => {
  const text = `{"hook_event_name":"Stop","session_id":"s","__proto__":{"polluted":1},"a":{"__proto__":{"b":"\\ud800"}}}`;
  const payload = payloadOf(parsePayload(text));
  assert.equal(Object.getPrototypeOf(payload), Object.prototype);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  assert.ok(Object.hasOwn(payload, "__proto__"));
  assert.match(JSON.stringify(payload), /"a":\{"__proto__":\{"b":"\ufffd"\}\}/);
  assert.equal(problemOf('{"__proto__":{"hook_event_name":"Stop","session_id":"s"}}').path, "hook_event_name");
});

test("strings and keys are well-formed: half of a pair becomes U+FFFD, and a note says so", () => {
  const parsed = parsePayload('{"hook_event_name":"Stop","session_id":"s","a\\udc00":["x\\ud83d","\\ud83d\\ude00"]}');
  const payload = payloadOf(parsed);
  assert.deepEqual(payload["a\ufffd"], ["x\ufffd", "😀"]);
  assert.deepEqual(parsed.ok && parsed.notes, ["lone-surrogates"]);
  assert.ok(JSON.stringify(payload).isWellFormed());
});

test("bytes that are no UTF-8 become U+FFFD, and a note says so", () => {
  const bytes = Buffer.concat([
    Buffer.from('{"hook_event_name":"Stop","session_id":"s","a":"'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}'),
  ]);
  const parsed = parsePayload(bytes);
  assert.equal(payloadOf(parsed)["a"], "\ufffd\ufffd");
  assert.deepEqual(parsed.ok && parsed.notes, ["invalid-utf8"]);
});

test("what is nested deeper than the limit is cut there, marked and noted, however deep", () => {
  const whole = parsePayload(nested(MAX_DEPTH - 1));
  assert.deepEqual(whole.ok && whole.notes, []);
  for (const text of [nested(MAX_DEPTH), nested(100_000), nested(100_000, "[", "]"), nested(5000, '{"__proto__":')]) {
    const parsed = parsePayload(text);
    const payload = payloadOf(parsed);
    assert.deepEqual(parsed.ok && parsed.notes, ["too-deep"]);
    assert.equal(depthOf(payload), MAX_DEPTH);
    assert.match(JSON.stringify(payload), /nested deeper than 200 levels/);
  }
});
