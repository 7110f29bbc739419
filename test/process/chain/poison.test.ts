// What no event should be, through the real hook, relay and monitor: stored (cut and marked where it is too large), or
// in rejected/ with a reason; those behind it are not held up.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { MAX_ENVELOPE_BYTES } from "../../../src/contract/envelope.ts";
import { mpm, until } from "../../world.ts";
import { type Chain, openChain } from "./chain.ts";

interface Reason {
  readonly path: string;
  readonly expected: string;
  readonly received: string;
  readonly reason: string;
}

/** Refused, and what the reason has to say. */
const REFUSED: readonly (readonly [what: string, input: string | Buffer, says: Partial<Reason>])[] = [
  ["not JSON", "this is not JSON", { path: "(payload)", expected: "JSON" }],
  [
    "half an object",
    '{"hook_event_name":"Stop","session_id":',
    { expected: "JSON", received: "39 characters that end too early" },
  ],
  ["binary", Buffer.from([0, 1, 2, 255, 254, 0]), { path: "(payload)", expected: "JSON" }],
  ["100,000 open brackets", "[".repeat(100_000), { path: "(payload)", expected: "JSON" }],
  ["an array", "[1,2,3]", { expected: "a JSON object", received: "an array of 3" }],
  ["a string", '"text"', { expected: "a JSON object", received: "a string of 4 characters" }],
  ["null", "null", { expected: "a JSON object", received: "null" }],
  ["no session", '{"hook_event_name":"Stop"}', { path: "session_id", received: "nothing" }],
  ["a number for a session", '{"session_id":5}', { path: "session_id", received: "a number" }],
  ["an empty session", '{"session_id":""}', { path: "session_id", received: "an empty string" }],
  [
    "a session that only the prototype has",
    '{"__proto__":{"session_id":"s"}}',
    { path: "session_id", received: "nothing" },
  ],
  [
    "an object for the event",
    '{"session_id":"s","hook_event_name":{}}',
    { path: "hook_event_name", received: "an object" },
  ],
  ["16 MB that are not JSON", `{"session_id":"s","pad":"${"x".repeat(16 * 1024 * 1024)}`, { expected: "JSON" }],
];

const HUGE = 16 * 1024 * 1024;
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
type Data = Record<string, unknown>;

/** Stored, and what has become of it. */
const STORED: readonly (readonly [
  what: string,
  fields: string | Buffer,
  check: (envelope: Envelope, text: string) => void,
])[] = [
  [
    "known fields of the wrong type",
    '"tool_name":5,"tool_input":"text","tool_use_id":{},"cwd":[],"agent_id":false,"duration_ms":"long","prompt_id":7',
    ({ data, correlation_id: call, cwd }) => {
      assert.deepEqual([data["tool_name"], data["tool_input"], data["duration_ms"]], [5, "text", "long"]);
      assert.deepEqual([call, cwd], [undefined, undefined]);
    },
  ],
  [
    "a string of 16 MB",
    `"tool_input":{"command":"first${"x".repeat(HUGE)}last"},"small":"whole"`,
    ({ data }, text) => {
      assert.ok(Buffer.byteLength(text) <= MAX_ENVELOPE_BYTES);
      const { command } = data["tool_input"] as { command: string };
      assert.match(command, /^first.*…\[cut: [\d,]+ [a-z]+\]….*last$/s);
      assert.equal(data["small"], "whole");
      assert.equal((data["mpm"] as { cuts: { path: string }[] }).cuts[0]?.path, "tool_input.command");
    },
  ],
  [
    "lone surrogates",
    '"tool_input":{"command":"\\ud800 and \\udc00, \\ud83d\\ude00"},"\\udfff":1',
    ({ data }) => {
      assert.equal((data["tool_input"] as Data)["command"], "\ufffd and \ufffd, \u{1f600}");
      assert.deepEqual((data["mpm"] as Data)["notes"], ["lone-surrogates"]);
    },
  ],
  [
    "bytes that are no UTF-8",
    Buffer.concat([Buffer.from('"tool_input":{"command":"'), Buffer.from([0xff, 0xc3, 0x28]), Buffer.from('"}')]),
    ({ data }) => {
      assert.equal((data["tool_input"] as Data)["command"], "\ufffd\ufffd(");
      assert.deepEqual((data["mpm"] as Data)["notes"], ["invalid-utf8"]);
    },
  ],
  [
    "ten thousand levels",
    `"tool_input":${nested(10_000)}`,
    ({ data }, text) => {
      assert.match(text, /cut: nested deeper than 200 levels/);
      assert.deepEqual((data["mpm"] as Data)["notes"], ["too-deep"]);
    },
  ],
  [
    "__proto__ and its kin as keys",
    '"__proto__":{"polluted":true},"tool_input":{"__proto__":{"polluted":true},"constructor":{"prototype":1},"toString":2}',
    ({ data }) => {
      assert.deepEqual(Object.getOwnPropertyDescriptor(data, "__proto__")?.value, { polluted: true });
      assert.deepEqual(Object.keys(data["tool_input"] as Data), ["__proto__", "constructor", "toString"]);
    },
  ],
  [
    "a hundred thousand keys",
    `"tool_input":{${[...new Array(100_000).keys()].map((key) => `"k${key}":${key}`)}}`,
    (_, text) => assert.match(text, /…\[cut: [\d,]+ keys\]…/),
  ],
  [
    "NUL and control characters",
    '"tool_input":{"command":"a\\u0000b\\u001b[31m"}',
    ({ data }) => assert.equal((data["tool_input"] as Data)["command"], "a\0b\u001b[31m"),
  ],
];

test("what is no event goes to rejected/ with path, expected and received; what is one is stored; nothing is held up", async (t) => {
  const chain = openChain(t);
  let good = 0;
  const healthy = () => chain.hook("Stop", `{"hook_event_name":"Stop","session_id":"good","index":${good++}}`);
  for (const [what, input] of REFUSED) {
    assert.deepEqual([what, (await chain.hook("Stop", input)).status], [what, 0]);
    await healthy();
  }
  for (const [index, [, fields]] of STORED.entries()) {
    const head = Buffer.from(`{"hook_event_name":"PreToolUse","session_id":"odd-${index}",`);
    await chain.hook("PreToolUse", Buffer.concat([head, Buffer.from(fields), Buffer.from("}\n")]));
    await healthy();
  }
  await until(() => chain.pending() === 0, 60_000, "an empty spool");

  const kept = chain.stored().filter(({ session }) => session === "good");
  assert.deepEqual(
    kept.map(({ index }) => index),
    [...new Array(good).keys()],
  );
  assert.deepEqual(
    kept.map(({ seq }) => seq),
    [...new Array(good).keys()].map((index) => index + 1),
  );
  checkReasons(chain);
  for (const [index, [what, , check]] of STORED.entries()) await checkStored(chain, `odd-${index}`, what, check);

  const status = JSON.parse((await mpm(["status", "--json"], { env: chain.env })).stdout);
  assert.equal(status.rejected, REFUSED.length);
  assert.equal(status.spool.pending, 0);
  assert.equal(status.monitor.events, good + STORED.length);
  const { counters } = status.relay;
  assert.deepEqual([counters.rejected, counters.cut, counters.dropped], [REFUSED.length, 2, 0]);
  assert.equal(({} as Data)["polluted"], undefined);
});

/** In order of their names, which is the order of storing, each reason belongs to its input. */
function checkReasons({ mpmHome }: Chain): void {
  const dir = join(mpmHome, "rejected");
  const entries = readdirSync(dir).filter((name) => !name.endsWith(".reason.json"));
  entries.sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
  assert.equal(entries.length, REFUSED.length);
  for (const [index, [what, input, says]] of REFUSED.entries()) {
    const name = entries[index] as string;
    assert.ok(readFileSync(join(dir, name)).includes(Buffer.from(input)), `${what}: kept as it came`);
    const reason = JSON.parse(readFileSync(join(dir, `${name}.reason.json`), "utf8")) as Reason;
    for (const key of ["path", "expected", "received", "reason"] as const)
      assert.ok(reason[key], `${what}: ${key} in ${JSON.stringify(reason)}`);
    for (const [key, value] of Object.entries(says)) assert.equal(reason[key as keyof Reason], value, what);
  }
}

async function checkStored(
  chain: Chain,
  session: string,
  what: string,
  check: (envelope: Envelope, text: string) => void,
) {
  const text = await (await chain.get(`/api/events?session=${session}`)).text();
  const { events } = JSON.parse(text) as { events: Envelope[] };
  assert.equal(events.length, 1, `${what} is stored`);
  const [envelope] = events as [Envelope];
  assert.equal(envelope.seq, 1);
  try {
    check(envelope, text.slice('{"events":['.length, text.indexOf('],"next":')));
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}
