// mpm run with a program in Claude Code's place that tells what it was given.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { pathsOf } from "../../../src/config/config.ts";
import { takeLock } from "../../../src/services/lock.ts";
import { dist, freePort, HOOK, mpm, NODE, ROOT, run, tempWorld, until } from "../../world.ts";

/** A home, a project and a `claude` with that script. */
function worldWith(t: TestContext, script: string, settings: object = { monitor: { port: 0 } }) {
  const world = tempWorld(t);
  const bin = join(world.home, "bin");
  const project = join(world.home, "project");
  for (const dir of [bin, project, join(world.home, ".claude")]) mkdirSync(dir, { recursive: true });
  mkdirSync(world.mpmHome, { mode: 0o700 });
  writeFileSync(join(bin, "claude"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "claude"), 0o755);
  writeFileSync(join(world.mpmHome, "config.json"), JSON.stringify(settings));
  const env = { ...world.env, PATH: `${bin}:/usr/bin:/bin` };
  return { ...world, env, project, run: (...args: string[]) => mpm(["run", ...args], { env, cwd: project }) };
}

const TELL = `printf '<%s>\\n' "$@"`;
const words = (stdout: string): string[] => [...stdout.matchAll(/<([^>]*)>/g)].map(([, word]) => word as string);
/** The handlers of the settings that Claude Code was given. */
function handlersOf(stdout: string): { command: string; args: string[] }[] {
  const args = words(stdout);
  const { hooks } = JSON.parse(readFileSync(args[args.indexOf("--settings") + 1] as string, "utf8"));
  return Object.values(hooks as Record<string, { hooks: { command: string; args: string[] }[] }[]>).flatMap((groups) =>
    groups.flatMap((group) => group.hooks),
  );
}

test("what stands after -- reaches Claude Code as it is, and its status comes back", async (t) => {
  const world = worldWith(t, `${TELL}; exit 7`);
  const { status, stdout } = await world.run("--no-agents", "--", "--model", "a b", "", "-x");
  assert.equal(status, 7);
  assert.deepEqual(words(stdout).slice(2), ["--model", "a b", "", "-x"]);
});

test("where the hooks are not installed, they are given for this run alone: hooks that exist, by a file for us alone", async (t) => {
  const world = worldWith(t, TELL);
  const { stdout } = await world.run();
  const handlers = handlersOf(stdout);
  assert.ok(handlers.length >= 20);
  for (const { command, args } of handlers) {
    assert.ok(existsSync(command), command);
    assert.equal(args.length, 1);
  }
  assert.equal(existsSync(join(world.home, ".claude/settings.json")), false);
});

test("Claude Code is started once, for the session", async (t) => {
  const world = worldWith(t, 'echo "$@" >>started');
  await world.run("--", "-c");
  assert.match(readFileSync(join(world.project, "started"), "utf8"), /^--settings \S+ -c\n$/);
});

test("an old Claude Code is given what it understands, by the version that its place tells", async (t) => {
  const world = worldWith(t, TELL);
  const versions = join(world.home, "versions");
  mkdirSync(versions);
  renameSync(join(world.home, "bin/claude"), join(versions, "2.1.120"));
  symlinkSync(join(versions, "2.1.120"), join(world.home, "bin/claude"));
  for (const { command, args } of handlersOf((await world.run()).stdout)) {
    assert.equal(args, undefined);
    assert.match(command, /hooks\/mpm-hook \w+$/);
  }
});

const USER = ".claude/settings.json";
const PROJECT = "project/.claude/settings.json";
const LOCAL = "project/.claude/settings.local.json";
const HANDLER = { type: "command", command: HOOK, args: ["Stop"], timeout: 5 };
const REGISTERED = { hooks: { Stop: [{ hooks: [HANDLER] }] } };
const PLUGGED = { enabledPlugins: { "mpm-hook@somewhere": true } };
const GONE = { hooks: { Stop: [{ hooks: [{ ...HANDLER, command: "/gone/hooks/mpm-hook" }] }] } };

for (const [where, file, settings, args, given] of [
  ["in the user's settings", USER, REGISTERED, [], false],
  ["in the project's settings", PROJECT, REGISTERED, [], false],
  ["in the local settings", LOCAL, REGISTERED, [], false],
  ["in the settings on the command line", "project/mine.json", REGISTERED, ["--settings", "mine.json"], false],
  ["by a plugin", USER, PLUGGED, [], false],
  ["by a plugin directory on the command line", USER, {}, ["--plugin-dir", ROOT], false],
  ["in settings that are read here", USER, REGISTERED, ["--setting-sources", "user,local"], false],
  ["only in settings that are not read here", USER, REGISTERED, ["--setting-sources=project"], true],
  ["only by a plugin that is switched off", USER, { enabledPlugins: { "mpm-hook@somewhere": false } }, [], true],
  ["only by a hook that is gone", USER, GONE, [], true],
  ["nowhere: settings without hooks", USER, { model: "opus" }, [], true],
] as const)
  test(`hooks installed ${where} are ${given ? "" : "not "}given: each event counts once`, async (t) => {
    const world = worldWith(t, TELL);
    const place = join(world.home, file);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, JSON.stringify(settings));
    const told = words((await world.run("--no-agents", "--", ...args)).stdout);
    assert.equal(told.includes(join(world.mpmHome, "run.settings.json")), given, told.join(" "));
    assert.deepEqual(given ? told.slice(2) : told, args.length === 0 && !given ? [""] : args);
  });

test("a settings file that Claude Code cannot read has no hooks: they are given", async (t) => {
  const world = worldWith(t, TELL);
  writeFileSync(join(world.home, USER), `${JSON.stringify(REGISTERED)},`);
  assert.ok(handlersOf((await world.run("--no-agents")).stdout).length > 20);
});

test("settings on the command line that cannot be read stay as they are, and nothing is recorded, with a warning", async (t) => {
  const world = worldWith(t, TELL);
  for (const [value, reason] of [
    [
      "none.json",
      /^mpm: nothing is recorded: the settings file on the command line cannot be read\. The session goes on\.$/m,
    ],
    ['{"a": 1,}', /line 1, column 9/],
  ] as const) {
    const { status, stdout, stderr } = await world.run("--no-agents", "--", "--settings", value);
    assert.equal(status, 0);
    assert.deepEqual(words(stdout), ["--settings", value]);
    assert.match(stderr, reason);
  }
});

test("the copy of a run that was killed goes with the next run", async (t) => {
  const world = worldWith(t, TELL);
  const dead = spawn("true");
  await once(dead, "close");
  const [left, kept] = [`run.settings-${dead.pid}.json`, `run.settings-${process.pid}.json`];
  for (const name of [left, kept]) writeFileSync(join(world.mpmHome, name), "{}");
  await world.run("--no-agents");
  const there = readdirSync(world.mpmHome);
  assert.deepEqual([there.includes(left), there.includes(kept)], [false, true]);
});

test("settings on the command line, as a file or as JSON, keep what they hold and get the hooks, too", async (t) => {
  const world = worldWith(t, `${TELL}; cat "$2"`);
  const given = { model: "opus", hooks: { Stop: [{ hooks: [{ type: "command", command: "theirs" }] }] } };
  writeFileSync(join(world.project, "mine.json"), JSON.stringify(given));
  for (const form of [["--settings", "mine.json"], [`--settings=${JSON.stringify(given)}`]]) {
    const { stdout } = await world.run("--", ...form, "-c");
    const args = words(stdout.split("\n{")[0] as string);
    assert.deepEqual([args[0], args[2]], ["--settings", "-c"]);
    const settings = JSON.parse(stdout.slice(stdout.indexOf("\n{")));
    assert.equal(settings.model, "opus");
    assert.equal(settings.hooks.Stop[0].hooks[0].command, "theirs");
    assert.match(JSON.stringify(settings.hooks.Stop), /mpm-hook/);
  }
  assert.deepEqual(
    readdirSync(world.mpmHome).filter((name) => name.startsWith("run.settings-")),
    [],
  );
});

test("-i asks one question, whatever it begins with", async (t) => {
  const world = worldWith(t, TELL);
  const { stdout } = await world.run("--input=--help me", "--", "--model", "x");
  assert.deepEqual(words(stdout).slice(2), ["-p", "--model", "x", "--", "--help me"]);
});

test("agents are deployed to the project, unless told otherwise", async (t) => {
  const world = worldWith(t, "ls .claude/agents 2>/dev/null; true");
  assert.doesNotMatch((await world.run("--no-agents")).stdout, /\.md/);
  const { stdout, stderr } = await world.run();
  assert.match(stdout, /engineer\.md/);
  assert.match(stderr, /^mpm: deployed \d+ agents to /m);
  assert.doesNotMatch((await world.run()).stderr, /deployed/);
});

test("with --monitor, a monitor answers before Claude Code starts, and it is the one of this home", async (t) => {
  const world = worldWith(t, 'cat "$MPM_HOME/monitor.json"');
  const { stdout, stderr } = await world.run("--monitor");
  const { url, instance } = JSON.parse(stdout);
  const health = (await (await fetch(`${url}/health`)).json()) as { instance: string };
  assert.equal(health.instance, instance);
  assert.match(stderr, new RegExp(`the dashboard is at ${url}`));
  const again = await world.run("--monitor");
  assert.equal(JSON.parse(again.stdout).instance, instance);
});

test("a stranger on the port is left alone: another port is taken, and that is said", async (t) => {
  const world = worldWith(t, 'cat "$MPM_HOME/monitor.json"', {});
  const stranger = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n")).listen(0, "127.0.0.1");
  await once(stranger, "listening");
  t.after(() => stranger.close());
  const { port } = stranger.address() as { port: number };
  const { status, stdout, stderr } = await world.run("--websocket-port", String(port));
  assert.equal(status, 0);
  const { url } = JSON.parse(stdout);
  assert.notEqual(new URL(url).port, String(port));
  assert.match(stderr, new RegExp(`port ${port} is taken by another program; the monitor listens at ${url}`));
});

for (const [what, home] of [
  ["below a file", (root: string) => join(root, "bin/claude/mpm")],
  ["where nothing can be made", () => "/proc/mpm"],
] as const)
  test(`with an MPM_HOME ${what}, the session goes on, unrecorded and with the reason`, async (t) => {
    const world = worldWith(t, `${TELL}; exit 3`);
    const { status, stdout, stderr } = await mpm(["run", "--monitor", "--", "-c"], {
      env: { ...world.env, MPM_HOME: home(world.home) },
      cwd: world.project,
    });
    assert.deepEqual([status, words(stdout)], [3, ["-c"]]);
    assert.match(stderr, /^mpm: nothing is recorded: .* The session goes on\.$/m);
    assert.match(stderr, /^mpm: the monitor is not there: .* the session goes on\.$/m);
  });

test("a damaged config.json is told of, and the session goes on", async (t) => {
  const world = worldWith(t, `${TELL}; exit 3`);
  writeFileSync(join(world.mpmHome, "config.json"), "{");
  const { status, stderr } = await world.run("--no-agents");
  assert.equal(status, 3);
  assert.match(stderr, /config\.json: expected JSON/);
});

test("agents that cannot be read or written are told of, and the session goes on", async (t) => {
  const world = worldWith(t, "exit 3");
  const agents = join(world.project, ".claude-mpm/agents");
  mkdirSync(agents, { recursive: true });
  writeFileSync(join(agents, "bad.md"), "---\nname: bad\ncolor: gren\n---\nYou are bad.\n");
  writeFileSync(join(world.project, ".claude"), "");
  const { status, stderr } = await world.run();
  assert.equal(status, 3);
  assert.match(stderr, /bad\.md:3: color: .*Did you mean green\?/);
  assert.match(stderr, /^mpm: \d+ agents could not be deployed\./m);
});

test("by the launcher, too, Claude Code gets the user's NODE_OPTIONS and NODE_PATH, which are kept from us", async (t) => {
  const world = worldWith(t, "env");
  const env = { ...world.env, NODE_OPTIONS: "--no-such-option", NODE_PATH: "/none" };
  const options = { env, cwd: world.project };
  const { status, stdout } = await run(join(ROOT, "hooks/mpm-node"), ["cli", "run", "--no-agents"], options);
  assert.equal(status, 0);
  const lines = stdout.split("\n");
  for (const name of ["NODE_OPTIONS", "NODE_PATH"] as const) assert.ok(lines.includes(`${name}=${env[name]}`));
  assert.doesNotMatch(stdout, /MPM_USER/);
});

test("MPM_MONITOR_PORT is the port of the monitor; what is none is told, and the default is used", async (t) => {
  const port = await freePort();
  const world = worldWith(t, 'cat "$MPM_HOME/monitor.json"', {});
  const at = (text: string) => mpm(["config", "list", "--json"], { env: { ...world.env, MPM_MONITOR_PORT: text } });
  assert.match((await at(String(port))).stdout, new RegExp(`${port}`));
  const bad = await at("many");
  assert.match(
    bad.stderr,
    /^mpm: MPM_MONITOR_PORT in the environment: expected a number, received "many"; the default is used\.$/m,
  );
  const options = { env: { ...world.env, MPM_MONITOR_PORT: String(port) }, cwd: world.project };
  assert.equal(JSON.parse((await mpm(["run", "--monitor"], options)).stdout).url, `http://127.0.0.1:${port}`);
});

test("two runs that start a monitor at once have one, and no word of trouble", async (t) => {
  const world = worldWith(t, 'cat "$MPM_HOME/monitor.json"');
  const both = await Promise.all([world.run("--monitor"), world.run("--monitor")]);
  const [one, other] = both.map(({ stdout }) => JSON.parse(stdout).instance);
  assert.equal(one, other);
  for (const { stderr } of both) assert.doesNotMatch(stderr, /not there/);
});

test("a monitor that another has begun to start is waited for", async (t) => {
  const world = worldWith(t, 'cat "$MPM_HOME/monitor.json"');
  const paths = pathsOf(world.mpmHome);
  const unlock = takeLock(paths); // as the other does until it is ready
  assert.ok(unlock);
  const ours = world.run("--monitor");
  const log = join(paths.log, "monitor.log");
  await until(() => existsSync(log) && readFileSync(log, "utf8").includes("already_running"), 30_000);
  unlock();
  assert.equal((await mpm(["monitor", "start"], { env: world.env })).status, 0);
  const { stdout, stderr } = await ours;
  assert.equal(stdout, readFileSync(paths.monitorAddress, "utf8"));
  assert.doesNotMatch(stderr, /not there/);
});

test("a monitor that hangs is a warning that names it, and the session goes on", async (t) => {
  const world = worldWith(t, 'cat "$MPM_HOME/monitor.json"');
  const { pid, url } = JSON.parse((await world.run("--monitor")).stdout);
  process.kill(pid, "SIGSTOP");
  const { status, stderr } = await world.run("--monitor");
  assert.equal(status, 0);
  assert.match(stderr, new RegExp(`the monitor is not there: the one at ${url} \\(pid ${pid}\\) does not answer`));
});

test("what is left of a monitor that was killed, and a stranger where it was, are not taken for one", async (t) => {
  const world = worldWith(t, 'cat "$MPM_HOME/monitor.json"');
  const before = JSON.parse((await world.run("--monitor")).stdout);
  process.kill(before.pid, "SIGKILL");
  const health = { status: "healthy", service: "mpm-monitor", version: "1", pid: 1, instance: "another home's" };
  const stranger = createHttpServer((_request, response) => response.end(JSON.stringify(health)));
  t.after(() => stranger.close());
  // Its port becomes free a moment after its death.
  await until(async () => {
    stranger.listen(Number(new URL(before.url).port), "127.0.0.1");
    return once(stranger, "listening").then(
      () => true,
      () => false,
    );
  });
  writeFileSync(join(world.mpmHome, "monitor.json"), JSON.stringify({ ...before, pid: process.pid }));
  const after = JSON.parse((await world.run("--monitor")).stdout);
  assert.notEqual(after.instance, before.instance);
  assert.notEqual(after.url, before.url);
});

test("Claude Code's environment says where home and monitor are, in absolute terms, and nothing says the token", async (t) => {
  const world = worldWith(t, "env; tr '\\0' '\\n' </proc/$PPID/cmdline");
  const env = { ...world.env, MPM_HOME: "../.claude-mpm", KEPT: "yes" };
  const { stdout } = await mpm(["run", "--monitor", "--no-agents"], { env, cwd: world.project });
  const { url } = JSON.parse(readFileSync(join(world.mpmHome, "monitor.json"), "utf8"));
  for (const line of [
    `MPM_HOME=${world.mpmHome}`,
    `MPM_SERVER_URL=${url}`,
    `MPM_MONITOR_PORT=${new URL(url).port}`,
    "KEPT=yes",
  ])
    assert.ok(stdout.split("\n").includes(line), line);
  assert.ok(!stdout.includes(readFileSync(join(world.mpmHome, "token"), "utf8").trim()));
});

test("an event of the session arrives in the monitor of the run, on a port of its own", async (t) => {
  const send = `echo '{"hook_event_name":"Stop","session_id":"s1"}' | "${HOOK}" Stop`;
  const world = worldWith(t, send, { server: { url: "http://127.0.0.1:9" } });
  const port = await freePort();
  await world.run("--websocket-port", String(port));
  const env = { ...world.env, MPM_SERVER_URL: `http://127.0.0.1:${port}` };
  let stored = "";
  await until(async () => {
    stored = (await mpm(["events", "--json"], { env })).stdout;
    return stored !== "";
  }, 30_000);
  assert.equal(JSON.parse(stored).session_id, "s1");
});

test("a server that the user has named is not started, and said to be away where it is", async (t) => {
  const world = worldWith(t, "echo session", { server: { url: `http://127.0.0.1:${await freePort()}` } });
  const { status, stdout, stderr } = await world.run("--monitor");
  assert.deepEqual([status, stdout], [0, "session\n"]);
  assert.match(stderr, /^mpm: no monitor listens at .* Events wait until it answers; the session goes on\.$/m);
  assert.equal(existsSync(join(world.mpmHome, "monitor.json")), false);
});

test("a browser opens with a link that works once, where there is a display and nothing forbids it", async (t) => {
  const world = worldWith(t, "until [ -s opened ] || [ -e enough ]; do sleep 0.02; done");
  writeFileSync(join(world.home, "bin/xdg-open"), '#!/bin/sh\necho "$1" >>opened\n');
  chmodSync(join(world.home, "bin/xdg-open"), 0o755);
  const opened = join(world.project, "opened");
  const env = { ...world.env, DISPLAY: ":7", MPM_NO_BROWSER: "" };
  const shown = await mpm(["run", "--monitor", "--no-agents"], { env, cwd: world.project });
  assert.match(readFileSync(opened, "utf8"), /^http:\/\/127\.0\.0\.1:\d+\/login\?code=\S+\n$/);
  assert.equal(shown.stderr, "");

  writeFileSync(join(world.project, "enough"), "");
  for (const [extra, ...options] of [[{ MPM_NO_BROWSER: "1" }], [{ DISPLAY: "" }], [{}, "--no-browser"]] as const) {
    const { stderr } = await mpm(["run", "--monitor", "--no-agents", ...options], {
      env: { ...env, ...extra },
      cwd: world.project,
    });
    assert.match(stderr, /^mpm: the dashboard is at http.*`mpm monitor open` lets a browser in\.$/m);
  }
  assert.equal(readFileSync(opened, "utf8").split("\n").length, 2);
});

test("Ctrl-C before Claude Code runs ends it as it ends any program", async (t) => {
  const world = worldWith(t, "touch started");
  await mpm(["monitor", "start"], { env: world.env });
  const { pid } = JSON.parse(readFileSync(join(world.mpmHome, "monitor.json"), "utf8"));
  process.kill(pid, "SIGSTOP"); // keeps it waiting
  const ours = spawn(NODE, [dist("cli.js"), "run", "--monitor"], { env: world.env, cwd: world.project });
  const closed = once(ours, "close");
  await until(() => existsSync(join(world.project, ".claude/agents")), 20_000);
  ours.kill("SIGINT");
  assert.deepEqual(await closed, [null, "SIGINT"]);
  assert.equal(existsSync(join(world.project, "started")), false);
});

test("a monitor that does not start is a warning with its reason, and the session goes on", async (t) => {
  const world = worldWith(t, "echo session; exit 3");
  mkdirSync(join(world.mpmHome, "token"));
  const { status, stdout, stderr } = await world.run("--monitor");
  assert.deepEqual([status, stdout], [3, "session\n"]);
  assert.match(stderr, /^mpm: the monitor is not there: .*token.*the session goes on\.$/m);
});

test("without Claude Code, it says so with status 127", async (t) => {
  const world = worldWith(t, TELL);
  const { status, stdout, stderr } = await mpm(["run"], { env: { ...world.env, PATH: "/usr/bin:/bin" } });
  assert.deepEqual([status, stdout], [127, ""]);
  assert.match(stderr, /^mpm: Claude Code was not found/);
});

test("an option that is not ours is status 2, and starts nothing", async (t) => {
  const world = worldWith(t, "touch started");
  const outcome = await world.run("--model", "x");
  assert.equal(outcome.status, 2);
  assert.match(outcome.stderr, /^mpm: `mpm run` has no option --model\. What is for Claude Code stands after --\. /);
  assert.match(
    (await world.run("hello")).stderr,
    /^mpm: `mpm run` takes no argument, received "hello"\. What is for Claude Code stands after --\. /,
  );
  assert.equal((await world.run("--websocket-port", "x")).status, 2);
  assert.equal(existsSync(join(world.project, "started")), false);
});

/** Ends what is left of a process group, if anything is. */
function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, "SIGKILL");
  } catch {
    // nothing is left
  }
}

for (const signal of ["SIGTERM", "SIGHUP", "SIGUSR2", "SIGINT", "SIGQUIT", "SIGTSTP"] as const)
  test(`${signal} sent to it reaches Claude Code, which decides`, async (t) => {
    const name = signal.slice(3);
    const world = worldWith(t, `trap 'echo got; exit 5' ${name}; echo ready; while :; do sleep 0.01; done`);
    const child = spawn(NODE, [dist("cli.js"), "run", "--no-agents"], {
      env: world.env,
      cwd: world.project,
      detached: true, // no terminal of the test's is about
    });
    const closed = once(child, "close");
    let said = "";
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    t.after(() => endGroup(child.pid)); // where the signal does not arrive, the one that was to hear it goes on
    await until(() => said.includes("ready"));
    child.kill(signal);
    await until(() => said.includes("got"), 10_000, `${signal} at Claude Code`);
    assert.deepEqual([(await closed)[0], said], [5, "ready\ngot\n"]);
  });

test("when a signal ends Claude Code, the same signal ends us", async (t) => {
  for (const name of ["TERM", "KILL", "SEGV"]) {
    const world = worldWith(t, `kill -${name} $$`);
    const outcome = await world.run("--no-agents");
    assert.equal(outcome.signal, `SIG${name}`);
  }
});

test("--verbose says how long each step took, on stderr alone", async (t) => {
  const world = worldWith(t, "true");
  const { stdout, stderr } = await world.run("--verbose", "--monitor");
  assert.equal(stdout, "");
  for (const step of ["agents", "hooks", "monitor", "start"])
    assert.match(stderr, new RegExp(`^${step} +\\d+ ms`, "m"));
});
