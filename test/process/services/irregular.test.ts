// Files of a home that somebody has replaced by a pipe or by a link to an endless device: nobody waits for them.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mpm, tempWorld } from "../../world.ts";
import { newMachine } from "../install/machine.ts";

const DEADLINE_MS = 60_000;
const NAMES = ["monitor.json", "relay.json", "relay.pid", "statusline", "log/relay.log", "log/monitor.log"];

const REPLACEMENTS: Record<string, (file: string) => void> = {
  "a pipe": (file) => void execFileSync("mkfifo", [file]),
  "an endless device": (file) => symlinkSync("/dev/zero", file),
};

for (const [what, replace] of Object.entries(REPLACEMENTS))
  test(`no verb waits for a state file that is ${what}`, { timeout: DEADLINE_MS }, async (t) => {
    const world = tempWorld(t);
    mkdirSync(join(world.mpmHome, "log"), { recursive: true, mode: 0o700 });
    for (const name of NAMES) replace(join(world.mpmHome, name));
    for (const args of [["status"], ["monitor", "status"], ["doctor"], ["statusline"]]) {
      const { status } = await mpm(args, { env: world.env });
      assert.ok(status !== null && status <= 2, `mpm ${args.join(" ")} ended with ${status}`);
    }
  });

for (const [what, replace] of Object.entries(REPLACEMENTS))
  test(`installing and uninstalling wait for no launcher and no file of the copy that is ${what}`, {
    timeout: DEADLINE_MS,
  }, async (t) => {
    const machine = newMachine(t);
    const [bin, app] = [join(machine.home, ".local/bin"), join(machine.mpmHome, "app")];
    for (const dir of [bin, join(app, "hooks")]) mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const file of [join(bin, "mpm"), join(app, "node"), join(app, "hooks/mpm-node")]) replace(file);
    for (const args of [["install"], ["doctor"], ["uninstall"]]) {
      const { status, stderr } = await machine.mpm(...args);
      assert.ok(status === 0 || args[0] === "doctor", `mpm ${args.join(" ")} ended with ${status}: ${stderr}`);
    }
    assert.equal(lstatSync(join(bin, "mpm")).isFile(), false, "what is not ours stays");
  });
