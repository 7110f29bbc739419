// A relay that the kernel kills because it takes too much memory: a real group of processes with a limit.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { MAX_TRIES } from "../../../src/spool/large.ts";
import { notRoot } from "../../tools.ts";
import { dist, NODE, start, until } from "../../world.ts";
import { openScene } from "./scene.ts";

const GROUPS = "/sys/fs/cgroup/memory";
/** Enough for a relay that has nothing large to do. */
const LIMIT_BYTES = 130 * 1024 * 1024;
const OBJECTS = 19_000_000;
const NAME = "9.00-4190001";
const DEADLINE_MS = 90_000;

/** A directory of a group whose processes may have so much memory together; it goes with the test. */
function limitedGroup(t: TestContext): string {
  const dir = join(GROUPS, `mpm-test-${process.pid}`);
  mkdirSync(dir);
  t.after(() => until(() => isRemoved(dir), 10_000, "the end of the group"));
  writeFileSync(join(dir, "memory.limit_in_bytes"), `${LIMIT_BYTES}`);
  // Without it, what is too much is swapped out. Not every kernel counts it.
  const withSwap = join(dir, "memory.memsw.limit_in_bytes");
  if (existsSync(withSwap)) writeFileSync(withSwap, `${LIMIT_BYTES}`);
  return dir;
}

function isRemoved(dir: string): boolean {
  try {
    rmdirSync(dir);
    return true;
  } catch {
    return false; // something runs in it still
  }
}

const canLimit = existsSync(join(GROUPS, "memory.limit_in_bytes"));

test("an event that takes more memory than there is ends three relays, is rejected with the reason, and holds up no other", {
  skip: notRoot || (!canLimit && "needs the memory controller of cgroup v1"),
}, async (t) => {
  const scene = await openScene(t);
  await scene.send(2);
  await scene.settled();
  process.kill(scene.relayPid() as number, "SIGKILL");
  const group = limitedGroup(t);
  const spool = join(scene.home, "spool");
  const entry = (name: string, event: string) =>
    writeFileSync(join(spool, name), `mpm1\0Stop\0\0\0\0\0\0${event}\n\0mpm1 whole\n`);
  entry(NAME, `{"hook_event_name":"Stop","session_id":"large","x":[${"{},".repeat(OBJECTS)}{}]}`);
  entry("9.01-4190002", '{"hook_event_name":"Stop","session_id":"behind"}');
  // The relay alone is in the group: whom the kernel kills of several is not ours to say.
  const relay = ["-c", `echo $$ >${group}/cgroup.procs && exec "$0" "$1"`, NODE, dist("relay.js")];
  for (let started = 0; started <= MAX_TRIES && existsSync(join(spool, NAME)); started++) {
    const child = start(t, "sh", relay, scene.env, scene.home);
    await until(() => child.signalCode !== null || !existsSync(join(spool, NAME)), DEADLINE_MS, "the end of a relay");
  }
  await until(
    async () => (await scene.stored()).some(({ session_id: session }) => session === "behind"),
    DEADLINE_MS,
    "the event behind it",
  );
  const kills = Number(/^oom_kill (\d+)$/m.exec(readFileSync(join(group, "memory.oom_control"), "utf8"))?.[1]);
  assert.equal(kills, MAX_TRIES);
  const reason = readFileSync(join(scene.home, "rejected", `${NAME}.reason.json`), "utf8");
  assert.match(reason, /3 relays ended while they read it/);
  await scene.recovers(t);
});
