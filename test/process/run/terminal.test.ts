// mpm run in a shell's terminal (tmux): job control, and each key's signal once, as without it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { testWith } from "../../tools.ts";
import { dist, NODE, run, tempWorld, until } from "../../world.ts";

const test = testWith("tmux");

/** A world with a `claude` of that script. */
function worldWith(t: TestContext, script: string) {
  const world = tempWorld(t);
  const bin = join(world.home, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "claude"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "claude"), 0o755);
  return { ...world, env: { ...world.env, PATH: `${bin}:/usr/bin:/bin` } };
}

/** An interactive shell in a terminal, in which `alone` is that claude and `under` is it with mpm run. */
async function shell(t: TestContext, script: string) {
  const { home, env } = worldWith(t, script);
  const socket = join(home, "tmux");
  const tmux = (...args: string[]) => run("tmux", ["-S", socket, ...args], { env: { ...env, TERM: "xterm" } });
  writeFileSync(
    join(home, "rc"),
    `PS1='[$?] > '\nalone() { claude "$@"; }\nunder() { '${NODE}' '${dist("cli.js")}' run --no-agents -- "$@"; }\n`,
  );
  await tmux(
    "-f",
    "/dev/null",
    "new-session",
    "-d",
    "-x",
    "100",
    "-y",
    "30",
    "-c",
    home,
    "bash",
    "--rcfile",
    join(home, "rc"),
    "-i",
  );
  t.after(() => tmux("kill-server"));
  const screen = async () => (await tmux("capture-pane", "-p")).stdout;
  const see = async (what: RegExp) => {
    let seen = "";
    await until(
      async () => {
        seen = await screen();
        return what.test(seen);
      },
      30_000,
      `${what} on the screen`,
    ).catch((error: Error) => assert.fail(`${error.message}; it shows:\n${seen.trimEnd()}`));
  };
  const type = async (line: string) => {
    await tmux("send-keys", "-l", line);
    await tmux("send-keys", "Enter");
  };
  await see(/^\[0\] >/m);
  return { type, see, screen, press: (key: string) => tmux("send-keys", key) };
}

/** Says how many interrupts it gets, and ends some time after a quit. */
const COUNT = `
  let n = 0;
  process.on("SIGINT", () => console.log("got", ++n));
  process.on("SIGQUIT", () => setTimeout(() => process.exit(4), 200));
  process.on("exit", () => console.log("end", n));
  setInterval(() => {}, 1000);
  console.log("here");
`;

for (const how of ["alone", "under"]) {
  test(`${how}: Ctrl-Z gives the shell its terminal back, fg goes on, and the status is the session's`, async (t) => {
    const { type, press, see } = await shell(t, "echo here; read -r line; echo said $line; exit 4");
    await type(how);
    await see(/^here/m);
    await press("C-z");
    await see(/^\[1\]\+ +Stopped +/m);
    await see(/^\[148\] >/m);
    await type("fg");
    await type("hello");
    await see(/^said hello/m);
    await see(/^\[4\] >/m);
  });

  test(`${how}: a session that stops itself gives the shell its terminal back, too`, async (t) => {
    const { type, see } = await shell(t, "echo here; kill -STOP $$; echo on; exit 4");
    await type(how);
    await see(/^\[147\] >/m);
    await type("fg");
    await see(/^on\n\[4\] >/m);
  });

  test(`${how}: a session that takes Ctrl-Z for something else goes on`, async (t) => {
    const { type, press, see } = await shell(
      t,
      "trap 'echo undone' TSTP; echo here; read -r line; read -r line; exit 4",
    );
    await type(how);
    await see(/^here/m);
    await press("C-z");
    await see(/undone/);
    await type("");
    await type("");
    await see(/^\[4\] >/m);
  });

  test(`${how}: Ctrl-C is one interrupt, whatever stdin is`, async (t) => {
    const { type, press, see, screen } = await shell(t, `exec '${NODE}' -e '${COUNT}'`);
    await type(`${how} </dev/null`);
    await see(/^here/m);
    await press("C-c");
    await see(/got 1/);
    await press("C-c");
    await see(/got 2/);
    await press("C-\\"); // reaches it after anything that the second has set off
    await see(/^\[4\] >/m);
    assert.match(await screen(), /end 2$/m);
  });
}

test("on a terminal, a step that takes more than a second says so while it lasts", async (t) => {
  const { type, see } = await shell(t, "echo here");
  await type(`export MPM_MONITOR_PORT=0; '${NODE}' '${dist("cli.js")}' monitor start`);
  await see(/listens at/);
  await type(`kill -STOP $(sed 's/.*"pid":\\([0-9]*\\).*/\\1/' .claude-mpm/monitor.json)`);
  await type(`'${NODE}' '${dist("cli.js")}' run --no-agents --monitor`);
  await see(/^mpm: monitor takes its time \.\.\.\n(mpm: .*\n)*.*the monitor is not there: /m);
  await see(/^here/m);
});

test("without a terminal, too, it stops with the session, and continues it when it is continued", async (t) => {
  const { env, home } = worldWith(t, "echo $$ >pid; kill -STOP $$; exit 4");
  const ours = spawn(NODE, [dist("cli.js"), "run", "--no-agents"], { env, cwd: home });
  const closed = once(ours, "close");
  const state = (pid: unknown) => /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  await until(() => state(ours.pid) === "T", 20_000, "our stop");
  const pid = readFileSync(join(home, "pid"), "utf8").trim();
  assert.equal(state(pid), "T");
  ours.kill("SIGCONT");
  await until(() => ours.exitCode !== null, 20_000, "our end");
  assert.equal((await closed)[0], 4);
});
