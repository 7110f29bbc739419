// A deployment that fails half-way, is killed, or meets another: every file is whole, and the next run finishes the work.

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Deployment, deployAgents } from "../../../src/agents/deploy.ts";
import { localFiles } from "../../../src/agents/files.ts";
import { contents, markdown, plant, powerless, type Scene, scene } from "../../unit/agents/tree.ts";
import { dist, mpm, NODE, until } from "../../world.ts";
import { fillUp, mountSmall } from "../trust/disk.ts";

const MANIFEST = ".mpm-manifest.json";
const COUNT = 40;

const kinds = ({ actions }: Deployment) => Object.fromEntries(actions.map(({ name, kind }) => [name, kind]));
const names = Array.from({ length: COUNT }, (_, index) => `n-${index}`);
const texts = (body: string) => Object.fromEntries(names.map((name) => [`${name}.md`, markdown(name, "", body)]));
const deployed = ({ directory }: Scene) => {
  const { [MANIFEST]: _, ...files } = contents(directory);
  return files;
};

/** Each file is one of the two or absent, there is nothing else, and the next deployment takes it to the new one. */
async function assertWhole(here: Scene, before: Record<string, string>, after: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(deployed(here)))
    if (!path.endsWith(".mpm-tmp")) assert.ok(text === before[path] || text === after[path], path);
  const next = await deployAgents(here.options);
  assert.equal(next.ok, true, JSON.stringify(next.problems));
  assert.ok(
    next.actions.every(({ kind }) => ["create", "update", "unchanged"].includes(kind)),
    "all are still known as ours",
  );
  const files = Object.entries(deployed(here)).filter(([path]) => !path.endsWith(".mpm-tmp"));
  assert.deepEqual(Object.fromEntries(files), Object.fromEntries(Object.entries(after).toSorted()));
}

test("on a full disk every file stays whole, the failures are said, and with room again it is finished", async (t) => {
  const here = scene(t);
  mkdirSync(join(here.project, ".claude"), { recursive: true });
  let unmount: () => void;
  try {
    unmount = mountSmall(here.directory, "size=256k");
  } catch {
    return t.skip("file systems cannot be mounted here");
  }
  try {
    const [before, after] = [texts("old ".repeat(500)), texts("new ".repeat(2000))];
    plant(here.tiers.user, before);
    assert.equal((await deployAgents(here.options)).ok, true);
    plant(here.tiers.user, after);
    const result = await deployAgents(here.options);
    const failed = result.actions.filter(({ kind }) => kind === "failed");
    assert.equal(result.ok, false);
    assert.ok(failed.length > 0 && failed.length < COUNT, `${failed.length}`);
    assert.equal(failed[0]?.reason, "no space left on the disk");
    assert.deepEqual(
      readdirSync(here.directory).filter((name) => name.endsWith(".mpm-tmp")),
      [],
    );
    for (const [path, text] of Object.entries(deployed(here)))
      assert.ok(text === before[path] || text === after[path], path);

    const makeRoom = fillUp(here.directory);
    const full = deployed(here);
    assert.equal((await deployAgents(here.options)).ok, false);
    assert.deepEqual(deployed(here), full);
    makeRoom();
    execFileSync("mount", ["-o", "remount,size=2m", here.directory]);
    const small = texts("small");
    plant(here.tiers.user, small);
    await assertWhole(here, full, small);
  } finally {
    unmount();
  }
});

test("in a directory that is read-only nothing changes, and each agent is said to have failed", async (t) => {
  const here = scene(t);
  plant(here.tiers.user, { "a.md": markdown("a") });
  await deployAgents(here.options);
  const before = contents(here.directory);
  plant(here.tiers.user, { "a.md": markdown("a", "color: red\n"), "b.md": markdown("b") });
  chmodSync(here.directory, 0o555);
  const { status, stdout } = await powerless(["agents", "deploy", "--json"], here.cli);
  chmodSync(here.directory, 0o755);
  const result = JSON.parse(stdout) as Deployment;
  assert.deepEqual([status, result.ok], [1, false]);
  const { a, b } = kinds(result);
  assert.deepEqual([a, b], ["failed", "failed"]);
  assert.equal(result.problems[0]?.received, "permission denied");
  assert.deepEqual(contents(here.directory), before);
});

test("one file that cannot be written does not keep the others from it", async (t) => {
  const here = scene(t);
  const before = texts("old");
  plant(here.tiers.user, before);
  await deployAgents(here.options);
  const after = texts("new");
  plant(here.tiers.user, after);
  const files: typeof localFiles = {
    ...localFiles,
    write: async (path, text, how) => {
      if (path.endsWith("/n-7.md")) throw Object.assign(new Error("EIO"), { code: "EIO" });
      return localFiles.write(path, text, how);
    },
  };
  const result = await deployAgents({ ...here.options, files });
  assert.equal(result.ok, false);
  assert.deepEqual(
    result.actions.filter(({ kind }) => kind !== "update").map(({ name, reason }) => [name, reason]),
    [["n-7", "EIO"]],
  );
  assert.equal(deployed(here)["n-7.md"], before["n-7.md"]);
  await assertWhole(here, before, after);
});

test("what the user saves while a deployment is under way stays", async (t) => {
  const here = scene(t);
  plant(here.tiers.user, { "a.md": markdown("a"), "b.md": markdown("b") });
  await deployAgents(here.options);
  plant(here.tiers.user, { "a.md": markdown("a", "color: red\n"), "c.md": markdown("c") });
  const files: typeof localFiles = {
    ...localFiles,
    write: async (path, text, how) => {
      // The manifest comes first: everything was read before it.
      if (path.endsWith(MANIFEST)) plant(here.directory, { "a.md": "saved", "c.md": "saved too" });
      return localFiles.write(path, text, how);
    },
  };
  const result = await deployAgents({ ...here.options, files });
  assert.deepEqual(kinds(result), { a: "keep", b: "unchanged", c: "keep" });
  assert.deepEqual([deployed(here)["a.md"], deployed(here)["c.md"]], ["saved", "saved too"]);
  assert.equal(kinds(await deployAgents(here.options))["c"], "keep", "what was never ours is not listed as ours");
});

test("killed at any moment, a deployment leaves whole files that are all known as ours", async (t) => {
  const here = scene(t);
  let before: Record<string, string> = {};
  for (let round = 0; round < 6; round++) {
    const after = texts(`round ${round} ${"x".repeat(20_000)}`);
    plant(here.tiers.project, after);
    const child = spawn(NODE, [dist("cli.js"), "agents", "deploy", "--exclude", "engineer"], {
      env: here.cli.env,
      cwd: here.project,
      stdio: "ignore",
    });
    const closed = once(child, "close");
    const some = Object.values(after).slice(0, 1 + round * 6);
    await until(() => ended(child) || some.every((text) => Object.values(deployed(here)).includes(text)), 30_000);
    child.kill("SIGKILL");
    await closed;
    const bundled = { ...here, options: { ...here.options, exclude: [] } };
    const only = Object.fromEntries(Object.entries(deployed(here)).filter(([path]) => path.startsWith("n-")));
    for (const [path, text] of Object.entries(only)) assert.ok(text === before[path] || text === after[path], path);
    const next = await deployAgents(bundled.options);
    assert.ok(next.ok);
    for (const { name, kind } of next.actions.filter(({ tier }) => tier === "project"))
      assert.ok(["create", "update", "unchanged"].includes(kind), `${name}: ${kind}`);
    for (const [path, text] of Object.entries(after)) assert.equal(deployed(here)[path], text);
    before = after;
  }
});

const ended = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

test("two at once come to the same end: one does the work, the other finds it done", async (t) => {
  const here = scene(t);
  plant(here.tiers.project, texts("together"));
  const outcomes = await Promise.all(Array.from({ length: 4 }, () => mpm(["agents", "deploy", "--json"], here.cli)));
  const created = outcomes.map(({ status, stdout }) => {
    assert.equal(status, 0);
    const { actions, problems } = JSON.parse(stdout) as Deployment;
    assert.deepEqual(problems, []);
    return actions.filter(({ kind }) => kind === "create").length;
  });
  assert.deepEqual(created.filter((count) => count > 0).length, 1, `${created}`);
  assert.equal(
    created.reduce((sum, count) => sum + count),
    Object.keys(deployed(here)).length,
  );
  const last = JSON.parse((await mpm(["agents", "deploy", "--json"], here.cli)).stdout) as Deployment;
  assert.ok(last.actions.every(({ kind }) => kind === "unchanged"));
});

test("a home that cannot be written costs the memory of the last run, and a warning, but no agent", async (t) => {
  const here = scene(t);
  plant(here.tiers.project, { "a.md": markdown("a") });
  plant(here.home, { ".claude-mpm/agents.db/in-the-way": "" });
  const result = await deployAgents(here.options);
  assert.deepEqual([result.ok, kinds(result)], [true, { a: "create" }]);
  assert.deepEqual(
    result.problems.map(({ severity, expected }) => [severity, expected]),
    [["warning", "a place for agents.db, which makes the next deployment faster"]],
  );
});

test("a memory that is damaged is set aside, and nothing is lost by it", async (t) => {
  const here = scene(t);
  plant(here.tiers.project, { "a.md": markdown("a") });
  plant(here.home, { ".claude-mpm/agents.db": "no database, though long enough to look like one".repeat(100) });
  const result = await deployAgents(here.options);
  assert.deepEqual([result.ok, result.problems, kinds(result)], [true, [], { a: "create" }]);
  assert.ok(readdirSync(join(here.home, ".claude-mpm")).some((name) => name.startsWith("agents.db.corrupt-")));
});
