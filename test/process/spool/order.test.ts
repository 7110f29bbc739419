// Promise 5, at the spool: what is stored while the directory is being read does not get ahead of what came before it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { pathsOf } from "../../../src/config/config.ts";
import { isWriting } from "../../../src/platform/process.ts";
import { readBoot } from "../../../src/spool/order.ts";
import { openRejected } from "../../../src/spool/rejected.ts";
import { Spool } from "../../../src/spool/spool.ts";
import { isAlive, NODE, tempDir } from "../../world.ts";

/** As many as a directory is read in several calls for, and below the spool's window. */
const EVENTS = 6000;
const LOADER = join(import.meta.dirname, "../chain/loader.ts");

test("entries that are stored while the directory is read come in the order of storing", async (t) => {
  const paths = pathsOf(tempDir(t));
  const spool = new Spool({
    dir: paths.spool,
    rejected: openRejected(paths.rejected),
    boot: readBoot(paths.relayBoot, Date.now()),
    onChange() {},
    isAlive,
    isWriting,
    large: paths.relayLarge,
    monotonic: () => performance.now(),
  });
  t.after(() => spool.close());
  const writer = spawn(NODE, [LOADER, paths.spool, "s", String(EVENTS), "0"], { stdio: "inherit" });
  const closed = once(writer, "close");
  const indexes: number[] = [];
  while (indexes.length < EVENTS) {
    spool.refresh();
    for (let taken = spool.next(); taken; taken = spool.next())
      if (taken.kind === "entry") indexes.push((JSON.parse(taken.entry.payload.toString()) as { index: number }).index);
    await turn();
    assert.ok(writer.exitCode === null || writer.exitCode === 0);
  }
  await closed;
  assert.deepEqual(indexes, [...indexes.keys()]);
});
