// A path that never breaks: upgrades, downgrades, a package or a Node that goes away, all while hooks run.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { sumsOf } from "../../../src/install/app.ts";
import { NODE, type Outcome, ROOT, run, tempDir, until } from "../../world.ts";
import { fire, type Machine, newMachine, registered } from "./machine.ts";

const INSTALL_MS = 120_000;
const OWN_VERSION = (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version;

/** The package under test as if it were another version, with a file that no other has. */
function packageAs(t: TestContext, version: string): string {
  const dir = join(tempDir(t), "package");
  for (const part of ["package.json", "dist", "hooks", "agents"])
    cpSync(join(ROOT, part), join(dir, part), { recursive: true });
  for (const name of [
    "package.json",
    ...readdirSync(join(dir, "dist/chunks")).map((chunk) => `dist/chunks/${chunk}`),
  ]) {
    const file = join(dir, name);
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(`"${OWN_VERSION}"`, `"${version}"`));
  }
  writeFileSync(join(dir, `dist/chunks/only-in-${version}.js`), "");
  writeFileSync(join(dir, "dist/sums.json"), sumsOf(dir)); // as the build of that version would
  return dir;
}

const installFrom = (machine: Machine, dir: string, ...args: string[]): Promise<Outcome> =>
  run(NODE, [join(dir, "dist/cli.js"), "install", ...args], {
    env: machine.env,
    cwd: machine.project,
    timeoutMs: INSTALL_MS,
  });

/** Sessions that go on: fires the registered command again and again, and keeps what a host would complain of. */
function keepFiring(machine: Machine) {
  const [handler] = registered(machine.settings).get("PreToolUse") ?? [];
  assert(handler);
  const [sent, troubles]: [string[], unknown[]] = [[], []];
  let stopped = false;
  const session = async (id: string) => {
    for (let i = 0; !stopped; i++) {
      const payload = { session_id: id, hook_event_name: "PreToolUse", tool_name: "Bash", tool_use_id: `${id}-${i}` };
      const { status, stdout, stderr } = await fire(machine, handler, payload);
      sent.push(`${id}-${i}`);
      if (status !== 0 || stdout !== '{"continue":true}\n' || stderr !== "") troubles.push({ status, stdout, stderr });
    }
  };
  const sessions = [session("one"), session("two")];
  return {
    troubles,
    count: () => sent.length,
    async stop() {
      stopped = true;
      await Promise.all(sessions);
      return sent;
    },
  };
}

async function storedCalls(machine: Machine): Promise<string[]> {
  const { stdout } = await machine.installed("events", "--json", "--event", "PreToolUse");
  const lines = stdout.split("\n").filter(Boolean);
  return lines.map((line) => (JSON.parse(line) as { data: { tool_use_id: string } }).data.tool_use_id);
}

test("upgraded and downgraded while sessions run: no hook fails, no event is lost or twice, and the new version runs", async (t) => {
  const machine = newMachine(t);
  const [old, young] = [packageAs(t, "0.0.9"), packageAs(t, "0.9.0")];
  assert.equal((await installFrom(machine, old, "--try")).status, 0);
  const settings = readFileSync(machine.settings, "utf8");
  const sessions = keepFiring(machine);
  t.after(() => sessions.stop());
  await until(() => sessions.count() > 20, 60_000);

  for (const [dir, from, to] of [
    [young, "0.0.9", "0.9.0"],
    [old, "0.9.0", "0.0.9"],
  ] as const) {
    const { status, stdout, stderr } = await installFrom(machine, dir);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^mpm: already registered/m);
    for (const name of ["relay", "monitor"])
      assert.ok(stdout.includes(`mpm: replaced the running ${name} (${from}) by ${to}.`), stdout);
    const chunks = readdirSync(join(machine.mpmHome, "app/dist/chunks")).filter((name) => name.startsWith("only-in"));
    assert.deepEqual(chunks, [`only-in-${to}.js`]);
    const { count } = sessions;
    const before = count();
    await until(() => count() > before + 20, 60_000);
    assert.equal((await machine.installed("--version")).stdout, `${to}\n`);
    const { monitor } = JSON.parse((await machine.installed("status", "--json")).stdout);
    assert.equal(monitor.version, to);
  }
  const sent = await sessions.stop();
  assert.deepEqual(sessions.troubles, []);
  assert.equal(readFileSync(machine.settings, "utf8"), settings);
  await until(async () => (await storedCalls(machine)).length >= sent.length, 60_000, "everything that was sent");
  assert.deepEqual((await storedCalls(machine)).sort(), sent.sort());
});

test("a package that is moved or deleted after the installation is not missed", async (t) => {
  const machine = newMachine(t);
  const dir = packageAs(t, "0.0.9");
  assert.equal((await installFrom(machine, dir, "--try")).status, 0);
  renameSync(dir, `${dir}.moved`);
  rmSync(`${dir}.moved`, { recursive: true });
  const sessions = keepFiring(machine);
  await until(() => sessions.count() >= 5, 60_000);
  const sent = await sessions.stop();
  assert.deepEqual(sessions.troubles, []);
  await until(async () => (await storedCalls(machine)).length === sent.length, 60_000);
  const { status, stdout } = await machine.installed("doctor");
  assert.equal(status, 0, stdout);
});

test("a Node that is removed is replaced by another that will do; without one, events wait until there is", async (t) => {
  const machine = newMachine(t);
  const { stdout } = await run("/bin/sh", ["-c", "node --version"], { env: { PATH: "/usr/bin:/bin" } });
  const nvm = join(machine.home, "nvm/bin");
  mkdirSync(nvm, { recursive: true });
  cpSync(NODE, join(nvm, "node"));
  assert.equal((await machine.mpm("install")).status, 0);
  writeFileSync(join(machine.mpmHome, "app/node"), `${join(nvm, "node")}\n`);
  rmSync(join(machine.mpmHome, "runtime"), { recursive: true, force: true });
  const [handler] = registered(machine.settings).get("Stop") ?? [];
  assert(handler);
  const send = (session: string) => fire(machine, handler, { session_id: session, hook_event_name: "Stop" });
  const stored = async (session: string) => (await machine.mpm("events", "--json", "--session", session)).stdout !== "";

  await send("first");
  await until(() => stored("first"), 30_000);
  await machine.mpm("monitor", "stop");
  process.kill(Number(readFileSync(join(machine.mpmHome, "relay.pid"), "utf8")));
  await until(() => !existsSync(join(machine.mpmHome, "relay.pid")), 30_000);

  rmSync(nvm, { recursive: true });
  const outcome = await send("second");
  assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, '{"continue":true}\n', ""]);
  if (Number.parseInt(stdout.slice(1), 10) < 24) {
    const said = join(machine.mpmHome, "log/start.log");
    await until(() => existsSync(said), 30_000);
    assert.equal(readdirSync(join(machine.mpmHome, "spool")).length, 1);
    assert.equal((await machine.mpm("install")).status, 0);
  }
  await until(() => stored("second"), 30_000);
});
