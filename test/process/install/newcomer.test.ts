// What somebody sees who clones the repository and types ./install.sh, and who thinks better of it later.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HOOK_EVENTS } from "../../../src/contract/catalog.ts";
import { isRecent, nodeVersion } from "../../../src/install/node.ts";
import { pidsOf, ROOT, run, until } from "../../world.ts";
import { everyFile, fire, type Machine, newMachine, registered } from "./machine.ts";

const BUILD_MS = 120_000;
const SETTINGS = `{
    "model": "opus",
    "hooks": {
        "Stop": [ { "hooks": [ { "type": "command", "command": "echo done" } ] } ]
    },
    "permissions": { "allow": ["Bash(ls:*)"] }
}`;

/** A clone with the packages of the repository under test, as `npm ci` would have left them. */
async function clone(machine: Machine): Promise<string> {
  const dir = join(machine.home, "src", "mpm hook");
  const git = await run("git", ["clone", "-q", ROOT, dir], { env: machine.env });
  assert.equal(git.status, 0, git.stderr);
  const copy = await run("cp", ["-a", join(ROOT, "node_modules"), dir], { env: machine.env, timeoutMs: BUILD_MS });
  assert.equal(copy.status, 0, copy.stderr);
  utimesSync(join(dir, "package-lock.json"), 0, 0);
  return dir;
}

const install = (machine: Machine, dir: string, ...args: string[]) =>
  run(join(dir, "install.sh"), args, { env: machine.env, cwd: machine.project, timeoutMs: BUILD_MS });

test("a clone installs with one command, changes nothing when run again, and goes without a trace", async (t) => {
  const machine = newMachine(t);
  mkdirSync(join(machine.home, ".claude"));
  writeFileSync(machine.settings, SETTINGS);
  const dir = await clone(machine);
  const before = Object.keys(everyFile(machine.home, /^(?:src|\.npm|\.claude-mpm)(?:\/|$)/));

  const first = await install(machine, dir);
  assert.equal(first.status, 0, first.stderr);
  assert.equal(first.stderr, "");
  assert.match(first.stdout, /^mpm: building$/m);
  assert.match(first.stdout, /^\+ .*mpm-hook/m, "the change is shown");
  assert.match(first.stdout, /^mpm: registered \d+ events in .*settings\.json for Claude Code 2\.1\.330\.$/m);
  assert.match(first.stdout, /^mpm: an event went through: the hook took [\d.]+ ms, it was stored after \d+ m?s\.$/m);
  assert.match(first.stdout, /mpm monitor open +\(http:\/\/127\.0\.0\.1:\d+ /);

  const handlers = registered(machine.settings);
  assert.deepEqual(
    [...handlers.keys()].sort(),
    HOOK_EVENTS.filter(({ safety }) => safety === "default")
      .map(({ name }) => name)
      .sort(),
    "every event that is safe for an observer",
  );

  const node = readFileSync(join(machine.mpmHome, "app/node"), "utf8").trim();
  assert.ok(isRecent(nodeVersion(node)), `${node} is one that will do, whichever the machine has`);

  const state = () => ({
    settings: everyFile(join(machine.home, ".claude")),
    app: everyFile(join(machine.mpmHome, "app")),
    bin: everyFile(join(machine.home, ".local")),
    backups: everyFile(join(machine.mpmHome, "backups")),
    clone: everyFile(dir, /^(?:node_modules|\.git)(?:\/|$)/),
  });
  const installed = state();
  const again = await install(machine, dir);
  assert.equal(again.status, 0, again.stderr);
  assert.match(again.stdout, /^mpm: already registered: /m);
  assert.deepEqual(state(), installed);

  const notification = handlers.get("Notification")?.[0];
  assert(notification);
  const payload = { session_id: "newcomer", hook_event_name: "Notification", cwd: machine.project, message: "hello" };
  const hook = await fire(machine, notification, payload);
  assert.deepEqual([hook.status, hook.stdout, hook.stderr], [0, '{"continue":true}\n', ""]);
  await until(async () => {
    const { stdout } = await machine.installed("events", "--json", "--session", "newcomer");
    return stdout.includes('"hello"');
  }, 20_000);

  rmSync(dir, { recursive: true }); // what was installed does not need it
  const gone = await machine.installed("uninstall", "--purge");
  assert.equal(gone.status, 0, gone.stderr);
  assert.match(gone.stdout, /Nothing of ours is left\.$/m);
  assert.equal(readFileSync(machine.settings, "utf8"), SETTINGS);
  assert.deepEqual(Object.keys(everyFile(machine.home, /^(?:src|\.npm)(?:\/|$)/)), before);
  assert.deepEqual(pidsOf(machine.mpmHome), []);
});

test("without --purge, uninstall keeps what was recorded and says where it is and how much", async (t) => {
  const machine = newMachine(t);
  assert.equal((await machine.mpm("install", "--try")).status, 0);
  const gone = await machine.installed("uninstall");
  assert.equal(gone.status, 0, gone.stderr);
  assert.match(
    gone.stdout,
    /What was recorded stays in .*\.claude-mpm\/ \([\d.]+ kB\); `mpm uninstall --purge` removes it/,
  );
  assert.equal(existsSync(join(machine.mpmHome, "monitor.db")), true);
  assert.equal(existsSync(join(machine.mpmHome, "app")), false);
  assert.equal(existsSync(join(machine.home, ".claude")), false);
  assert.deepEqual(pidsOf(machine.mpmHome), []);
});

test("without npm, install.sh says what is missing", async (t) => {
  const machine = newMachine(t);
  const { status, stdout, stderr } = await run("/bin/sh", [join(ROOT, "install.sh")], {
    env: { HOME: machine.home, PATH: join(machine.home, "nowhere") },
  });
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^mpm: npm was not found\. Install Node\.js .*\n$/);
});
