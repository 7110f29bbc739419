// What a release is made of: one version everywhere, and the same package from every build.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { NODE, ROOT, run, tempDir } from "../../world.ts";

const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: process.env["HOME"] ?? "/" };
const release = (...args: string[]) =>
  run(NODE, ["scripts/release.ts", ...args], { cwd: ROOT, env, timeoutMs: 120_000 });
const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string };

test("a tag that names another version than the package is refused by name", async () => {
  const { status, stderr } = await release("check", "v99.0.0");
  assert.equal(status, 1);
  assert.match(stderr, new RegExp(`the tag is v99\\.0\\.0, package\\.json says ${version.replaceAll(".", "\\.")}`));
});

test("the tag of this version is right: package, plugin and changelog agree, and the notes are its section", async () => {
  assert.deepEqual(await release("check", `v${version}`).then(({ status, stderr }) => [status, stderr]), [0, ""]);
  const { status, stdout } = await release("notes");
  assert.equal(status, 0);
  assert.match(stdout, /^- /m);
  assert.doesNotMatch(stdout, /^## /m);
});

test("two builds of the committed tree make the same package, whose hash is written beside it", async (t) => {
  if (!existsSync(join(ROOT, ".git"))) return t.skip("needs a checkout");
  const dir = tempDir(t);
  const { status, stderr } = await release("pack", dir);
  assert.equal(status, 0, stderr);
  const [hash, name = ""] = readFileSync(join(dir, "SHA256SUMS"), "utf8").trim().split(/\s+/);
  assert.equal(
    createHash("sha256")
      .update(readFileSync(join(dir, name)))
      .digest("hex"),
    hash,
  );
});
