// The hook on a full disk and under kill -9, in sh and in Node.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { receiver } from "../../unit/relay/server.ts";
import { dist, HOOK, mpm, NODE, pidsOf, run, tempDir, tempWorld, until } from "../../world.ts";
import { ANSWER, entriesOf } from "./shells.ts";

const EVENT = '{"hook_event_name":"Stop","session_id":"s-1"}';

/** A file system of 64 kB; the machine may not let us mount one, then the test says so by failing. */
function smallDisk(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mpm-test-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", dir]);
  t.after(() => {
    execFileSync("umount", ["-l", dir]);
    rmdirSync(dir);
  });
  return dir;
}

test("on a full disk the answer is the same, entries that were whole stay whole, and none is cut without a sign", async (t) => {
  const home = join(smallDisk(t), "home");
  mkdirSync(join(home, "spool"), { recursive: true });
  symlinkSync("/proc/self", join(home, "relay.alive"));
  const input = JSON.stringify({ hook_event_name: "Stop", session_id: "s", pad: "x".repeat(9000) });
  for (let count = 0; count < 12; count++) {
    const outcome = await run(HOOK, ["Stop"], { input, env: { PATH: "/usr/bin:/bin", MPM_HOME: home } });
    assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, ANSWER, ""]);
  }
  const entries = entriesOf(home);
  const whole = entries.filter((entry) => entry.whole);
  assert.ok(whole.length >= 3 && whole.length < 12, `${whole.length} of 12 fit`);
  for (const { payload } of whole) assert.equal(payload, input);
});

test("killed with -9 at any moment, it leaves no entry that passes for whole and is not", async (t) => {
  const home = tempDir(t);
  symlinkSync("/proc/self", join(home, "relay.alive"));
  const input = JSON.stringify({ hook_event_name: "Stop", session_id: "s", pad: "x".repeat(300_000) });
  for (let round = 0; round < 60; round++) {
    const child = spawn(HOOK, ["Stop"], {
      env: { PATH: "/usr/bin:/bin", MPM_HOME: home },
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    child.stdin.on("error", () => {});
    const closed = once(child, "close");
    child.stdin.end(input);
    await new Promise((wake) => setTimeout(wake, round / 10)); // 0 to 6 ms: before, during and after the storing
    try {
      process.kill(-(child.pid as number), "SIGKILL");
    } catch {
      // it was faster
    }
    await closed;
  }
  for (const { whole, payload } of entriesOf(home)) if (whole) assert.equal(payload === input, true);
});

test("the installed copy finds its home by its own place", async (t) => {
  const home = join(tempDir(t), "elsewhere");
  mkdirSync(join(home, "app/hooks"), { recursive: true });
  symlinkSync("/proc/self", join(home, "relay.alive"));
  for (const name of ["mpm-hook", "mpm-slow-path", "mpm-node"])
    writeFileSync(join(home, "app/hooks", name), readFileSync(join(HOOK, "..", name)), { mode: 0o755 });
  const outcome = await run(join(home, "app/hooks/mpm-hook"), ["Stop"], {
    input: EVENT,
    env: { PATH: "/usr/bin:/bin" },
  });
  assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, ANSWER, ""]);
  assert.equal(entriesOf(home).length, 1);
});

test("debugging, it stores the event all the same and says in log/hook.log what became of it", async (t) => {
  const world = tempWorld(t);
  const server = await receiver(t);
  const env = { ...world.env, MPM_SERVER_URL: server.url, MPM_HOOK_DEBUG: "true" };
  const outcome = await run(HOOK, ["Stop"], { input: EVENT, env });
  assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, ANSWER, ""]);
  assert.equal(server.received.length, 1);
  const steps = readFileSync(join(world.mpmHome, "log/hook.log"), "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { step: string }).step);
  assert.deepEqual(steps, ["read", "stored", "valid", "relay", "delivered"]);
});

test("debugging an event that is none says path, expected and received", async (t) => {
  const world = tempWorld(t);
  const server = await receiver(t);
  const env = { ...world.env, MPM_SERVER_URL: server.url, MPM_HOOK_DEBUG: "true" };
  await run(HOOK, ["Stop"], { input: '{"session_id":7}', env });
  const log = readFileSync(join(world.mpmHome, "log/hook.log"), "utf8");
  assert.match(log, /"step":"invalid","msg":"session_id: expected .*, received a number/);
  assert.match(log, /"step":"rejected"/);
});

test("the hook in Node keeps the hook's promises: an open stdin, a closed one, a home that cannot be written", async (t) => {
  const world = tempWorld(t);
  const server = await receiver(t);
  const env = { ...world.env, MPM_SERVER_URL: server.url };
  const open = spawn(NODE, [dist("hook.js"), "Stop"], { env, stdio: ["pipe", "pipe", "pipe"] });
  t.after(() => open.kill("SIGKILL"));
  open.stdin.write(EVENT); // no newline, no end
  const [status] = await once(open, "close", { signal: AbortSignal.timeout(10_000) });
  assert.equal(status, 0);
  for (const options of [
    { input: "" },
    { input: EVENT },
    { input: EVENT, env: { ...env, MPM_HOME: "/proc/nowhere" } },
  ]) {
    const outcome = await run(NODE, [dist("hook.js"), "Stop"], { env, ...options });
    assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, ANSWER, ""]);
  }
  await until(() => server.received.length === 2);
});

test("nothing that the hook starts in the background is left when its relay has ended", async (t) => {
  const world = tempWorld(t);
  mkdirSync(world.mpmHome);
  writeFileSync(join(world.mpmHome, "config.json"), '{"relay":{"idleMs":300}}');
  const server = await receiver(t);
  await run(HOOK, ["Stop"], { input: EVENT, env: { ...world.env, MPM_SERVER_URL: server.url } });
  await until(() => server.received.length === 1);
  await until(() => !existsSync(join(world.mpmHome, "relay.alive")), 10_000);
  await until(() => pidsOf(world.mpmHome).length === 0, 5000, "the end of everything that knows this home");
  assert.deepEqual(readdirSync(join(world.mpmHome, "spool")), []);
  assert.equal((await mpm(["status", "--json"], { env: world.env })).status, 0);
});
