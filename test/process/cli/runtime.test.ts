// `mpm` under a Node that is too old for it.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { test } from "node:test";
import { findNode, isNewEnough } from "../../../src/platform/runtime.ts";
import { dist, NODE, run, tempDir, tempWorld, until } from "../../world.ts";

/** The machine's own Node, where it is an old one. */
const OLD = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((dir) => join(dir, "node"))
  .filter((path) => existsSync(path))
  .find((path) => !isNewEnough(execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8" })));
const skip = OLD ? false : "no Node older than 24 on this machine";

test("an older Node runs it again by the newer one, with output, input and status as they are", { skip }, async (t) => {
  const { env } = tempWorld(t);
  const good = await run(OLD as string, [dist("cli.js"), "status", "--json"], { env });
  assert.deepEqual([good.status, good.stderr], [0, ""]);
  assert.equal(JSON.parse(good.stdout).relay.running, false);
  assert.equal((await run(OLD as string, [dist("cli.js"), "events", "--limit", "x"], { env })).status, 2);
});

test("an older Node gives signals to the newer one, and ends by the signal that ends it", { skip }, async (t) => {
  const { env, home } = tempWorld(t);
  const claude = "trap 'echo got; kill -KILL $$' TERM; echo ready; while :; do sleep 0.01; done";
  writeFileSync(join(home, "claude"), `#!/bin/sh\n${claude}\n`, { mode: 0o755 });
  const child = spawn(OLD as string, [dist("cli.js"), "run", "--no-agents"], {
    env: { ...env, PATH: `${home}:/usr/bin:/bin` },
    cwd: home,
  });
  const closed = once(child, "close");
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  await until(() => said.includes("ready"), 20_000);
  child.kill("SIGTERM");
  assert.deepEqual([await closed, said], [[null, "SIGKILL"], "ready\ngot\n"]);
});

test("where there is no newer one, it says which it takes", { skip }, async (t) => {
  const { env } = tempWorld(t);
  const alone = join(tempDir(t), "dist");
  cpSync(dist(""), alone, { recursive: true });
  const { status, stdout, stderr } = await run(OLD as string, [join(alone, "cli.js"), "status"], { env });
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /^mpm: this is Node \d+\.\d+\.\d+, and mpm needs 24 or newer\./);
});

test("the Node that the installer wrote down comes first, a checkout's own second, one that is gone never", (t) => {
  const root = tempDir(t);
  const app = join(root, "app");
  const own = join(root, "node_modules/node/bin/node");
  const script = join(root, "dist/cli.js");
  assert.equal(findNode(app, script), undefined);
  mkdirSync(join(own, ".."), { recursive: true });
  writeFileSync(own, "", { mode: 0o755 });
  assert.equal(findNode(app, script), own);
  mkdirSync(app);
  writeFileSync(join(app, "node"), `${NODE}\n`);
  assert.equal(findNode(app, script), NODE);
  writeFileSync(join(app, "node"), "/nowhere/node\n");
  assert.equal(findNode(app, script), own);
});

test("the installed command runs by its own Node in another home, and says so where there is none", async (t) => {
  const root = tempDir(t);
  const home = join(tempDir(t), "home");
  const tools = tempDir(t);
  for (const tool of ["mkdir", "date"]) symlinkSync(`/bin/${tool}`, join(tools, tool));
  cpSync(join(import.meta.dirname, "../../../hooks/mpm-node"), join(root, "hooks/mpm-node"));
  mkdirSync(join(root, "dist"));
  writeFileSync(join(root, "dist/cli.js"), 'console.log("ran");\n// whole\n');
  const call = () =>
    run("/bin/sh", [join(root, "hooks/mpm-node"), "cli"], { env: { PATH: tools, HOME: home, MPM_HOME: home } });
  const none = await call();
  assert.deepEqual([none.status, none.stdout], [127, ""]);
  assert.match(none.stderr, /^mpm: .*no Node 24 or newer is on PATH/);
  assert.equal(statSync(home).mode & 0o077, 0, "what it writes down is for its user alone");
  writeFileSync(join(root, "node"), `${NODE}\n`);
  const { status, stdout, stderr } = await call();
  assert.deepEqual([status, stdout, stderr], [0, "ran\n", ""]);
});
