// Ways that must not be dead ends: hooks that are switched off, homes that are shared, files that are locked or lead nowhere.

import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { notRoot, testUnless } from "../../tools.ts";
import { dist, NODE, run } from "../../world.ts";
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
  for (const name of ["team.json", "team.key", "agents.db", "relay.large"]) writeFileSync(at(name), "{}");
  for (const [name, text] of Object.entries(theirs)) writeFileSync(at(name), text);
  const dry = await machine.installed("uninstall", "--purge", "--dry-run");
  for (const name of Object.keys(theirs)) assert.doesNotMatch(dry.stdout, new RegExp(`would remove .*/${name}`));
  const gone = await machine.installed("uninstall", "--purge");
  assert.equal(gone.status, 0, gone.stderr);
  assert.match(gone.stdout, /^mpm: .*config\.json is not of mpm alone and stays\.$/m);
  for (const [name, text] of Object.entries(theirs)) assert.equal(readFileSync(at(name), "utf8"), text);
  for (const name of [
    "app",
    "token",
    "team.json",
    "team.key",
    "agents.db",
    "relay.large",
    "monitor.db",
    "log/monitor.log",
  ])
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

for (const [name, given] of [
  ["an empty", ""],
  ["a relative", "conf"],
] as const)
  test(`${name} CLAUDE_CONFIG_DIR is named by install and doctor, and nothing is registered for the user`, async (t) => {
    const machine = newMachine(t);
    machine.env["CLAUDE_CONFIG_DIR"] = given;
    const said = given
      ? /CLAUDE_CONFIG_DIR is (?:not an absolute path|relative)/
      : /CLAUDE_CONFIG_DIR is set and empty/;
    for (const words of [["install"], ["install", "--dry-run"]]) {
      const { status, stderr } = await machine.mpm(...words);
      assert.deepEqual([status, said.test(stderr)], [1, true], stderr);
      assert.match(stderr, /Nothing was registered\.\n$/);
    }
    const { stdout } = await machine.mpm("doctor");
    assert.match(stdout, /✖ registered the hooks are registered nowhere, and CLAUDE_CONFIG_DIR is/);
    for (const place of [machine.settings, join(machine.project, "settings.json"), join(machine.project, "conf")])
      assert.equal(existsSync(place), false, place);
    assert.equal((await machine.mpm("install", "--project")).status, 0, "which Claude Code finds all the same");
    assert.match((await machine.mpm("doctor")).stdout, /● registered/);
  });

test("a link to nowhere, and a file in the place of a directory, are named with what to do", async (t) => {
  const nowhere = (machine: Machine) => join(machine.home, "unplugged/deep");
  const ways: Readonly<Record<string, readonly [spoil: (machine: Machine) => void, said: RegExp]>> = {
    "Claude Code's directory": [
      (machine) => symlinkSync(nowhere(machine), dirname(machine.settings)),
      /^mpm: .*\.claude is a link to .*unplugged\/deep, which is not there\. Make that directory, or remove the link\.\n$/,
    ],
    "its settings": [
      (machine) => {
        mkdirSync(dirname(machine.settings));
        symlinkSync(join(nowhere(machine), "settings.json"), machine.settings);
      },
      /^mpm: .*settings\.json is a link to .*, whose directory is not there\. Make the directory, or remove the link\.\n$/,
    ],
    "a file": [
      (machine) => writeFileSync(dirname(machine.settings), ""),
      /^mpm: .*\.claude is no directory\. Move it away\.\n$/,
    ],
    "the installed copy": [
      (machine) => symlinkSync(nowhere(machine), join(machine.mpmHome, "app")),
      /^mpm: .*\/app is a link to .*, which is not there\. Make that directory, or remove the link\.\n$/,
    ],
  };
  for (const [name, [spoil, said]] of Object.entries(ways)) {
    const machine = newMachine(t);
    spoil(machine);
    const { status, stderr } = await machine.mpm("install");
    assert.equal(status, 1, name);
    assert.match(stderr, said, name);
    assert.equal(existsSync(join(machine.home, "unplugged")), false, "nothing is made there");
  }
});

test("a hook that is a link to nowhere is found by doctor, and put in its place by the next installation", async (t) => {
  const machine = newMachine(t);
  assert.equal((await machine.mpm("install")).status, 0);
  const hook = join(machine.mpmHome, "app/hooks/mpm-hook");
  rmSync(hook);
  symlinkSync(join(machine.home, "unplugged"), hook);
  assert.match(
    (await machine.mpm("doctor")).stdout,
    /✖ program +hooks\/mpm-hook is missing in .*\n.*\n +→ `mpm install`/,
  );
  assert.equal((await machine.mpm("install", "--try")).status, 0);
  assert.equal(lstatSync(hook).isSymbolicLink(), false);
});

test("a command of the user's that is a link to nowhere stays, and install says how it is called instead", async (t) => {
  const machine = newMachine(t);
  const command = join(machine.home, ".local/bin/mpm");
  mkdirSync(dirname(command), { recursive: true });
  symlinkSync(join(machine.home, "unplugged"), command);
  const { status, stdout, stderr } = await machine.mpm("install", "--try");
  assert.deepEqual([status, stderr], [0, ""]);
  assert.match(stdout, /node .*\/app\/dist\/cli\.js monitor open/);
  assert.equal(readlinkSync(command), join(machine.home, "unplugged"));
});

test("a project's registration beside the user's is well: doctor and --try send their event where it is stored", async (t) => {
  const machine = newMachine(t);
  assert.equal((await machine.mpm("install")).status, 0);
  const { status, stderr } = await machine.mpm("install", "--project", "--try");
  assert.deepEqual([status, stderr], [0, ""]);
  const { stdout } = await machine.mpm("doctor");
  assert.match(
    stdout,
    /● event +sent through the registered command/,
    "and not through the one that leaves it to the other",
  );
});
