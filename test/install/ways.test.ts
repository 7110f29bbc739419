// Ways that must not be dead ends: hooks that are switched off, homes that are shared, files that are locked or lead nowhere.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { notRoot, testUnless } from "../tools.ts";
import { dist, NODE, run } from "../world.ts";
import { type Machine, newMachine, registered } from "./machine.ts";

test("install says when Claude Code will not run the hooks, and --try fails of it", async (t) => {
  const machine = newMachine(t);
  mkdirSync(dirname(machine.settings));
  writeFileSync(machine.settings, '{"disableAllHooks":true}');
  const said =
    /^mpm: Claude Code runs no hooks here: disableAllHooks is true in .*settings\.json\. `mpm doctor` says what helps\.\n$/;
  const plain = await machine.mpm("install");
  assert.deepEqual([plain.status, said.test(plain.stderr)], [0, true], plain.stderr);
  const tried = await machine.mpm("install", "--try");
  assert.deepEqual([tried.status, said.test(tried.stderr)], [1, true], tried.stderr);
  const session = await machine.mpm("run", "--no-agents");
  assert.match(
    session.stderr,
    /^mpm: nothing is recorded: disableAllHooks is true in .*settings\.json\. The session goes on\.$/m,
  );
});

test("uninstall --purge leaves what another program has in the same home", async (t) => {
  const machine = newMachine(t);
  const at = (name: string) => join(machine.mpmHome, name);
  assert.equal((await machine.mpm("install", "--try")).status, 0);
  const theirs = {
    "config.json": '{"agents":{"enabled":true}}',
    "log/server.log": "theirs",
    "backups/mine.tar": "theirs",
  };
  for (const dir of ["log", "backups"]) mkdirSync(at(dir), { recursive: true });
  writeFileSync(at("team.json"), "{}");
  for (const [name, text] of Object.entries(theirs)) writeFileSync(at(name), text);
  const dry = await machine.installed("uninstall", "--purge", "--dry-run");
  for (const name of Object.keys(theirs)) assert.doesNotMatch(dry.stdout, new RegExp(`would remove .*/${name}`));
  const gone = await machine.installed("uninstall", "--purge");
  assert.equal(gone.status, 0, gone.stderr);
  assert.match(gone.stdout, /^mpm: .*config\.json is not of mpm alone and stays\.$/m);
  for (const [name, text] of Object.entries(theirs)) assert.equal(readFileSync(at(name), "utf8"), text);
  for (const name of ["app", "token", "team.json", "monitor.db", "log/monitor.log"])
    assert.equal(existsSync(at(name)), false, name);
});

test("uninstall --purge leaves a config.json that cannot be read as settings", async (t) => {
  for (const text of ["# not json\n", '["a list"]', '{"monitor":{"port":0},"theirs":1}']) {
    const machine = newMachine(t);
    writeFileSync(join(machine.mpmHome, "config.json"), text);
    const gone = await machine.mpm("uninstall", "--purge");
    assert.equal(gone.status, 0, gone.stderr);
    assert.equal(readFileSync(join(machine.mpmHome, "config.json"), "utf8"), text);
  }
});

/** Runs `mpm` where a mount of our own stands, which ends with it. */
function mounted(machine: Machine, mount: string, ...words: string[]) {
  const command = `${mount} && exec "${NODE}" "${dist("cli.js")}" ${words.join(" ")}`;
  return run("unshare", ["--mount", "sh", "-c", command], {
    env: machine.env,
    cwd: machine.project,
    timeoutMs: 60_000,
  });
}

testUnless(notRoot)(
  "settings that are mounted by themselves, and so cannot be replaced, are written in place",
  async (t) => {
    const machine = newMachine(t);
    mkdirSync(dirname(machine.settings));
    writeFileSync(machine.settings, '{"model":"opus"}');
    const { status, stderr } = await mounted(
      machine,
      `mount --bind "${machine.settings}" "${machine.settings}"`,
      "install",
    );
    assert.deepEqual([status, stderr], [0, ""]);
    assert.ok(registered(machine.settings).size > 20);
    assert.equal(JSON.parse(readFileSync(machine.settings, "utf8")).model, "opus");
  },
);

testUnless(notRoot)("a home from which nothing may be run is named, and nothing is registered", async (t) => {
  const machine = newMachine(t);
  const { status, stderr } = await mounted(
    machine,
    `mount -t tmpfs -o noexec,mode=700 none "${machine.mpmHome}"`,
    "install",
  );
  assert.equal(status, 1);
  assert.match(stderr, /^mpm: .*\.claude-mpm.* Nothing was registered\.\n$/);
  assert.equal(existsSync(machine.settings), false);
});

test("a wrapper named claude that runs mpm finds the one behind it, or is named", async (t) => {
  const machine = newMachine(t);
  const wrappers = join(machine.home, "wrappers");
  mkdirSync(wrappers);
  const wrapper = `#!/bin/sh\nexec "${NODE}" "${dist("cli.js")}" run --no-agents -- "$@"\n`;
  writeFileSync(join(wrappers, "claude"), wrapper, { mode: 0o755 });
  const path = machine.env["PATH"] ?? "";
  const start = (PATH: string) =>
    run(join(wrappers, "claude"), [], { env: { ...machine.env, PATH }, cwd: machine.project });
  const found = await start(`${wrappers}:${path}`);
  assert.deepEqual([found.status, found.stdout], [0, "2.1.330 (Claude Code)\n"], found.stderr);
  const alone = await start(`${wrappers}:/usr/bin:/bin`);
  assert.equal(alone.status, 127);
  assert.match(alone.stderr, /^mpm: Claude Code was not found: .*wrappers\/claude runs mpm itself, and no other/);
});

test("a home that is a link to nowhere is named, with what to do", async (t) => {
  const machine = newMachine(t);
  rmSync(machine.mpmHome, { recursive: true });
  symlinkSync(join(machine.home, "unplugged"), machine.mpmHome);
  for (const words of [["install"], ["monitor", "start"], ["status"]]) {
    const { stdout, stderr } = await machine.mpm(...words);
    assert.match(stdout + stderr, /\.claude-mpm is a link to .*unplugged, which is not there/, words.join(" "));
  }
  assert.equal(existsSync(machine.settings), false);
});
