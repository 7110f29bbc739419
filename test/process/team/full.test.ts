// A database whose disk is full: nothing acknowledged is lost, what was refused is taken once there is room.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { startServer } from "../store/server.ts";
import { envelope } from "../trust/monitor.ts";

const test = testWith("postgresql");
const DISK_MIB = 220;
const LEFT_BYTES = 6 * 1024 * 1024;
const PER_BATCH = 50;
const MOST_BATCHES = 400;
const isRoot = process.getuid?.() === 0;

test("a full disk refuses for now, and what was acknowledged before is there when it has room again", {
  skip: !isRoot && "needs root, for a small disk",
  timeout: 120_000,
}, async (t) => {
  const disk = mkdtempSync(join(tmpdir(), "mpm-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}M`, "tmpfs", disk], { stdio: "ignore" });
  } catch {
    rmSync(disk, { recursive: true, force: true });
    return t.skip("nothing may be mounted here");
  }
  chmodSync(disk, 0o777);
  const before = process.env["TMPDIR"];
  process.env["TMPDIR"] = disk;
  const server = await startServer(undefined, [
    "max_wal_size = 64MB",
    "min_wal_size = 32MB",
    "restart_after_crash = on",
  ]);
  if (before === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = before;
  const opened = await openPostgres({ url: server.url, now: Date.now });
  t.after(async () => {
    if (opened.ok) await opened.value.close();
    await server.close();
    execFileSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true, force: true });
  });
  assert.ok(opened.ok);
  const store = opened.value;
  const batchOf = (batch: number) =>
    Array.from({ length: PER_BATCH }, (_, index) => {
      const seq = batch * PER_BATCH + index + 1;
      return envelope(seq, { session: "s", text: `${seq} ${Math.random().toString(36).repeat(80)}` });
    });
  const stored = new Set<string>();
  const keep = async (batch: number) => {
    const events = batchOf(batch);
    const { outcomes, trouble } = await store.append(events);
    for (const [index, { kind }] of outcomes.entries()) if (kind !== "refused") stored.add(events[index]?.id ?? "");
    return trouble;
  };
  assert.equal(await keep(0), undefined);
  const filler = join(disk, "filler");
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - LEFT_BYTES)));
  let batch = 1;
  let trouble = await keep(batch);
  while (!trouble && ++batch < MOST_BATCHES) trouble = await keep(batch);
  assert.match(trouble?.code ?? "nothing", /^store_(full|unavailable|busy)$/);
  truncateSync(filler, 0);
  let again = await keep(batch);
  for (let tries = 0; again && tries < 60; tries++) {
    await sleep(500);
    if (tries === 10) await server.start().catch(() => {}); // its own restart needed room, too
    again = await keep(batch);
  }
  assert.equal(again, undefined);
  const rows: string[] = [];
  for (let after = 0; ; ) {
    const page = await store.rows({}, { after, limit: 1000 });
    rows.push(...page.map(({ id }) => id));
    const last = page.at(-1);
    if (!last) break;
    after = last.n;
  }
  assert.deepEqual(rows.toSorted(), [...stored].toSorted());
  assert.equal(new Set(rows).size, rows.length);
});
