// Whether a person is asked and has answered, from the host's session file or from its processes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OpenWait } from "../../../src/contract/session.ts";
import { type Looked, learned } from "../../../src/hosts/asked.ts";

const T = Date.UTC(2026, 0, 2);
const wait = (more: Partial<OpenWait> = {}): OpenWait => ({
  id: 1,
  for: { code: "permission", tool: "Bash" },
  since: T,
  call: "c",
  sure: false,
  ...more,
});
const look = (waits: readonly OpenWait[], looked: Partial<Looked>, state: "working" | "idle" = "working") =>
  learned({ state, waits: [...waits] }, { file: undefined, children: [], forMs: 0, now: T + 9000, ...looked });
const file = (status: string, statusUpdatedAt: number, waitingFor?: string) => ({
  pid: 1,
  sessionId: "s",
  status,
  statusUpdatedAt,
  ...(waitingFor ? { waitingFor } : {}),
});

describe("a question is put to a person", () => {
  test("once the host has waited for longer than a hook takes to answer", () => {
    assert.deepEqual(look([wait()], { file: file("waiting", T + 50), forMs: 600 }), []);
    assert.deepEqual(look([wait()], { file: file("waiting", T + 50), forMs: 1100 }), [{ kind: "asked", t: T + 9000 }]);
    assert.deepEqual(look([wait({ sure: true })], { file: file("waiting", T + 50), forMs: 1100 }), []);
  });

  test("or nothing has answered, where the host writes no file", () => {
    assert.deepEqual(look([wait()], { forMs: 600 }), []);
    assert.deepEqual(look([wait()], { forMs: 1100 }), [{ kind: "asked", t: T + 9000 }]);
    assert.deepEqual(look([wait()], { file: { pid: 1, sessionId: "s" }, forMs: 1100 }), [
      { kind: "asked", t: T + 9000 },
    ]);
  });

  test("though no event says so, if the host does", () => {
    const said = { file: file("waiting", T + 50, "input needed"), forMs: 1100 };
    assert.deepEqual(look([], said), [{ kind: "waiting", t: T + 50, text: "input needed" }]);
    assert.deepEqual(look([], said, "idle"), []);
  });

  test("by nobody, if the host does not wait", () => {
    assert.deepEqual(look([wait()], { file: file("busy", T - 50), forMs: 1100 }), []);
    assert.deepEqual(look([wait()], { file: file("busy", T - 50), forMs: 3100 }), [{ kind: "unasked", t: T + 9000 }]);
  });
});

describe("a question is answered", () => {
  test("when the host goes on", () => {
    for (const sure of [true, false])
      assert.deepEqual(look([wait({ sure })], { file: file("busy", T + 700) }), [{ kind: "answered", t: T + 700 }]);
    assert.deepEqual(look([wait({ sure: true })], { file: file("busy", T - 50), forMs: 9000 }), []);
  });

  test("when the command runs, where the host writes no file", () => {
    const command = (since: number) => ({ since, isHook: false });
    const runs = { children: [command(T - 100_000), command(T + 50), command(T + 4000)], forMs: 9000 };
    assert.deepEqual(look([wait({ sure: true })], runs), [{ kind: "answered", t: T + 4000, call: "c" }]);
    assert.deepEqual(look([wait({ sure: true })], { ...runs, children: [command(T + 50)] }), [], "one of before");
    assert.deepEqual(look([wait({ sure: true })], { ...runs, children: [command(T + 8500)] }), [], "it may be short");
    assert.deepEqual(look([wait({ sure: true })], { ...runs, children: [{ since: T + 4000, isHook: true }] }), []);
    assert.deepEqual(look([wait({ sure: true, for: { code: "permission", tool: "Edit" } })], runs), []);
  });
});

describe("while another hook is at work on a question", () => {
  const hook = { since: T + 80, isHook: true };
  const asking = file("waiting", T + 50);

  test("nobody is said to be asked", () => {
    for (const state of [asking, file("busy", T - 50), undefined])
      assert.deepEqual(look([wait()], { file: state, children: [hook], forMs: 0, now: T + 5000 }), [
        { kind: "hooked", t: T + 5000, waits: [1] },
      ]);
    assert.deepEqual(look([wait({ hooked: true })], { file: asking, children: [hook], now: T + 5000 }), []);
  });

  test("only what was started when the question came up is such a hook", () => {
    const others = [
      { since: T + 80, isHook: false },
      { since: T - 4000, isHook: true },
      { since: T + 4000, isHook: true },
    ];
    for (const other of others)
      assert.deepEqual(look([wait()], { file: asking, children: [other], forMs: 1100 }), [
        { kind: "asked", t: T + 9000 },
      ]);
  });

  test("a question that stays on the screen is said to wait after a while, and once the hook is over", () => {
    assert.deepEqual(look([wait({ hooked: true })], { file: asking, children: [hook], now: T + 10_500 }), [
      { kind: "asked", t: T + 10_500, beside: true },
    ]);
    const over = { file: asking, forMs: 1100 };
    assert.deepEqual(look([wait({ hooked: true })], over), [{ kind: "asked", t: T + 9000 }]);
    assert.deepEqual(look([wait({ hooked: true, sure: true })], over), [{ kind: "asked", t: T + 9000 }]);
  });

  test("an answer that the hook outlives is a person's", () => {
    const answered = { file: file("busy", T + 700), children: [hook] };
    assert.deepEqual(look([wait({ hooked: true })], answered), [
      { kind: "asked", t: T + 9000 },
      { kind: "answered", t: T + 700 },
    ]);
  });
});
