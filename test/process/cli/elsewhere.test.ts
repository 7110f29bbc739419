// A home that two pid namespaces share, as a container and its host do: what runs in the other one is named, not taken
// for gone or for a stranger with the same pid.

import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { storeEntry } from "../../../src/spool/store.ts";
import { notRoot, testUnless } from "../../tools.ts";
import { dist, mpm, NODE, start, tempWorld, until } from "../../world.ts";

testUnless(notRoot)(
  "who holds relay or monitor in another pid namespace is said by status, start, open, doctor and relay",
  async (t) => {
    const { env, mpmHome } = tempWorld(t);
    mkdirSync(mpmHome, { mode: 0o700 });
    writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":0,"autostart":false}}');
    const apart = ["--pid", "--net", "--fork", "--mount-proc", "--kill-child"];
    const container = (...args: string[]) => start(t, "unshare", [...apart, NODE, dist("cli.js"), ...args], env);
    container("monitor");
    await until(() => existsSync(join(mpmHome, "monitor.json")), 30_000, "the monitor");
    const pid = JSON.parse(readFileSync(join(mpmHome, "monitor.json"), "utf8")).pid;

    const status = JSON.parse((await mpm(["status", "--json"], { env })).stdout);
    assert.deepEqual([status.monitor.running, status.monitor.elsewhere.pid], [false, pid]);
    assert.match(
      (await mpm(["status"], { env })).stdout,
      /monitor +● running on .* \(pid \d+ there\), in another container/,
    );
    for (const verb of ["start", "open"]) {
      const started = performance.now();
      const outcome = await mpm(["monitor", verb], { env });
      assert.equal(outcome.status, 1);
      assert.match(
        outcome.stderr,
        /^mpm: the monitor did not start: a process on .* \(pid \d+\) has this home's monitor, outside what can be seen/,
      );
      assert.ok(performance.now() - started < 20_000);
    }
    const { checks } = JSON.parse((await mpm(["doctor", "--json"], { env, timeoutMs: 60_000 })).stdout);
    const monitor = checks.find(({ name }: { name: string }) => name === "monitor");
    assert.match(monitor.finding, /has this home's monitor, outside what can be seen from here/);

    storeEntry(join(mpmHome, "spool"), { event: "Stop", parentPid: 1 }, '{"session_id":"s"}');
    const there = container("relay");
    await until(() => existsSync(join(mpmHome, "relay.json")), 30_000, "the relay");
    assert.match(
      (await mpm(["status"], { env })).stdout,
      /relay +● running on .* \(pid \d+ there\), in another container/,
    );
    const second = await mpm(["relay"], { env });
    assert.deepEqual(
      [second.status, /another relay of this home runs on .* \(pid \d+ there\)/.test(second.stderr)],
      [1, true],
    );

    there.kill("SIGKILL");
    await once(there, "close");
    writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":0}}');
    start(t, NODE, [dist("cli.js"), "relay"], env);
    const said = async () => JSON.parse((await mpm(["status", "--json"], { env })).stdout).relay.reason;
    await until(async () => (await said()) === "held_elsewhere", 30_000, "the relay's reason");
  },
);
