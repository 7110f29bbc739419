// What src/event/envelope.ts and src/event/cut.ts promise: all of the payload, redacted first, and never too large.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { Envelope, MAX_ENVELOPE_BYTES } from "../../../src/contract/envelope.ts";
import { cutToFit, jsonBytes } from "../../../src/event/cut.ts";
import { type Added, buildEnvelope, type EnvelopeParts, MIN_LIMIT } from "../../../src/event/envelope.ts";
import { type Payload, parsePayload } from "../../../src/event/payload.ts";
import { createRedactor } from "../../../src/event/redact.ts";
import { runs } from "../../brief.ts";
import { character, holds } from "../../holds.ts";
import { fill, TOKEN, WEB_TOKEN } from "./examples.ts";

const { redactor } = createRedactor({ enabled: true, patterns: [], budgetMs: Number.POSITIVE_INFINITY });
const HEAD = { hook_event_name: "PostToolUse", session_id: "s-1" };
const KIB = 1024;

function build(payload: Record<string, unknown>, parts: Partial<EnvelopeParts> = {}) {
  const given = { ...HEAD, ...payload } as Payload;
  const origin = { hostName: "tides" };
  return buildEnvelope({ id: "01J", seq: 7, capturedAt: 1e12, payload: given, origin, redactor, ...parts });
}

const addedTo = (data: Record<string, unknown>) => data["mpm"] as Added;
/** Characters that no rule takes for anything, all different enough. */
const noise = (length: number, seed = 1) => fill("abcdefghij klmnopqr\nstuvwxyz é€😀", length, seed).toWellFormed();

test("data is the payload, and what is added stands in data.mpm alone", () => {
  const payload = { ...HEAD, tool_name: "Bash", tool_input: { command: "ls" }, something_new: [1, null, { a: "b" }] };
  const { envelope, json, bytes, cut } = build(payload);
  const { mpm, ...data } = envelope.data;
  assert.deepEqual(data, payload);
  assert.equal((mpm as Added).operation_type, "execute");
  assert.deepEqual(JSON.parse(json), envelope);
  assert.equal(bytes, Buffer.byteLength(json));
  assert.equal(cut, 0);
});

test("a payload that has a field mpm keeps it", () => {
  assert.equal(build({ mpm: "mine" }).envelope.data["mpm"], "mine");
});

test("the head says what the payload and the hook know, and the monitor takes it", () => {
  const { envelope } = build(
    { cwd: "/w", tool_use_id: "toolu_1", agent_id: "a1", prompt_id: "p1" },
    {
      origin: { hostName: "tides", pid: 12, entrypoint: "cli", projectDir: "/w", remote: true, event: "PreToolUse" },
      notes: ["too-deep"],
    },
  );
  assert.deepEqual(Envelope.parse(envelope), envelope);
  const { cwd, project_dir, correlation_id, agent_id, prompt_id, seq, subtype, timestamp } = envelope;
  assert.deepEqual([cwd, project_dir, correlation_id, agent_id, prompt_id], ["/w", "/w", "toolu_1", "a1", "p1"]);
  assert.deepEqual([seq, subtype, timestamp], [7, "post_tool", "2001-09-09T01:46:40.000Z"]);
  assert.deepEqual(envelope.host, { name: "tides", pid: 12, entrypoint: "cli", remote: true });
  assert.equal(addedTo(envelope.data).registered, "PreToolUse");
  assert.deepEqual(addedTo(envelope.data).notes, ["too-deep"]);
});

test("a field of the wrong type or size stays in data and is left out of the head", () => {
  const long = "a b ".repeat(3000);
  const payload = { cwd: long, tool_use_id: 5, agent_id: ["x"], prompt_id: "" };
  const { envelope } = build(payload, { capturedAt: Number.NaN });
  for (const key of ["cwd", "correlation_id", "agent_id", "prompt_id"]) assert.ok(!Object.hasOwn(envelope, key), key);
  for (const [key, value] of Object.entries(payload)) assert.deepEqual(envelope.data[key], value);
  assert.equal(envelope.timestamp, "1970-01-01T00:00:00.000Z");
  assert.ok(Envelope.safeParse(envelope).success);
});

test("any payload gives an envelope that the monitor takes, smaller than the limit, and is not changed", () => {
  const big = fc
    .tuple(fc.string({ minLength: 1, maxLength: 40, unit: character }), fc.nat(300_000))
    .map(([text, size]) => text.repeat(Math.ceil(size / text.length)));
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      big,
      fc.jsonValue(),
      fc.array(tie("node"), { maxLength: 5 }),
      fc.dictionary(fc.string(), tie("node"), { maxKeys: 5 }),
    ),
  })).node;
  holds(
    fc.property(fc.dictionary(fc.string(), value, { maxKeys: 5 }), (fields) => {
      const parsed = parsePayload(JSON.stringify({ ...fields, ...HEAD }));
      assert.ok(parsed.ok);
      const before = JSON.stringify(parsed.payload);
      const { envelope, json, bytes, cut } = build(parsed.payload);
      assert.ok(bytes <= MAX_ENVELOPE_BYTES && bytes === Buffer.byteLength(json), `${bytes} bytes`);
      assert.ok(json.isWellFormed());
      assert.ok(Envelope.safeParse(envelope).success);
      assert.equal(JSON.stringify(parsed.payload), before);
      if (cut > 0 && !Object.hasOwn(parsed.payload, "mpm")) assert.ok((addedTo(envelope.data).cuts ?? []).length > 0);
    }),
    { numRuns: runs(40) },
  );
});

test("at the limit nothing is cut, one byte past it something is", () => {
  const room = MAX_ENVELOPE_BYTES - build({ text: "" }).bytes;
  const whole = build({ text: "é".repeat(room / 2 - 1) + "x".repeat(2 + (room % 2)) });
  assert.deepEqual([whole.bytes, whole.cut], [MAX_ENVELOPE_BYTES, 0]);
  const larger = build({ text: "é".repeat(room / 2 - 1) + "x".repeat(3 + (room % 2)) });
  assert.equal(larger.cut, 1);
  assert.ok(larger.bytes <= MAX_ENVELOPE_BYTES);
  assert.ok(build({ text: noise(900 * KIB) }, { limit: MIN_LIMIT }).bytes <= MIN_LIMIT);
  assert.ok(build({ text: noise(900 * KIB) }, { limit: 1 }).bytes <= MIN_LIMIT);
});

test("a cut string keeps head and tail, and the mark says how many characters are gone", () => {
  const text = noise(900 * KIB);
  const { envelope } = build({ small: "kept", tool_response: { text } });
  const cut = (envelope.data["tool_response"] as { text: string }).text;
  const [, head = "", count, tail = ""] = /^(.*)…\[cut: (\d+) characters\]…(.*)$/s.exec(cut) ?? [];
  assert.ok(text.startsWith(head) && text.endsWith(tail) && head.length > tail.length && tail.length > 1000);
  assert.equal(head.length + Number(count) + tail.length, text.length);
  assert.equal(envelope.data["small"], "kept");
  assert.deepEqual(addedTo(envelope.data).cuts, [{ path: "tool_response.text", removed: Number(count) }]);
});

const TIMES = 4000;

test("redaction comes before cutting: no half of a credential is left at a cut", () => {
  const unit = `${TOKEN} ${WEB_TOKEN} password=low-water-42 `;
  for (let shift = 0; shift < 40; shift += 3) {
    const text = `${"x".repeat(shift)} ${unit.repeat(TIMES)}`;
    const { json, cut, redacted } = build({ text }, { limit: MIN_LIMIT });
    assert.ok(cut > 0);
    assert.equal(redacted["github_token"], TIMES);
    for (const secret of [TOKEN, WEB_TOKEN, "low-water-42"])
      for (const part of [secret.slice(0, 8), secret.slice(-8)])
        assert.ok(!json.includes(part), `${part} at shift ${shift}`);
  }
});

test("nothing of a credential is in the head, whatever field it came in", () => {
  const fields = {
    cwd: `/w/${TOKEN}`,
    tool_use_id: TOKEN,
    agent_id: TOKEN,
    prompt_id: TOKEN,
    tool_name: `mcp__${TOKEN}__x`,
  };
  const names = { session_id: TOKEN, hook_event_name: TOKEN };
  const { json, envelope } = build(
    { ...fields, ...names },
    { origin: { hostName: "tides", projectDir: TOKEN, event: TOKEN } },
  );
  assert.ok(!json.includes(TOKEN.slice(4, 20)), json);
  assert.ok(Envelope.safeParse(envelope).success);
  const other = build({ session_id: TOKEN.replace("x7", "x8") }).envelope.session_id;
  assert.notEqual(envelope.session_id, other, "two sessions stay two");
});

test("the longest go first: what is small stays whole", () => {
  const small = { a: noise(2000, 2), b: [1, 2, { c: "d" }], e: null };
  const { envelope } = build({ small, one: noise(2000 * KIB, 3), two: noise(700 * KIB, 4) });
  assert.deepEqual(envelope.data["small"], small);
  const [one, two] = [envelope.data["one"], envelope.data["two"]].map((text) => jsonBytes(text));
  assert.ok(one !== undefined && two !== undefined && Math.abs(one - two) < 2000, `${one} and ${two} share alike`);
});

test("long base64 goes before anything else is cut", () => {
  const image = fill("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 600 * KIB);
  const text = noise(200 * KIB);
  const { envelope, cut } = build({ image, uri: `data:image/png;base64,${image}`, text });
  assert.equal(cut, 2);
  assert.equal(envelope.data["text"], text);
  assert.match(String(envelope.data["image"]), /^.{64}…\[cut: \d+ characters\]…$/);
});

const COUNT = 60_000;

test("lists and objects that are too long keep their first and last, and say how many are gone", () => {
  const list = Array.from({ length: COUNT }, (_, index) => index);
  const object = Object.fromEntries(list.map((index) => [`k${index}`, "some text"]));
  const { envelope } = build({ list, object });
  const kept = envelope.data["list"] as (number | string)[];
  const mark = kept.findIndex((item) => typeof item === "string");
  const removed = Number(/cut: (\d+) elements/.exec(String(kept[mark]))?.[1]);
  assert.equal(kept.length - 1 + removed, list.length);
  assert.deepEqual([kept[0], kept.at(-1)], [0, COUNT - 1]);
  const keys = Object.keys(envelope.data["object"] as object);
  const gone = Number(/cut: (\d+) keys/.exec(keys.find((key) => key.startsWith("…")) ?? "")?.[1]);
  assert.equal(keys.length - 1 + gone, list.length);
  assert.deepEqual([keys[0], keys.at(-1)], ["k0", `k${COUNT - 1}`]);
});

test("keys are data when cut, too: long ones stay two, and __proto__ stays a key", () => {
  const long = "k".repeat(1000);
  const text = `{"hook_event_name":"Stop","session_id":"s","o":{"${long}1":1,"${long}2":2,"__proto__":{"x":1}},"t":"${"ab ".repeat(300_000)}"}`;
  const parsed = parsePayload(text);
  assert.ok(parsed.ok);
  const cut = build(parsed.payload).envelope.data["o"] as object;
  assert.equal(Object.keys(cut).length, 3);
  assert.deepEqual(Object.values(cut).slice(0, 2), [1, 2]);
  assert.ok(Object.hasOwn(cut, "__proto__"));
  assert.equal(Object.getPrototypeOf(cut), Object.prototype);
});

test("any value fits into any budget that is not tiny, in well-formed text, and is not changed", () => {
  const text = fc
    .tuple(fc.string({ unit: character, minLength: 1 }), fc.integer({ min: 1, max: 3000 }))
    .map(([unit, times]) => unit.repeat(times));
  const value = fc.oneof(text, fc.array(text), fc.dictionary(text, fc.array(fc.oneof(text, fc.jsonValue()))));
  holds(
    fc.property(value, fc.integer({ min: 512, max: 20_000 }), (given, budget) => {
      const before = JSON.stringify(given);
      const fitted = cutToFit(given, budget, 5);
      assert.ok(jsonBytes(fitted.value) <= budget, `${jsonBytes(fitted.value)} of ${budget} bytes`);
      assert.ok(JSON.stringify(fitted.value).isWellFormed() || !before.isWellFormed());
      assert.equal(JSON.stringify(given), before);
      assert.ok(fitted.cuts.length <= 5 && fitted.cuts.length <= fitted.count);
      for (const { path, removed } of fitted.cuts) assert.ok(removed > 0 && path.length <= 200);
    }),
    { numRuns: runs(500) },
  );
});
