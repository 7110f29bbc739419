// Signals and closed pipes: a verb that lasts ends by each of them at once, and says nothing about it.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fill } from "../../unit/relay/fill.ts";
import { dist, mpm, NODE, run, start, tempWorld, until } from "../../world.ts";

const DEADLINE_MS = 30_000;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  test(`${signal} ends a monitor in the foreground: its address goes with it`, { timeout: DEADLINE_MS }, async (t) => {
    const { env, mpmHome } = tempWorld(t);
    const monitor = start(t, NODE, [dist("cli.js"), "monitor", "--port", "0"], env);
    const address = join(mpmHome, "monitor.json");
    await until(() => existsSync(address), DEADLINE_MS, "its address");
    const closed = once(monitor, "close");
    monitor.kill(signal);
    assert.deepEqual(await closed, [0, null]);
    assert.equal(existsSync(address), false);
  });

  test(`${signal} ends mpm tail`, { timeout: DEADLINE_MS }, async (t) => {
    const { env } = tempWorld(t, { MPM_SERVER_URL: "http://127.0.0.1:1" });
    const tail = start(t, NODE, [dist("cli.js"), "tail"], env);
    let said = "";
    tail.stderr?.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    await until(() => said !== "", DEADLINE_MS, "that it tries");
    const closed = once(tail, "close");
    tail.kill(signal);
    assert.deepEqual(await closed, [0, null]);
  });

  test(`${signal} to mpm run reaches Claude Code, or the test fails at once`, { timeout: DEADLINE_MS }, async (t) => {
    const { env, home } = tempWorld(t);
    const bin = join(home, "bin");
    mkdirSync(bin);
    const name = signal.slice("SIG".length);
    const claude = `trap 'echo got >${home}/got; exit 7' ${name}; echo ready >${home}/ready; while :; do sleep 0.05; done`;
    writeFileSync(join(bin, "claude"), `#!/bin/sh\n${claude}\n`, { mode: 0o755 });
    const ours = start(t, NODE, [dist("cli.js"), "run", "--no-agents"], { ...env, PATH: `${bin}:/usr/bin:/bin` }, home);
    await until(() => existsSync(join(home, "ready")), DEADLINE_MS, "Claude Code");
    const ended = once(ours, "exit"); // not "close": what it leaves behind would hold its output
    ours.kill(signal);
    assert.deepEqual(await ended, [7, null]);
    assert.equal(existsSync(join(home, "got")), true);
  });
}

test("a reader that has gone away is no error: nothing is said about it, by Node neither", async (t) => {
  const { env } = tempWorld(t);
  for (const words of ["--help", "events --help", "status", "config list", "completion zsh"]) {
    const gone = `"${NODE}" "${dist("cli.js")}" ${words} | true`;
    const { status, stderr } = await run("/bin/sh", ["-c", gone], { env });
    assert.deepEqual([status, stderr], [0, ""], words);
  }
});

test("a reader that takes the first line of much is no error either", { timeout: 4 * DEADLINE_MS }, async (t) => {
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":0}}');
  fill(mpmHome, 2000, { sessions: 500, payload: () => ({ tool_input: { command: "x".repeat(300) } }) });
  assert.equal((await mpm(["relay", "--once"], { env })).status, 0);
  const MUCH = [
    "events --limit 2000 --json",
    "events --limit 2000",
    "sessions --limit 500 --json",
    "sessions --limit 500",
  ];
  for (const words of [...MUCH, "config schema", "status --json", "agents list --json", "top --json"]) {
    const piped = `{ "${NODE}" "${dist("cli.js")}" ${words}; echo "status $?" >&2; } | head -1 >/dev/null`;
    const { stderr } = await run("/bin/sh", ["-c", piped], { env });
    assert.equal(stderr, "status 0\n", words);
  }
});
