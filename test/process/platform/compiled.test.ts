// What V8 compiled is kept in the home for the next start, of its user alone; files of ours that are cut are named.

import assert from "node:assert/strict";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { BUILT, dist, NODE, run, tempDir, tempWorld } from "../../world.ts";

const TOLD = { NODE_DEBUG_NATIVE: "COMPILE_CACHE" };
const ACCEPTED = /cache for .*quick\.js was accepted/;

async function withHome(t: TestContext) {
  const { env, mpmHome } = tempWorld(t, TOLD);
  mkdirSync(mpmHome, { mode: 0o700 });
  return { mpmHome, compiled: join(mpmHome, "compiled"), status: () => run(NODE, [dist("cli.js"), "status"], { env }) };
}

test("what is compiled is kept for its user alone, and taken by the next start", async (t) => {
  const { compiled, status } = await withHome(t);
  assert.doesNotMatch((await status()).stderr, ACCEPTED);
  assert.equal(lstatSync(compiled).mode & 0o777, 0o700);
  assert.match((await status()).stderr, ACCEPTED);
});

test("where others can write, nothing that was compiled is taken or kept", async (t) => {
  const { mpmHome, compiled, status } = await withHome(t);
  await status();
  chmodSync(compiled, 0o770);
  assert.doesNotMatch((await status()).stderr, /accepted/);
  chmodSync(compiled, 0o700);
  chmodSync(mpmHome, 0o777);
  assert.doesNotMatch((await status()).stderr, /accepted/);
  rmSync(compiled, { recursive: true });
  await status();
  assert.equal(existsSync(compiled), false);
});

test("the first start of another version removes what was kept before", async (t) => {
  const { compiled, status } = await withHome(t);
  mkdirSync(join(compiled, "0.0.1/x"), { recursive: true, mode: 0o700 });
  await status();
  assert.equal(readdirSync(compiled).length, 1);
  assert.notEqual(readdirSync(compiled)[0], "0.0.1");
});

test("a start makes no home", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  await run(NODE, [dist("cli.js"), "status"], { env });
  assert.equal(existsSync(mpmHome), false);
});

/** A copy of dist/ that may be damaged. */
function copyOf(t: TestContext): string {
  const copy = join(tempDir(t), "mpm");
  for (const part of ["dist", "hooks"]) cpSync(join(BUILT, part), join(copy, part), { recursive: true });
  return copy;
}
const halve = (file: string) => truncateSync(file, statSync(file).size >> 1);

for (const [name, verb] of [
  ["quick.js", "status"],
  ["mpm.js", "doctor"],
] as const)
  test(`a ${name} that is cut or missing is named, with what to do`, async (t) => {
    const { env } = tempWorld(t);
    const file = join(copyOf(t), "dist", name);
    const call = () => run(NODE, [join(file, "../cli.js"), verb], { env });
    const said = `mpm: ${file} is missing or damaged. Install again: \`npx mpm-hook install\`, or ./install.sh in a checkout.\n`;
    halve(file);
    const cut = await call();
    assert.deepEqual([cut.status, cut.stderr], [1, said]);
    rmSync(file);
    const missing = await call();
    assert.deepEqual([missing.status, missing.stderr], [1, said]);
  });

test("a verb whose own file is cut is named, and so is a cut cli.js by the launcher", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  const copy = copyOf(t);
  const chunks = join(copy, "dist/chunks");
  const doctor = join(chunks, readdirSync(chunks).find((name) => name.startsWith("doctor-")) ?? "");
  halve(doctor);
  const verb = await run(NODE, [join(copy, "dist/cli.js"), "doctor"], { env });
  assert.equal(verb.status, 1);
  assert.match(verb.stderr, /^mpm: .*doctor-.* is missing or damaged\. Install again: .*\n$/);

  halve(join(copy, "dist/cli.js"));
  const launched = await run(join(copy, "hooks/mpm-node"), ["cli", "status"], { env: { ...env, MPM_HOME: mpmHome } });
  assert.notEqual(launched.status, 0);
  assert.match(launched.stderr, /^mpm: .*dist\/cli\.js is damaged\. Install again: .*\n$/);
});

test("a disk that is full is said where stdout goes there", async (t) => {
  const { env } = tempWorld(t);
  for (const words of ["--version", "--help", "status", "config list"]) {
    const full = await run("/bin/sh", ["-c", `exec "$0" "$1" ${words} >/dev/full`, NODE, dist("cli.js")], { env });
    assert.equal(full.status, 1, words);
    assert.equal(full.stderr, "mpm: stdout: the disk is full (ENOSPC). Make room, then run this again.\n", words);
  }
});
