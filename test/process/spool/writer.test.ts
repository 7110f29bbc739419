// An entry that is being written: how long it is waited for.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathsOf } from "../../../src/config/config.ts";
import { isWriting } from "../../../src/platform/process.ts";
import { readBoot } from "../../../src/spool/order.ts";
import { openRejected } from "../../../src/spool/rejected.ts";
import { Spool } from "../../../src/spool/spool.ts";
import { HOOK, isAlive, tempWorld, until } from "../../world.ts";

const HOUR_MS = 3_600_000;

/** A spool whose clock is ours, and a hook that has half of its event. */
async function half(t: TestContext) {
  const { env, mpmHome } = tempWorld(t);
  const paths = pathsOf(mpmHome);
  let clock = 0;
  const spool = new Spool({
    dir: paths.spool,
    rejected: openRejected(paths.rejected),
    boot: readBoot(paths.relayBoot, Date.now()),
    onChange() {},
    isAlive,
    isWriting,
    large: paths.relayLarge,
    monotonic: () => clock,
  });
  t.after(() => spool.close());
  const hook: ChildProcess = spawn(HOOK, ["Stop"], { env, stdio: ["pipe", "ignore", "ignore"] });
  hook.stdin?.write('{"hook_event_name":"Stop",');
  await until(() => existsSync(paths.spool) && readdirSync(paths.spool).length === 1, 10_000, "the entry");
  const file = join(paths.spool, readdirSync(paths.spool)[0] as string);
  return {
    hook,
    file,
    /** What the spool gives so much later. */
    after(ms: number) {
      clock += ms;
      spool.refresh();
      return spool.next()?.kind;
    },
  };
}

test("a hook that was stopped while it stored, with its host, finishes an hour later, and its event counts", async (t) => {
  const { hook, after } = await half(t);
  assert.equal(after(0), undefined);
  hook.kill("SIGSTOP");
  assert.equal(after(HOUR_MS), undefined);
  hook.kill("SIGCONT");
  const closed = once(hook, "close");
  hook.stdin?.end('"session_id":"s"}\n');
  await closed;
  assert.equal(after(0), "entry");
});

test("a number that has passed on to a process that writes something else holds an entry back for half a minute", async (t) => {
  const { file, hook, after } = await half(t);
  const stranger = `${file.slice(0, file.lastIndexOf("-"))}-${process.pid}`;
  renameSync(file, stranger);
  hook.kill("SIGKILL");
  assert.equal(after(0), undefined);
  assert.equal(after(20_000), undefined);
  assert.equal(after(11_000), "broken");
});
