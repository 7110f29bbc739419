// What is registered follows the version of Claude Code; and an installation, its end, and what becomes of running
// sessions, in the real one.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { HOOK_EVENTS } from "../../src/contract/catalog.ts";
import { fire, newMachine, registered } from "../process/install/machine.ts";
import { newWorkplace } from "../process/install/workplace.ts";
import { pidsOf, until } from "../world.ts";
import { goOffline } from "./offline.ts";

const test = await goOffline();

const DEFAULT = HOOK_EVENTS.filter(({ safety }) => safety === "default");
/** Versions at which something is new; the events that each has come from the changelog of Claude Code. */
const HOSTS = [
  { version: "1.0.40", exec: false, has: ["PreToolUse", "PostToolUse", "Stop", "Notification"], not: ["SubagentStop"] },
  { version: "1.0.85", exec: false, has: ["SessionEnd", "PreCompact"], not: ["SubagentStart", "Setup"] },
  {
    version: "2.1.100",
    exec: false,
    has: ["PermissionDenied", "CwdChanged"],
    not: ["PostToolBatch", "DirectoryAdded"],
  },
  { version: "2.1.138", exec: false, has: ["PermissionDenied"], not: ["PostToolBatch"] },
  { version: "2.1.139", exec: true, has: ["PostToolBatch"], not: ["DirectoryAdded"] },
  { version: "2.1.330", exec: true, has: ["DirectoryAdded"], not: ["WorktreeCreate"] },
] as const;

for (const { version, exec, has, not } of HOSTS)
  test(`for Claude Code ${version}: only events and forms that it knows, and the command works`, async (t) => {
    const machine = newMachine(t, version);
    const { status, stdout, stderr } = await machine.mpm("install");
    assert.equal(status, 0, stderr);
    const handlers = registered(machine.settings);
    for (const event of has) assert.ok(handlers.has(event), event);
    for (const event of not) assert.ok(!handlers.has(event), event);
    const leftOut = DEFAULT.map(({ name }) => name).filter((name) => !handlers.has(name));
    if (leftOut.length > 0) assert.match(stdout, new RegExp(`Left out, .*: ${leftOut.join(", ")}\\.`));
    for (const [event, [handler]] of handlers) assert.equal(handler?.args !== undefined, exec, event);

    const [handler] = handlers.get("Stop") ?? [];
    assert(handler);
    machine.env["MPM_SERVER_URL"] = "http://127.0.0.1:1"; // it stays in the spool
    const hook = await fire(machine, handler, { session_id: "s", hook_event_name: "Stop" });
    assert.deepEqual([hook.status, hook.stdout, hook.stderr], [0, '{"continue":true}\n', ""]);
    assert.equal(readdirSync(join(machine.mpmHome, "spool")).length, 1);
  });

test("a shell form survives a home with spaces and quotes in its path", async (t) => {
  const machine = newMachine(t, "2.1.100");
  machine.env["MPM_HOME"] = join(machine.home, `it's "my" $HOME; \`x\``);
  assert.equal((await machine.mpm("install")).status, 0);
  assert.match((await machine.mpm("install")).stdout, /^mpm: already registered/);
  const [handler] = registered(machine.settings).get("Stop") ?? [];
  assert(handler);
  const { MPM_HOME: home = "", ...env } = machine.env;
  env["MPM_SERVER_URL"] = "http://127.0.0.1:1"; // it stays in the spool
  const hook = await fire({ ...machine, env }, handler, { session_id: "s", hook_event_name: "Stop" });
  assert.deepEqual([hook.status, hook.stdout, hook.stderr], [0, '{"continue":true}\n', ""]);
  assert.equal(existsSync(join(home, "spool")), true, "stored in the home that was installed");
  assert.equal((await machine.mpm("uninstall", "--purge")).status, 0);
  assert.equal(existsSync(home), false);
});

test("after an upgrade of Claude Code, installing again adds what is new, in the present form, and nothing else", async (t) => {
  const machine = newMachine(t, "2.1.100");
  await machine.mpm("install");
  machine.hostIs("2.1.330");
  assert.match((await machine.mpm("doctor")).stdout, /✖ registered .* events are missing in /);
  assert.equal((await machine.mpm("install")).status, 0);
  const other = newMachine(t, "2.1.330");
  await other.mpm("install");
  const plain = (settings: string, home: string) => JSON.parse(readFileSync(settings, "utf8").replaceAll(home, ""));
  assert.deepEqual(plain(machine.settings, machine.home), plain(other.settings, other.home));
});

test("events that were asked for are kept when it is installed again, and what may not be registered is refused", async (t) => {
  const machine = newMachine(t);
  assert.equal((await machine.mpm("install", "--events", "Stop,MessageDisplay")).status, 0);
  assert.deepEqual([...registered(machine.settings).keys()], ["Stop", "MessageDisplay"]);
  assert.match((await machine.mpm("install")).stdout, /^mpm: already registered: 2 events/);
  const never = await machine.mpm("install", "--events", "default,WorktreeCreate");
  assert.equal(never.status, 2);
  assert.match(never.stderr, /WorktreeCreate is never registered: whoever registers it has to create the worktrees/);
  assert.equal((await machine.mpm("install", "--events", "default")).status, 0);
  assert.equal(registered(machine.settings).size, DEFAULT.length);
});

test("installed, every event of a session is stored once; uninstalled in the middle of one, no hook of it fails", async (t) => {
  const place = await newWorkplace(t);
  const before = readFileSync(place.settings, "utf8");
  assert.equal((await place.mpm("install")).status, 0);
  await place.session();
  await place.settled();

  const seen = place.seen();
  await place.session([], {
    async meanwhile() {
      await until(() => place.seen() > seen + 4, 60_000, "a session in its middle");
      const gone = await place.mpm("uninstall", "--purge");
      assert.equal(gone.status, 0, gone.stderr);
    },
  });
  assert.equal(readFileSync(place.settings, "utf8"), before);
  assert.equal(existsSync(place.mpmHome), false);
  assert.deepEqual(pidsOf(place.mpmHome), []);
});

test("installed in the middle of a session, no hook of it fails", async (t) => {
  const place = await newWorkplace(t);
  await place.session([], {
    async meanwhile() {
      await until(() => place.seen() > 2, 60_000, "a session in its middle");
      assert.equal((await place.mpm("install")).status, 0);
    },
  });
  assert.match((await place.mpm("doctor")).stdout, /● registered/);
});
