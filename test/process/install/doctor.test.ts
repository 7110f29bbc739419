// mpm doctor: each thing that can be wrong is made wrong for real, and found, and mended where that is safe.

import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { loadConfig } from "../../../src/config/config.ts";
import type { World } from "../../../src/config/world.ts";
import { arrives } from "../../../src/install/doctor/event.ts";
import type { Check, Finding } from "../../../src/install/doctor/finding.ts";
import { backlog, dropped, errors, monitor, port, rejected, relay } from "../../../src/install/doctor/flow.ts";
import { clock, home, paused, settings, token } from "../../../src/install/doctor/home.ts";
import { copy, hook, host, node } from "../../../src/install/doctor/program.ts";
import { lockdown, registered, twice } from "../../../src/install/doctor/registered.ts";
import { patientOf } from "../../../src/install/doctor.ts";
import { findHost } from "../../../src/install/host.ts";
import { VERSION } from "../../../src/platform/version.ts";
import { dist, freePort, NODE, pidsOf, run, until } from "../../world.ts";
import { fire, registered as handlersOf, type Machine, newMachine } from "./machine.ts";

/** One check, as `mpm doctor` would run it on that machine now. */
async function look(check: Check, machine: Machine): Promise<Finding> {
  const { env, home, project } = machine;
  const io: World = {
    config: loadConfig(env, home),
    env,
    cwd: project,
    now: Date.now,
    signal: new AbortController().signal,
  };
  return await check(patientOf(io, await findHost(env, home), join(home, "managed")));
}

async function installed(t: TestContext): Promise<Machine> {
  const machine = newMachine(t);
  const { status, stderr } = await machine.mpm("install");
  assert.equal(status, 0, stderr);
  return machine;
}

interface Case {
  readonly check: Check;
  readonly breaks: (machine: Machine, t: TestContext) => unknown;
  readonly finds: RegExp;
  readonly state: "warn" | "fail";
  /** It is mended without a risk, and then well. */
  readonly mended?: true;
}

const config = (machine: Machine, tree: object) =>
  writeFileSync(join(machine.mpmHome, "config.json"), JSON.stringify(tree));
const status = (extra: object) => ({
  pid: process.pid,
  version: "0.0.1",
  host: "h",
  startedAt: 0,
  updatedAt: 0,
  url: "",
  connected: false,
  counters: { received: 0, forwarded: 0, repeated: 0, rejected: 0, cut: 0, dropped: 0 },
  spool: { pending: 0, bytes: 0, oldestAt: null },
  ...extra,
});
const relaySays = (machine: Machine, extra: object) =>
  writeFileSync(join(machine.mpmHome, "relay.json"), JSON.stringify(status(extra)));
/** Makes this process look like the relay of the home. */
const beRelay = (machine: Machine) => {
  writeFileSync(join(machine.mpmHome, "relay.pid"), `${process.pid}\n`);
  symlinkSync(join(machine.mpmHome, "config.json"), join(machine.mpmHome, "relay.alive"));
};
const editSettings = (machine: Machine, edit: (tree: Record<string, never>) => void) => {
  const tree = JSON.parse(readFileSync(machine.settings, "utf8"));
  edit(tree);
  writeFileSync(machine.settings, JSON.stringify(tree));
};
const managed = (machine: Machine, name: string, tree: object) => {
  const file = join(machine.home, "managed", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(tree));
};
const inApp = (machine: Machine, path: string) => join(machine.mpmHome, "app", path);
const otherHook = (event: string) => [
  { hooks: [{ type: "command", command: "/elsewhere/hooks/mpm-hook", args: [event], timeout: 5 }] },
];

const CASES: Readonly<Record<string, Case>> = {
  "a home that others may enter": {
    check: home,
    breaks: ({ mpmHome }) => chmodSync(mpmHome, 0o755),
    finds: /other users may look into .*\(mode 755\)/,
    state: "warn",
    mended: true,
  },
  "a home that is for all": {
    check: home,
    breaks: ({ mpmHome }) => chmodSync(mpmHome, 0o1777),
    finds: /is for all users$/,
    state: "fail",
  },
  "a setting of the wrong type": {
    check: settings,
    breaks: (machine) => config(machine, { relay: { idleMs: "soon" } }),
    finds: /relay\.idleMs in .*config\.json: expected a duration such as .*, received "soon"/,
    state: "warn",
  },
  "a pause": {
    check: paused,
    breaks: (machine) => machine.installed("pause"),
    finds: /the hooks are paused/,
    state: "fail",
  },
  "a switch in the environment": {
    check: paused,
    breaks: ({ env }) => {
      env["MPM_DISABLED"] = "1";
    },
    finds: /MPM_DISABLED is set/,
    state: "fail",
  },
  "a Node that is gone": {
    check: node,
    breaks: (machine) => writeFileSync(inApp(machine, "node"), "/gone/bin/node\n"),
    finds: /^\/gone\/bin\/node does not run any more$/,
    state: "fail",
    mended: true,
  },
  "a Node that became too old": {
    check: node,
    breaks(machine) {
      writeFileSync(join(machine.home, "old-node"), "#!/bin/sh\necho v18.2.0\n", { mode: 0o755 });
      writeFileSync(inApp(machine, "node"), `${join(machine.home, "old-node")}\n`);
    },
    finds: /old-node is 18\.2\.0$/,
    state: "fail",
    mended: true,
  },
  "nothing installed": {
    check: copy,
    breaks: (machine) => rmSync(inApp(machine, ""), { recursive: true }),
    finds: /nothing is installed in/,
    state: "fail",
  },
  "a file that is missing": {
    check: copy,
    breaks: (machine) => rmSync(inApp(machine, "dist/relay.js")),
    finds: /dist\/relay\.js is missing/,
    state: "fail",
    mended: true,
  },
  "a program that was cut in half": {
    check: copy,
    breaks: (machine) => truncateSync(inApp(machine, "dist/monitor.js"), 1000),
    finds: /dist\/monitor\.js in .* is not as installed: cut, or changed/,
    state: "fail",
    mended: true,
  },
  "a hook that may not be run": {
    check: copy,
    breaks: (machine) => chmodSync(inApp(machine, "hooks/mpm-hook"), 0o600),
    finds: /hooks\/mpm-hook in .* may not be run/,
    state: "fail",
    mended: true,
  },
  "an installed copy of another version": {
    check: copy,
    breaks: (machine) => writeFileSync(inApp(machine, "package.json"), '{"version":"9.9.9"}'),
    finds: /has version 9\.9\.9, and this is /,
    state: "warn",
  },
  "a hook that fails": {
    check: hook,
    breaks: (machine) => writeFileSync(inApp(machine, "hooks/mpm-hook"), "#!/bin/sh\necho oops >&2\nexit 3\n"),
    finds: /it ended with status 3: oops/,
    state: "fail",
  },
  "a hook that says what it should not": {
    check: hook,
    breaks: (machine) => writeFileSync(inApp(machine, "hooks/mpm-hook"), "#!/bin/sh\necho hello\n"),
    finds: /it wrote to stdout: hello/,
    state: "fail",
  },
  "a slow hook": {
    check: hook,
    breaks: (machine) => writeFileSync(inApp(machine, "hooks/mpm-hook"), "#!/bin/sh\nsleep 0.6\n"),
    finds: /runs in \d{3,5}\.\d ms/,
    state: "warn",
  },
  "no Claude Code": {
    check: host,
    breaks: ({ home }) => rmSync(join(home, "bin/claude")),
    finds: /no `claude` was found on PATH|at /,
    state: "warn",
  },
  "a Claude Code that does not say what it is": {
    check: host,
    breaks: ({ home }) => writeFileSync(join(home, "bin/claude"), "#!/bin/sh\nexit 1\n"),
    finds: /bin\/claude does not say its version/,
    state: "warn",
  },
  "an old Claude Code": {
    check: host,
    breaks: (machine) => machine.hostIs("2.1.50"),
    finds: /Claude Code 2\.1\.50 is old/,
    state: "warn",
  },
  "no registration": {
    check: registered,
    breaks: (machine) => machine.mpm("uninstall", "--user"),
    finds: /the hooks are registered nowhere/,
    state: "fail",
  },
  "entries that a running session stripped": {
    check: registered,
    breaks: (machine) => writeFileSync(machine.settings, '{"model":"opus"}'),
    finds: /^27 of 27 events are missing in .*settings\.json: SessionStart, /,
    state: "fail",
    mended: true,
  },
  "an entry that somebody changed": {
    check: registered,
    breaks: (machine) =>
      writeFileSync(machine.settings, readFileSync(machine.settings, "utf8").replace('"timeout": 5', '"timeout": 50')),
    finds: /the entries in .* are not as this version/,
    state: "fail",
    mended: true,
  },
  "settings that broke": {
    check: registered,
    breaks: (machine) => appendFileSync(machine.settings, "\n}"),
    finds: /settings\.json:\d+:1: not JSON/,
    state: "fail",
  },
  "an upgrade of Claude Code that brought new events": {
    check: registered,
    async breaks(machine) {
      machine.hostIs("2.1.80");
      await machine.mpm("install");
      machine.hostIs("2.1.330");
    },
    finds: /events are missing in .*: .*PermissionDenied.*DirectoryAdded/,
    state: "fail",
    mended: true,
  },
  "a second installation's hook in the project": {
    check: twice,
    breaks({ project }) {
      mkdirSync(join(project, ".claude"));
      writeFileSync(join(project, ".claude/settings.json"), JSON.stringify({ hooks: { Stop: otherHook("Stop") } }));
    },
    finds: /^Stop runs 2 different hooks of ours, in .*\.claude\/settings\.json and .*project/,
    state: "fail",
  },
  "hooks that the user switched off": {
    check: lockdown,
    breaks: (machine) => editSettings(machine, (tree) => Object.assign(tree, { disableAllHooks: true })),
    finds: /disableAllHooks is true in .*\.claude\/settings\.json/,
    state: "fail",
  },
  "hooks that the organisation reserves": {
    check: lockdown,
    breaks: (machine) => managed(machine, "managed-settings.d/10-hooks.json", { allowManagedHooksOnly: true }),
    finds: /allowManagedHooksOnly is true in .*10-hooks\.json/,
    state: "fail",
  },
  "hooks that the organisation leaves to plugins": {
    check: lockdown,
    breaks: (machine) => managed(machine, "managed-settings.json", { strictPluginOnlyCustomization: ["hooks"] }),
    finds: /strictPluginOnlyCustomization covers hooks/,
    state: "fail",
  },
  "a clock that was set back": {
    check: clock,
    breaks: (machine) => relaySays(machine, { updatedAt: Date.now() + 7_200_000 }),
    finds: /it is 2 h before what was recorded last/,
    state: "warn",
  },
  "a token that others can read": {
    check: token,
    breaks: ({ mpmHome }) => writeFileSync(join(mpmHome, "token"), `${"x".repeat(43)}\n`, { mode: 0o644 }),
    finds: /token can be read by other users/,
    state: "fail",
    mended: true,
  },
  "a port that somebody else has": {
    check: port,
    async breaks(machine, t) {
      const server = createServer().listen(0, "127.0.0.1");
      await new Promise((ready) => server.once("listening", ready));
      t.after(() => server.close());
      config(machine, { monitor: { port: (server.address() as { port: number }).port } });
    },
    finds: /another program listens at 127\.0\.0\.1:\d+/,
    state: "fail",
  },
  "a server that does not answer": {
    check: monitor,
    breaks: async (machine) => config(machine, { server: { url: `http://127.0.0.1:${await freePort()}` } }),
    finds: /no monitor listens at http:\/\/127\.0\.0\.1:\d+$/,
    state: "fail",
  },
  "a relay of an older version": {
    check: relay,
    breaks(machine) {
      beRelay(machine);
      relaySays(machine, {});
    },
    finds: /version 0\.0\.1 runs \(pid \d+\)/,
    state: "warn",
  },
  "a relay that cannot deliver": {
    check: relay,
    breaks(machine) {
      beRelay(machine);
      const spool = { pending: 3, bytes: 9, oldestAt: 1 };
      relaySays(machine, { version: VERSION, trouble: "the token was refused", spool });
    },
    finds: /it cannot deliver: the token was refused/,
    state: "fail",
  },
  "events that have been waiting": {
    check: backlog,
    breaks({ mpmHome }) {
      mkdirSync(join(mpmHome, "spool"), { mode: 0o700 });
      writeFileSync(join(mpmHome, "spool/1.00-1"), "x".repeat(2000));
      utimesSync(join(mpmHome, "spool/1.00-1"), new Date(), new Date(Date.now() - 3_600_000));
    },
    finds: /^1 event \(2\.0 kB\), the oldest (?:60 min|1 h) old$/,
    state: "warn",
  },
  "events that were refused": {
    check: rejected,
    breaks({ mpmHome }) {
      mkdirSync(join(mpmHome, "rejected"));
      for (const name of ["a", "a.reason.json", "b", "b.reason.json"])
        writeFileSync(join(mpmHome, "rejected", name), "");
    },
    finds: /^2 events in .*rejected$/,
    state: "warn",
  },
  "events that were dropped": {
    check: dropped,
    breaks: (machine) => relaySays(machine, { counters: { ...status({}).counters, dropped: 1 } }),
    finds: /^1 event dropped$/,
    state: "warn",
  },
  "events that were rejected and removed since": {
    check: dropped,
    breaks: (machine) => relaySays(machine, { counters: { ...status({}).counters, dropped: 1, discarded: 2 } }),
    finds: /^1 event dropped and 2 events rejected and removed since$/,
    state: "warn",
  },
  "errors in the logs": {
    check: errors,
    breaks({ mpmHome }) {
      mkdirSync(join(mpmHome, "log"), { recursive: true });
      const line = (level: number, age: number, msg: string) =>
        `${JSON.stringify({ level, time: new Date(Date.now() - age).toISOString(), msg })}\n`;
      writeFileSync(
        join(mpmHome, "log/relay.log"),
        line(50, 1e9, "long ago") +
          line(30, 0, "fine") +
          line(50, 2000, "first") +
          line(60, 1000, "last \u001b[31m") +
          "{cut",
      );
    },
    finds: /^2 errors within a day, last at .*Z: last \\u001b\[31m$/,
    state: "warn",
  },
  "a hook that keeps nothing": {
    check: arrives,
    breaks: (machine) => writeFileSync(inApp(machine, "hooks/mpm-hook"), "#!/bin/sh\nexec cat >/dev/null\n"),
    finds: /an event was sent, and after 10 s .+$/,
    state: "fail",
  },
};

describe("what is wrong is found, explained, and comes with a cure", { concurrency: 4 }, () => {
  for (const [name, { check, breaks, finds, state, mended }] of Object.entries(CASES))
    test(name, async (t) => {
      const machine = await installed(t);
      assert.equal((await look(check, machine)).state, "ok", "before");
      await breaks(machine, t);
      const finding = await look(check, machine);
      assert.match(finding.finding, finds);
      assert.equal(finding.state, state);
      assert.ok(finding.cure, "a cure");
      assert.doesNotMatch(finding.finding, /\.$/);
      if (!mended) return;
      assert.ok(finding.fix, "a fix");
      await finding.fix();
      const after = await look(check, machine);
      assert.equal(after.state, "ok", after.finding);
    });
});

test("a full disk is found where the home is on one", async (t) => {
  const machine = await installed(t);
  const script = `mount -t tmpfs -o size=1m tmpfs "$1" && chmod 700 "$1" && MPM_HOME="$1" exec "$2" "$3" doctor --json`;
  const small = join(machine.home, "small");
  mkdirSync(small);
  const args = ["-rm", "sh", "-c", script, "sh", small, NODE, dist("cli.js")];
  const outcome = await run("unshare", args, { env: machine.env, cwd: machine.project, timeoutMs: 60_000 });
  if (/unshare failed|permission denied|must be superuser/i.test(outcome.stderr))
    return t.skip("no mount namespaces here");
  const { checks } = JSON.parse(outcome.stdout) as { checks: Finding[] };
  const found = checks.find(({ name }) => name === "disk");
  assert.equal(found?.state, "fail");
  assert.match(found?.finding ?? "", /^1\.0 MB free where .*small is$/);
});

test("on a machine that is well, all is well, and an event has gone all the way", async (t) => {
  const machine = await installed(t);
  const { status, stdout, stderr } = await machine.installed("doctor");
  assert.deepEqual([status, stderr], [0, ""], stdout);
  assert.match(stdout, /^● event +sent through the registered command: [\d.]+ ms, found in the store after \d+ m?s$/m);
  assert.match(stdout, /\nmpm: all is well\.\n$/);
  assert.doesNotMatch(stdout, /[▲✖]/);

  const json = await machine.installed("doctor", "--json");
  const { ok, checks } = JSON.parse(json.stdout) as { ok: boolean; checks: Finding[] };
  assert.equal(ok, true);
  assert.equal(checks.length, new Set(checks.map(({ name }) => name)).size);
  for (const { name, state, finding } of checks) assert.equal(state, "ok", `${name}: ${finding}`);
});

test("--fix mends everything that is safe to mend, says so, and events are recorded again", async (t) => {
  const machine = await installed(t);
  writeFileSync(machine.settings, "{}\n");
  writeFileSync(inApp(machine, "node"), "/gone\n");
  rmSync(inApp(machine, "dist/relay.js"));
  chmodSync(machine.mpmHome, 0o755);

  const before = await machine.mpm("doctor", "--json");
  assert.equal(before.status, 1);
  assert.equal(readFileSync(machine.settings, "utf8"), "{}\n", "without --fix, it only looks");

  const { status, stdout, stderr } = await machine.mpm("doctor", "--fix");
  assert.deepEqual([status, stderr], [0, ""], stdout);
  assert.equal(stdout.match(/^✚ .*\(fixed: .*\)$/gm)?.length, 4, stdout);
  assert.equal(statSync(machine.mpmHome).mode & 0o777, 0o700);
  const handler = handlersOf(machine.settings).get("Stop")?.[0];
  assert(handler);
  assert.equal((await fire(machine, handler, { session_id: "mended", hook_event_name: "Stop" })).status, 0);
  await until(async () => (await machine.installed("events", "--json", "--session", "mended")).stdout !== "", 20_000);
});

test("on a machine where nothing is installed, doctor says so and leaves nothing behind", async (t) => {
  const machine = newMachine(t);
  const { status, stdout } = await machine.mpm("doctor", "--fix");
  assert.equal(status, 1);
  assert.match(stdout, /^✖ program +nothing is installed in /m);
  assert.equal(existsSync(join(machine.home, ".claude")), false);
  assert.deepEqual(pidsOf(machine.mpmHome), []);
});
