// The monitor as a service of the login: what is written for each system, and that it goes as it came.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type TestContext, test } from "node:test";
import { type LoginTarget, loginService } from "../../../src/install/at-login.ts";
import { testWith } from "../../tools.ts";
import { mpm, run, tempWorld, until } from "../../world.ts";

const HOST = ["--host-version", "2.1.330"];
const target = (platform: NodeJS.Platform, home: string): LoginTarget => ({
  platform,
  userHome: "/home/dana",
  home,
  app: platform === "win32" ? `${home}\\app` : `${home}/app`,
  node: platform === "win32" ? "C:\\Program Files\\nodejs\\node.exe" : "/usr/bin/node",
  configHome: undefined,
  uid: 501,
});

/** A user with a systemctl that writes down how it is called, and ends with a status. */
function userWithSystemctl(t: TestContext, status: number, home = "mpm home") {
  const world = tempWorld(t);
  const bin = join(world.home, "bin");
  const calls = join(world.home, "calls");
  mkdirSync(bin);
  writeFileSync(
    join(bin, "systemctl"),
    `#!/bin/sh\necho "$*" >>'${calls}'\n[ ${status} = 0 ] || echo 'Failed to connect to bus' >&2\nexit ${status}\n`,
    { mode: 0o755 },
  );
  const env = { ...world.env, MPM_HOME: join(world.home, home), PATH: `${bin}${delimiter}${world.env["PATH"]}` };
  return {
    env,
    unit: join(world.home, ".config/systemd/user/mpm-monitor.service"),
    calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").split("\n").filter(Boolean) : []),
    config: join(world.home, ".config"),
  };
}

test("at login systemd runs the monitor of this home, and uninstall takes all of it away", async (t) => {
  const { env: user, unit, calls, config } = userWithSystemctl(t, 0);
  const env = { ...user, MPM_MONITOR_PORT: "0" };
  const installed = await mpm(["install", "--at-login", ...HOST], { env });
  assert.equal(installed.status, 0, installed.stderr);
  assert.match(installed.stdout, /the monitor runs from now on, and from every login/);
  const text = readFileSync(unit, "utf8");
  assert.match(text, new RegExp(`^Environment="MPM_HOME=${env.MPM_HOME}"$`, "m"));
  const [, command = ""] = /^ExecStart=\/bin\/sh -c '(.*)'$/m.exec(text) ?? [];
  const started = run("/bin/sh", ["-c", command.replaceAll("$$", "$"), "sh"], { env });
  await until(
    async () => (await mpm(["monitor", "status"], { env })).status === 0,
    10_000,
    "the monitor that the unit starts",
  );
  await mpm(["monitor", "stop"], { env });
  assert.equal((await started).status, 0, "it ends as one that is told to");
  assert.deepEqual(calls(), ["--user daemon-reload", "--user enable --now mpm-monitor.service"]);

  const doctor = await mpm(["doctor", "--json"], { env });
  const login = () => JSON.parse(doctor.stdout).checks.find(({ name }: { name: string }) => name === "login");
  assert.equal(login().state, "ok");
  assert.match(login().finding, /systemd starts the monitor at every login/);

  const gone = await mpm(["uninstall", "--purge"], { env });
  assert.equal(gone.status, 0, gone.stderr);
  assert.equal(calls().at(-1), "--user disable --now mpm-monitor.service");
  assert.equal(existsSync(config), false, "the directories that were made for it");
});

test("a system that does not take the unit up is named with what it said, and the rest is installed", async (t) => {
  const { env, unit } = userWithSystemctl(t, 1);
  const { status, stderr } = await mpm(["install", "--at-login", ...HOST], { env });
  assert.equal(status, 0);
  assert.match(stderr, /`systemctl --user daemon-reload` failed: Failed to connect to bus\. .*next login/);
  assert.ok(existsSync(unit));
});

test("a unit of that name that is not ours stays, and a dry run shows ours and writes nothing", async (t) => {
  const { env, unit, calls } = userWithSystemctl(t, 0);
  const dry = await mpm(["install", "--at-login", "--dry-run", ...HOST], { env });
  assert.match(dry.stdout, /would write .*mpm-monitor\.service for systemd:\n\n# written by/);
  assert.equal(existsSync(unit), false);
  mkdirSync(join(unit, ".."), { recursive: true });
  writeFileSync(unit, "[Service]\n");
  const { status, stderr } = await mpm(["install", "--at-login", ...HOST], { env });
  assert.deepEqual([status, calls()], [1, []]);
  assert.match(stderr, /is there and is not ours/);
  await mpm(["uninstall", "--purge"], { env });
  assert.equal(readFileSync(unit, "utf8"), "[Service]\n");
});

testWith("systemd")("systemd reads the unit as it is meant, whatever the home is called", async (t) => {
  const { env, unit } = userWithSystemctl(t, 0, 'a "b" 100% $HOME ü \\n');
  assert.equal((await mpm(["install", "--at-login", ...HOST], { env })).status, 0);
  const { status, stderr } = await run("/usr/bin/systemd-analyze", ["--user", "--man=no", "verify", unit], {
    env: { ...env, XDG_RUNTIME_DIR: env.MPM_HOME },
  });
  // It complains of other units of the machine, too: ours is named where something is wrong with it.
  assert.doesNotMatch(stderr, /mpm-monitor/);
  assert.equal(status, 0, stderr);
});

test("launchd gets the program word by word, and nothing of a path is markup", () => {
  const { file, text, enable, disable } = loginService(target("darwin", '/Users/dana/a <b> & "c"'));
  assert.equal(file, "/home/dana/Library/LaunchAgents/mpm-hook.monitor.plist");
  const strings = [...text.matchAll(/<string>(.*)<\/string>/g)].map(([, inner = ""]) =>
    inner.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"').replaceAll("&amp;", "&"),
  );
  const home = '/Users/dana/a <b> & "c"';
  assert.deepEqual(strings, ["mpm-hook.monitor", `${home}/app/hooks/mpm-node`, "cli", "monitor", home, "Background"]);
  assert.deepEqual(enable, [["launchctl", "bootstrap", "gui/501", file]]);
  assert.deepEqual(disable, [["launchctl", "bootout", "gui/501/mpm-hook.monitor"]]);
});

test("Windows gets a task that runs Node with the home's monitor at logon", () => {
  const { file, text, enable } = loginService(target("win32", "C:\\Users\\Dana M\\.claude-mpm"));
  assert.equal(file, "C:\\Users\\Dana M\\.claude-mpm\\monitor.task.xml");
  assert.match(text, /<LogonTrigger>/);
  assert.match(
    text,
    /<Arguments>\/d \/s \/c &quot;set &quot;MPM_HOME=C:\\Users\\Dana M\\\.claude-mpm&quot;&amp;&amp; &quot;C:\\Program Files\\nodejs\\node\.exe&quot; &quot;C:\\Users\\Dana M\\\.claude-mpm\\app\\dist\\cli\.js&quot; monitor&quot;<\/Arguments>/,
  );
  assert.deepEqual(enable[0], ["schtasks", "/Create", "/F", "/TN", "mpm-monitor", "/XML", file]);
});
