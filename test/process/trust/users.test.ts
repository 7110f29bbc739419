// Another user of the machine: can read nothing, and cannot lead us astray with links or a home of theirs.

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { missing, notRoot, testUnless } from "../../tools.ts";
import { dist, HOOK, mpm, NODE, type Outcome, run, start, tempDir, tempWorld, until } from "../../world.ts";
import { envelope, runMonitor } from "./monitor.ts";

const test = testUnless(notRoot || missing("setpriv"));

const NOBODY = 65_534;
const EVENT = '{"hook_event_name":"Stop","session_id":"s-1","prompt":"canary-of-a-prompt"}';
const ANSWER = '{"continue":true}\n';
const PATH = "/usr/bin:/bin";

/** Runs a program as another user. */
const asNobody = (file: string, args: readonly string[], env: Record<string, string> = { PATH }): Promise<Outcome> =>
  run("/usr/bin/setpriv", [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", file, ...args], { env });

/** Every path below a directory, itself included. */
function everything(dir: string): string[] {
  return [dir, ...readdirSync(dir, { recursive: true, encoding: "utf8" }).map((name) => join(dir, name))];
}

test("another user can read nothing of the home, of the processes' environment or command line, nor ask the monitor", async (t) => {
  // The world's directory itself is 0700; here the home stands where everybody can get to, made by us or before us.
  const world = tempWorld(t, { MPM_TOKEN: "secret-of-the-environment" });
  chmodSync(world.home, 0o755);
  mkdirSync(world.mpmHome, { mode: 0o755 });
  const monitor = await runMonitor(t, { world });
  for (const input of [EVENT, "no json"]) await run(HOOK, ["Stop"], { env: world.env, input });
  const rejected = join(world.mpmHome, "rejected");
  await until(() => existsSync(rejected) && readdirSync(rejected).length === 2, 20_000, "the rejected event");
  const relay = readFileSync(join(world.mpmHome, "relay.pid"), "utf8").trim();

  const paths = everything(world.mpmHome);
  for (const name of ["spool", "rejected", "monitor.db", "monitor.db-wal", "relay.db", "log/relay.log"])
    assert.ok(paths.includes(join(world.mpmHome, name)), `${name} is among ${paths}`);
  for (const path of paths.slice(1)) {
    const stat = lstatSync(path);
    if (!stat.isSymbolicLink()) assert.equal(stat.mode & 0o077, 0, path);
  }
  const read = await asNobody("/bin/sh", [
    "-c",
    'for path; do cat "$path" 2>/dev/null; done; ls -R "$@" 2>/dev/null; :',
    "sh",
    ...paths.slice(1),
    ...[relay, monitor.pid].flatMap((pid) =>
      ["environ", "cmdline", "maps", "mem", "cwd"].map((x) => `/proc/${pid}/${x}`),
    ),
  ]);
  assert.doesNotMatch(read.stdout, /canary|secret-of|Stop/);
  for (const pid of [relay, monitor.pid])
    assert.doesNotMatch(readFileSync(`/proc/${pid}/cmdline`, "utf8"), /canary|secret-of/);
  assert.match(readFileSync(`/proc/${monitor.pid}/environ`, "utf8"), /secret-of/, "the user's own reading finds it");

  const asked = await asNobody(NODE, ["-e", `fetch("${monitor.url}/api/events").then((r) => console.log(r.status))`]);
  assert.equal(asked.stdout, "401\n");
});

test("a home that another user has made is not used: not by the hook, the hook in Node, the relay, the monitor", async (t) => {
  const world = tempWorld(t);
  const trap = tempDir(t);
  mkdirSync(join(world.mpmHome, "spool"), { recursive: true });
  writeFileSync(join(world.mpmHome, "config.json"), '{"server":{"url":"http://127.0.0.1:9"}}');
  for (const name of ["log", "rejected", "monitor.db", "relay.pid", "token", "relay.db"])
    symlinkSync(join(trap, name), join(world.mpmHome, name));
  for (const path of everything(world.mpmHome)) if (!lstatSync(path).isSymbolicLink()) chownSync(path, NOBODY, NOBODY);
  const before = everything(world.mpmHome).sort();

  for (const [file, ...args] of [
    [HOOK, "Stop"],
    [NODE, dist("hook.js"), "Stop"],
  ] as const) {
    const outcome = await run(file, args, { env: world.env, input: EVENT });
    assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, ANSWER, ""]);
  }
  for (const args of [
    ["monitor", "--port", "0"],
    ["relay", "--once"],
    ["monitor", "token", "--rotate"],
  ]) {
    const { status, stderr } = await mpm(args, { env: world.env });
    assert.equal(status, 1);
    assert.match(stderr, /belongs to another user \(65534\).*MPM_HOME/);
  }
  for (const name of ["relay.js", "monitor.js"])
    assert.equal((await run(NODE, [dist(name)], { env: world.env })).status, 1);
  assert.match((await mpm(["status"], { env: world.env })).stdout, /home .* belongs to another user/);
  assert.deepEqual(everything(world.mpmHome).sort(), before);
  assert.deepEqual(readdirSync(trap), []);
});

test("a home of ours that others may write is closed to them, and a place for all is no home", async (t) => {
  const world = tempWorld(t);
  mkdirSync(world.mpmHome);
  chmodSync(world.mpmHome, 0o777);
  assert.equal((await mpm(["monitor", "token"], { env: world.env })).status, 0);
  assert.equal(statSync(world.mpmHome).mode & 0o777, 0o755);
  const shared = tempDir(t);
  chmodSync(shared, 0o1777);
  const { status, stderr } = await mpm(["monitor", "token"], { env: { ...world.env, MPM_HOME: shared } });
  assert.equal(status, 1);
  assert.match(stderr, /is for all users/);
  assert.equal(statSync(shared).mode & 0o7777, 0o1777);
  assert.deepEqual(readdirSync(shared), []);
});

test("links in the place of token, logs and files of state are not written through", async (t) => {
  const world = tempWorld(t);
  const trap = tempDir(t);
  const victim = join(trap, "victim");
  writeFileSync(victim, "precious\n");
  for (const dir of ["log", "spool"]) mkdirSync(join(world.mpmHome, dir), { recursive: true });
  for (const name of ["log/relay.log", "log/monitor.log", "relay.pid", "relay.json", "monitor.json", "relay.alive"])
    symlinkSync(victim, join(world.mpmHome, name));
  const monitor = await runMonitor(t, { world });
  await monitor.store(envelope(1));
  const child = start(t, NODE, [dist("relay.js")], world.env);
  await run(HOOK, ["Stop"], { env: world.env, input: EVENT });
  await until(async () => (await monitor.health()).events === 2, 20_000, "the event");
  await until(() => !lstatSync(join(world.mpmHome, "relay.json")).isSymbolicLink(), 20_000, "the relay's status");
  child.kill("SIGTERM");
  await until(() => child.exitCode !== null);
  assert.equal(readFileSync(victim, "utf8"), "precious\n");
});

test("a token that is a link, belongs to another user or can be read by others lets nobody in until it is a new one", async (t) => {
  const world = tempWorld(t);
  const file = join(world.mpmHome, "token");
  const trap = join(tempDir(t), "token");
  mkdirSync(world.mpmHome);
  const known = `${"k".repeat(43)}\n`;
  const make: Record<string, () => void> = {
    "is a link": () => {
      writeFileSync(trap, known, { mode: 0o600 });
      symlinkSync(trap, file);
    },
    "belongs to another user": () => {
      writeFileSync(file, known, { mode: 0o600 });
      chownSync(file, NOBODY, NOBODY);
    },
    "can be read by other users": () => {
      writeFileSync(file, known);
      chmodSync(file, 0o644);
    },
    "holds no token": () => writeFileSync(file, "short\n", { mode: 0o600 }),
  };
  for (const [what, prepare] of Object.entries(make)) {
    rmSync(file, { force: true });
    prepare();
    const refused = await mpm(["monitor", "--port", "0"], { env: world.env });
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, new RegExp(`${what}.*mpm monitor token --rotate`));
    assert.equal((await mpm(["monitor", "token", "--rotate"], { env: world.env })).status, 0);
    assert.equal(lstatSync(file).mode & 0o777, 0o600);
    assert.notEqual(readFileSync(file, "utf8"), known);
    if (existsSync(trap)) assert.equal(readFileSync(trap, "utf8"), known, "what the link led to is untouched");
  }
});
