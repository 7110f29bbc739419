// Whatever stands in the spool: links lead nowhere, and nothing holds anybody up.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { encodeEntry } from "../../../src/spool/entry.ts";
import { readEntry } from "../../../src/spool/read.ts";
import { tempDir } from "../../world.ts";

const whole = encodeEntry({ event: "Stop" }, '{"hook_event_name":"Stop","session_id":"s"}');

test("a link is not followed, to whatever it leads", (t) => {
  const dir = tempDir(t);
  writeFileSync(join(dir, "elsewhere"), whole);
  symlinkSync(join(dir, "elsewhere"), join(dir, "1.00-1"));
  symlinkSync("/dev/zero", join(dir, "1.00-2"));
  for (const name of ["1.00-1", "1.00-2"]) assert.equal(readEntry(join(dir, name), name).kind, "no-entry");
});

test("a pipe and a directory are no entries, and are not waited for", (t) => {
  const dir = tempDir(t);
  execFileSync("mkfifo", [join(dir, "1.00-1")]);
  mkdirSync(join(dir, "1.00-2"));
  for (const name of ["1.00-1", "1.00-2"]) assert.equal(readEntry(join(dir, name), name).kind, "no-entry");
});

test("what is gone is gone; what lacks its last line is partial", (t) => {
  const dir = tempDir(t);
  const file = join(dir, "1.00-1");
  assert.equal(readEntry(file, "1.00-1").kind, "gone");
  writeFileSync(file, whole.subarray(0, -1));
  assert.equal(readEntry(file, "1.00-1").kind, "partial");
  writeFileSync(file, whole);
  chmodSync(file, 0o400);
  const read = readEntry(file, "1.00-1");
  assert.ok(read.kind === "whole" && read.entry.origin.event === "Stop");
  assert.equal(read.bytes, whole.length);
});
