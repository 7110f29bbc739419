// What was set aside: nothing of it is ever written over.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openRejected } from "../../../src/spool/rejected.ts";
import { tempDir } from "../../world.ts";

test("entries of one name are kept beside each other, each with its reason", (t) => {
  const [spool, dir] = [tempDir(t), join(tempDir(t), "rejected")];
  const rejected = openRejected(dir);
  const reject = (name: string, text: string) => {
    writeFileSync(join(spool, name), text);
    rejected.add(spool, name, {
      at: new Date(0).toISOString(),
      by: "relay",
      reason: text,
      why: { code: "unknown", given: text },
    });
  };
  for (const [name, text] of [
    ["-41", "first"],
    ["-41", "second"],
    ["-41.1", "third"],
    ["no name of a hook", "fourth"],
    ["no name of a hook", "fifth"],
  ] as const)
    reject(name, text);
  const names = ["-41", "-41.1", "-41.2", "no name of a hook", "no name of a hook.1"];
  assert.deepEqual(rejected.names().sort(), names);
  assert.deepEqual(
    names.map((name) => [
      readFileSync(join(dir, name), "utf8"),
      JSON.parse(readFileSync(join(dir, `${name}.reason.json`), "utf8")).reason,
    ]),
    ["first", "second", "third", "fourth", "fifth"].map((text) => [text, text]),
  );
  assert.deepEqual(readdirSync(spool), []);
});
