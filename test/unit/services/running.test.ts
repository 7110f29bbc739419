// Relay and monitor are ended, and one that cannot be is not waited for without an end.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { isAlive } from "../../../src/platform/process.ts";
import { end } from "../../../src/services/running.ts";

async function sleeper(t: TestContext): Promise<number> {
  const child = spawn(process.execPath, ["-e", "console.log(); setInterval(() => {}, 1000)"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  t.after(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  assert.ok(child.pid);
  return child.pid;
}

test("a process that ends when it is asked is ended, and is sent nothing after that", async (t) => {
  const pid = await sleeper(t);
  const kill = t.mock.method(process, "kill");
  assert.equal(await end({ pid }), true);
  assert.deepEqual(
    kill.mock.calls.flatMap(({ arguments: [to, signal] }) => (signal === 0 ? [] : [[to, signal]])),
    [[pid, "SIGTERM"]],
  );
});

test("a process of another user's is said to be there still", async (t) => {
  const pid = await sleeper(t);
  const kill = process.kill.bind(process);
  t.mock.method(process, "kill", (to: number, signal: number | string) => {
    if (signal === 0) return kill(to, 0);
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
  assert.equal(await end({ pid }), false);
  assert.ok(isAlive(pid));
});

test("a process that has ended is ended", async (t) => {
  const pid = await sleeper(t);
  process.kill(pid, "SIGKILL");
  assert.equal(await end({ pid }), true);
});
