// Which session files have changed: told once they have settled, also in a directory that comes later.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Directories } from "../../../src/hosts/directories.ts";
import { tempDir, until } from "../../world.ts";

function opened(t: TestContext) {
  const told: string[] = [];
  const directories = new Directories((directory, pid) => told.push(`${directory} ${pid}`));
  t.after(() => directories.close());
  return { told, directories };
}

test("a session file that is written several times in a moment is told of once, and other files are not", async (t) => {
  const dir = tempDir(t);
  const { told, directories } = opened(t);
  directories.watch(dir);
  for (let time = 0; time < 5; time++) writeFileSync(join(dir, "17.json"), `${time}`);
  writeFileSync(join(dir, "notes.txt"), "x");
  writeFileSync(join(dir, "18.json"), "x");
  await until(() => told.length >= 2, 5000, "two files");
  assert.deepEqual(told.sort(), [`${dir} 17`, `${dir} 18`]);
});

test("a directory that is not there yet, or was removed, is watched once it is there and named again", async (t) => {
  const dir = join(tempDir(t), "sessions");
  const { told, directories } = opened(t);
  directories.watch(dir);
  mkdirSync(dir);
  await until(
    () => {
      directories.watch(dir);
      writeFileSync(join(dir, "19.json"), "x");
      return told.length > 0;
    },
    10_000,
    "the file",
  );
  rmSync(dir, { recursive: true });
  assert.equal(told[0], `${dir} 19`);
});
