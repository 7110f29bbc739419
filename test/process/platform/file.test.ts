// Files that are replaced in one step, and locks that end with their process.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { replaceFile } from "../../../src/platform/file.ts";
import { tryLock, withLock } from "../../../src/platform/lock.ts";
import { NODE, tempDir } from "../../world.ts";

for (const durable of [false, true])
  test(`a file is replaced with the mode that is asked for, and nothing is left beside it${durable ? ", durably" : ""}`, (t) => {
    const dir = tempDir(t);
    const file = join(dir, "file");
    replaceFile(file, "one", { durable });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    replaceFile(file, "two", { durable, mode: 0o755 });
    assert.deepEqual([readFileSync(file, "utf8"), statSync(file).mode & 0o777], ["two", 0o755]);
    assert.deepEqual(readdirSync(dir), ["file"]);
  });

test("what stands in the place of the file aside is not written through, and a failure leaves nothing", (t) => {
  const dir = tempDir(t);
  const file = join(dir, "file");
  writeFileSync(join(dir, "other"), "untouched");
  symlinkSync(join(dir, "other"), `${file}.${process.pid}.new`);
  replaceFile(file, "new");
  assert.equal(readFileSync(join(dir, "other"), "utf8"), "untouched");
  mkdirSync(join(dir, "taken/inner"), { recursive: true });
  assert.throws(() => replaceFile(join(dir, "taken"), "x"));
  assert.deepEqual(readdirSync(dir).sort(), ["file", "other", "taken"]);
});

test("a lock is held by one, and is free once its process is gone, however that went", async (t) => {
  const file = join(tempDir(t), "lock");
  const module = join(import.meta.dirname, "../../../src/platform/lock.ts");
  const code = `const { tryLock } = await import(${JSON.stringify(module)});
    console.log(tryLock(${JSON.stringify(file)}, 0) ? "held" : "not"); setInterval(() => {}, 1000);`;
  const holder = spawn(NODE, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => holder.kill("SIGKILL"));
  assert.match(String(await once(holder.stdout, "data")), /held/);
  assert.equal(tryLock(file, 0), undefined);
  assert.equal(await withLock(file, 0, async () => 1), undefined);
  const gone = once(holder, "exit");
  holder.kill("SIGKILL");
  await gone;
  assert.deepEqual(await withLock(file, 1000, async () => 1), { value: 1 });
  const lock = tryLock(file, 0);
  assert.ok(lock);
  lock.release();
  assert.equal(statSync(file).size, 0);
});
