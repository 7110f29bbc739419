// What the relay says of itself, and how often.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { RelayStatus } from "../../../src/contract/relay-status.ts";
import { StatusReporter } from "../../../src/relay/status.ts";
import { until } from "../../world.ts";
import { relayParts } from "./parts.ts";

function reporter(t: TestContext) {
  const { sequence } = relayParts(t);
  const said: RelayStatus[] = [];
  let measured = 0;
  const status = new StatusReporter({
    identity: { pid: 1, version: "1", host: "h", startedAt: 5 },
    sequence,
    measure: () => ({ pending: ++measured, bytes: 0, oldestAt: null }),
    write: (one) => void said.push(one),
    now: () => 1000,
  });
  return { status, said, measured: () => measured };
}

test("however much changes, it is said at most once a second", (t) => {
  const { status, said } = reporter(t);
  let at = 0;
  t.mock.method(performance, "now", () => at);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (; at < 1500; at += 5) {
    status.changed();
    t.mock.timers.tick(5);
  }
  t.mock.reset(); // what is cleaned up needs a clock that goes
  assert.equal(said.length, 2);
});

test("without a server it says why, as a sentence and as a code, and when it tries again", async (t) => {
  const { status, said } = reporter(t);
  status.disconnected({ code: "nothing_listens", url: "http://127.0.0.1:1" }, 1234);
  await until(() => said.length === 1);
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
