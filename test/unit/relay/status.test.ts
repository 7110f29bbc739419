// What the relay says of itself, and how often.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { RelayStatus } from "../../../src/contract/relay-status.ts";
import { StatusReporter } from "../../../src/relay/status.ts";
import { relayParts } from "./parts.ts";

/** A reporter whose clock stands until it is moved; `pass` lets milliseconds go by, one after the other. */
function reporter(t: TestContext) {
  t.after(() => t.mock.timers.reset()); // before what comes after it, which may wait
  const { sequence } = relayParts(t);
  const said: RelayStatus[] = [];
  let measured = 0;
  let clock = 0;
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const status = new StatusReporter({
    identity: { pid: 1, version: "1", host: "h", startedAt: 5 },
    sequence,
    measure: () => ({ pending: ++measured, bytes: 0, oldestAt: null }),
    write: (one) => void said.push(one),
    now: () => 1000,
    monotonic: () => clock,
  });
  const pass = (ms: number, each = () => {}): void => {
    for (let step = 0; step < ms; step++) {
      each();
      clock += 1;
      t.mock.timers.tick(1);
    }
  };
  return { status, said, measured: () => measured, pass };
}

test("however much changes, it is said at most once a second", (t) => {
  const { status, said, pass } = reporter(t);
  pass(1500, () => status.changed());
  assert.equal(said.length, 2);
});

test("while nobody watches, what events count is said once no more come or every five seconds, and a trouble within one", (t) => {
  const { status, said, pass } = reporter(t);
  pass(1, () => status.counted());
  assert.equal(said.length, 1);
  status.watched(false);
  pass(4990, () => status.counted());
  assert.equal(said.length, 1);
  pass(20);
  assert.equal(said.length, 2);
  status.counted();
  pass(999);
  assert.equal(said.length, 2);
  pass(1);
  assert.equal(said.length, 3, "no more came");
  pass(1000, () => status.counted());
  status.disconnected({ code: "stopped" });
  pass(1);
  assert.equal(said.length, 4);
});

test("who begins to watch is told at once what was counted meanwhile", (t) => {
  const { status, said, pass } = reporter(t);
  pass(1, () => status.counted());
  status.watched(false);
  pass(2000, () => status.counted());
  assert.equal(said.length, 1);
  status.watched(true);
  pass(1);
  assert.equal(said.length, 2);
});

test("without a server it says why, as a sentence and as a code, and when it tries again", (t) => {
  const { status, said, pass } = reporter(t);
  status.disconnected({ code: "nothing_listens", url: "http://127.0.0.1:1" }, 1234);
  pass(1);
  const [one] = said;
  assert.equal(one?.connected, false);
  assert.equal(one?.reason?.code, "nothing_listens");
  assert.ok(one?.trouble);
  assert.equal(one?.retryAt, 1234);
  assert.equal(one?.endedAt, undefined);
});

test("its last words say when it ended, with sizes that are measured for them", (t) => {
  const { status, said, measured } = reporter(t);
  status.disconnected({ code: "stopped" }, 1234);
  const before = measured();
  status.end();
  assert.equal(measured(), before + 1);
  assert.deepEqual([said.at(-1)?.endedAt, said.at(-1)?.retryAt, said.at(-1)?.startedAt], [1000, undefined, 5]);
});

test("sizes are measured again only after a while", (t) => {
  const { status, measured } = reporter(t);
  const before = measured();
  for (let look = 0; look < 100; look++) status.sizes();
  assert.equal(measured(), before);
});
