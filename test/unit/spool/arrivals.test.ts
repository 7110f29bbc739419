// How the relay hears of what hooks store: at once in quiet times, and seldom enough while much comes.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Arrivals, LOOK_MS } from "../../../src/spool/arrivals.ts";
import { tempDir, until } from "../../world.ts";

/** Takes away whatever it finds, as the relay does, and counts how often it looked. */
function taker(t: TestContext) {
  const dir = join(tempDir(t), "spool");
  mkdirSync(dir);
  const seen: string[] = [];
  const looks = { all: 0, told: 0 };
  const arrivals = new Arrivals(dir, (told) => {
    looks.all += 1;
    if (told) looks.told += 1;
    const names = existsSync(dir) ? readdirSync(dir) : [];
    for (const name of names) unlinkSync(join(dir, name));
    seen.push(...names);
    return names.length > 0;
  });
  t.after(() => arrivals.close());
  return { dir, seen, looks, arrivals };
}

/** Until it asks the kernel again, and looks no more. */
async function quiet(looks: { all: number }): Promise<void> {
  for (let before = -1; before !== looks.all; ) {
    before = looks.all;
    await sleep(LOOK_MS * 10); // that nothing happens in this time is what is waited for
  }
}

test("what is stored in quiet times is told, each time anew", async (t) => {
  const { dir, seen, looks } = taker(t);
  for (let index = 0; index < 5; index += 1) {
    writeFileSync(join(dir, `entry-${index}`), "");
    await until(() => seen.length === index + 1, 5000, `entry ${index}`);
    await quiet(looks);
  }
  assert.ok(looks.told >= 1);
});

test("while much comes it looks no more often than every LOOK_MS, and misses nothing", async (t) => {
  const { dir, seen, looks } = taker(t);
  const begun = performance.now();
  for (let index = 0; index < 300; index += 1) {
    writeFileSync(join(dir, `entry-${index}`), "");
    if (index % 3 === 0) await sleep(2); // as hooks come: spread over a while
  }
  await until(() => seen.length === 300, 5000, "all of them");
  const most = (performance.now() - begun) / LOOK_MS + 3;
  assert.ok(looks.all <= most, `${looks.all} looks, at most ${most}`);
  assert.equal(new Set(seen).size, 300);
});

test("with nothing to see it looks no more", async (t) => {
  const { dir, seen, looks } = taker(t);
  writeFileSync(join(dir, "entry"), "");
  await until(() => seen.length === 1, 5000);
  await quiet(looks);
  const { all } = looks;
  await sleep(LOOK_MS * 20); // the time in which it would have looked
  assert.equal(looks.all, all);
});

test("a directory that was removed and made again is watched again", async (t) => {
  const { dir, seen, looks, arrivals } = taker(t);
  rmSync(dir, { recursive: true });
  await until(() => looks.all > 0, 5000, "a look at what is gone");
  await quiet(looks);
  mkdirSync(dir);
  arrivals.retry();
  await quiet(looks);
  writeFileSync(join(dir, "entry"), "");
  await until(() => seen.length === 1, 5000, "the entry in the new directory");
});

test("told to gather, it finds together what is stored within that time", async (t) => {
  const { dir, seen, looks, arrivals } = taker(t);
  arrivals.gather(400);
  const begun = performance.now();
  for (let index = 0; index < 100; index += 1) {
    writeFileSync(join(dir, `entry-${index}`), "");
    await sleep(2);
  }
  await until(() => seen.length === 100, 5000, "all of them");
  const most = (performance.now() - begun) / 400 + 2;
  assert.ok(looks.all <= most, `${looks.all} looks, at most ${most}`);
});

test("told to hurry again, it looks at once", async (t) => {
  const { dir, seen, arrivals } = taker(t);
  arrivals.gather(10_000);
  writeFileSync(join(dir, "entry"), "");
  await sleep(100); // the kernel has told by now
  assert.equal(seen.length, 0);
  const begun = performance.now();
  arrivals.gather(LOOK_MS);
  await until(() => seen.length === 1, 5000, "the entry");
  assert.ok(performance.now() - begun < 1000);
});
