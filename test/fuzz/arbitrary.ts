// What comes in from outside, as arbitrary values: mostly right, and then wrong in one place.
// Every value is plain JSON (bytes are strings of the characters 0 to 255), so that a finding can be kept in the corpus.

import fc from "fast-check";
import { HOOK_EVENTS } from "../../src/contract/catalog.ts";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Names that an object has without having them. */
const PROTOTYPE = ["__proto__", "constructor", "toString", "hasOwnProperty", "prototype", "then", "toJSON"];

/** Text with everything that has ever been trouble: NUL, controls, lone surrogates, quotes, bidirectional marks. */
export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(...PROTOTYPE) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "",
      "\0",
      "\ud800",
      "\udc00x",
      "\u202e",
      "\ufeff{}",
      "'; DROP TABLE event; --",
      '"*"',
      "../../etc",
      "%00",
      "-1",
      "1e999",
      "NaN",
      "\r\n\r\n",
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 3000 }))
      .map(([unit, n]) => unit.repeat(n)),
  },
);

const number: fc.Arbitrary<number> = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, -1, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 8.64e15, 8.64e15 + 1, 5e-324),
);

const key: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.constantFrom(...PROTOTYPE) },
);

/** Any JSON value, keys of prototypes included. */
export const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthIdentifier: "json" },
    { weight: 3, arbitrary: text },
    { weight: 2, arbitrary: number },
    { weight: 1, arbitrary: fc.constantFrom(null, true, false) },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4, depthIdentifier: "json" }) },
    {
      weight: 2,
      arbitrary: fc
        .array(fc.tuple(key, tie("value")), { maxLength: 4, depthIdentifier: "json" })
        .map((entries) => Object.fromEntries(entries)),
    },
  ),
})).value;

export const object: fc.Arbitrary<Record<string, Json>> = fc
  .array(fc.tuple(key, json), { maxLength: 6 })
  .map((entries) => Object.fromEntries(entries));

/** A value that is mostly of the right kind. */
const mostly = (right: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: json });

const eventName = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...HOOK_EVENTS.map(({ name }) => name)) },
  { weight: 1, arbitrary: fc.constantFrom(...PROTOTYPE) },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 128 }) },
);
const sessionId = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("s-1", "s-2", "s-3") },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 256 }) },
  { weight: 1, arbitrary: fc.constantFrom(...PROTOTYPE) },
);
const call = fc.constantFrom("toolu_1", "toolu_2", "toolu_3");

const FIELDS: Record<string, fc.Arbitrary<Json>> = {
  cwd: text,
  transcript_path: text,
  permission_mode: fc.constantFrom("default", "plan"),
  tool_name: fc.constantFrom("Bash", "Read", "Edit", "Agent", "Task", "AskUserQuestion", "mcp__a__b", "__proto__"),
  tool_use_id: call,
  tool_input: mostly(
    fc.record(
      { command: text, file_path: text, run_in_background: fc.boolean(), prompt: text, subagent_type: text },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Json>,
  ),
  tool_response: mostly(
    fc.record(
      {
        stdout: text,
        is_error: fc.boolean(),
        status: fc.constantFrom("async_launched", "completed"),
        agentId: text,
        backgroundTaskId: text,
        content: fc.array(json, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<Json>,
  ),
  agent_id: fc.constantFrom("a-1", "a-2", "__proto__"),
  agent_type: text,
  prompt_id: text,
  prompt: text,
  source: fc.constantFrom("startup", "resume", "clear", "compact"),
  reason: text,
  notification_type: fc.constantFrom("permission_prompt", "idle_prompt"),
  message: text,
  error: text,
  duration_ms: number,
  background_tasks: fc.array(object, { maxLength: 3 }),
  is_interrupt: fc.boolean(),
  stop_hook_active: fc.boolean(),
  model: text,
  session_title: text,
  mpm: json,
};
const fields = fc.record(Object.fromEntries(Object.entries(FIELDS).map(([name, right]) => [name, mostly(right)])), {
  requiredKeys: [],
});

/** What a hook is given on stdin, as an object that is mostly an event. */
export const payload: fc.Arbitrary<Record<string, Json>> = fc
  .tuple(mostly(eventName), mostly(sessionId), fields, object, fc.integer({ min: 0, max: 20 }))
  .map(([name, session, known, unknown, missing]) => {
    const event: Record<string, Json> = {
      ...unknown,
      ...(known as Record<string, Json>),
      hook_event_name: name,
      session_id: session,
    };
    if (missing === 1) delete event["hook_event_name"];
    if (missing === 2) delete event["session_id"];
    return event;
  });

/** A text that has been damaged: cut, doubled, with bytes changed or put in. */
export function damaged(whole: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const place = fc.double({ min: 0, max: 1, noNaN: true });
  const damage = fc.oneof(
    fc.record({ kind: fc.constant("cut" as const), at: place }),
    fc.record({ kind: fc.constant("double" as const), at: place }),
    fc.record({
      kind: fc.constant("put" as const),
      at: place,
      what: fc.string({ unit: "binary", minLength: 1, maxLength: 4 }),
    }),
    fc.record({ kind: fc.constant("take" as const), at: place, count: fc.integer({ min: 1, max: 20 }) }),
  );
  return fc.tuple(whole, fc.array(damage, { maxLength: 3 })).map(([start, damages]) =>
    damages.reduce((now, one) => {
      const at = Math.floor(one.at * now.length);
      const [before, after] = [now.slice(0, at), now.slice(at)];
      if (one.kind === "cut") return before;
      if (one.kind === "double") return before + after + after;
      return one.kind === "put" ? before + one.what + after : before + after.slice(one.count);
    }, start),
  );
}

/** JSON that is nested deeper than anything sane. */
export const deep: fc.Arbitrary<string> = fc
  .tuple(fc.integer({ min: 1, max: 20_000 }), fc.boolean())
  .map(([depth, list]) =>
    list ? "[".repeat(depth) + "]".repeat(depth) : `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`,
  );

/** Bytes on stdin: events as one line or indented, several, damaged, or anything at all. */
export const stdin: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 4, arbitrary: payload.map((event) => latin(`${JSON.stringify(event)}\n`)) },
    { weight: 1, arbitrary: payload.map((event) => latin(`${JSON.stringify(event, null, 2)}\n`)) },
    { weight: 4, arbitrary: damaged(payload.map((event) => latin(JSON.stringify(event)))) },
    { weight: 1, arbitrary: deep.map((nested) => `{"hook_event_name":"Stop","session_id":"s","x":${nested}}`) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString("latin1")) },
  )
  .map((bytes) => bytesOf(bytes).toString("latin1"));

/** An envelope that is mostly one. */
export const envelope: fc.Arbitrary<Record<string, Json>> = fc
  .tuple(
    fc.record({
      id: mostly(fc.stringMatching(/^[0-9A-Z]{1,26}$/)),
      schema: mostly(fc.constant(1)),
      event: mostly(fc.constant("claude_event")),
      type: mostly(fc.constant("hook")),
      subtype: mostly(text.map((name) => name.slice(0, 64))),
      source: mostly(fc.constant("mpm_hook")),
      hook_event_name: mostly(eventName),
      timestamp: mostly(
        fc
          .date({ noInvalidDate: true, min: new Date(0), max: new Date("9999-12-31") })
          .map((date) => date.toISOString()),
      ),
      session_id: mostly(sessionId),
      host: mostly(fc.record({ name: text, pid: number }) as fc.Arbitrary<Json>),
      seq: mostly(fc.integer({ min: 0, max: 1000 })),
      data: mostly(payload),
    }),
    fc.record(
      { cwd: json, project_dir: json, correlation_id: json, agent_id: json, prompt_id: json },
      { requiredKeys: [] },
    ),
    fc.integer({ min: 0, max: 60 }),
  )
  .map(([head, optional, wrong]) => {
    // With every field right most of the time, most envelopes would still be wrong somewhere: most are mended here.
    const sound = {
      id: `F${Math.abs(hashOf(head.id))}`,
      schema: 1,
      event: "claude_event",
      type: "hook",
      source: "mpm_hook",
      subtype: "x",
      timestamp: "2026-01-01T00:00:00.000Z",
      host: { name: "h" },
      seq: 1,
      data: {},
      hook_event_name: "Stop",
      session_id: "s",
    };
    const kept = Object.entries(head).filter(([, value], index) => index === wrong || fitsHead(value));
    return {
      ...sound,
      ...Object.fromEntries(kept),
      ...(wrong % 4 === 0 ? (optional as Record<string, Json>) : {}),
    } as Record<string, Json>;
  });

const fitsHead = (value: unknown) => typeof value !== "object" || (value !== null && !Array.isArray(value));
const hashOf = (value: unknown) =>
  [...JSON.stringify(value)].reduce((sum, char) => (sum * 31 + (char.codePointAt(0) ?? 0)) | 0, 7);

/** UTF-8 as a string of its bytes. */
export function latin(utf8: string): string {
  return Buffer.from(utf8).toString("latin1");
}

/** The bytes of such a string. */
export function bytesOf(bytes: string): Buffer {
  return Buffer.from(bytes, "latin1");
}
