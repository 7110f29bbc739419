// What verbs that change something say to a program.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { mpm, tempWorld } from "../../world.ts";

test("the monitor's verbs say what is so now, where it is, and why not", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  const say = async (...words: string[]) => {
    const { status, stdout } = await mpm(["monitor", ...words, "--json"], { env });
    return { status, ...JSON.parse(stdout) };
  };
  const { url, ...begun } = await say("start", "--port", "0");
  assert.deepEqual(begun, { status: 0, running: true, started: true });
  assert.deepEqual(await say("start"), { status: 0, running: true, started: false, url });
  const { link, ...opened } = await say("open");
  assert.deepEqual(opened, { status: 0, running: true, url });
  assert.equal((await fetch(link, { redirect: "manual" })).status, 303);
  assert.deepEqual(await say("stop"), { status: 0, running: false, stopped: true });
  assert.deepEqual(await say("stop"), { status: 0, running: false, stopped: false });

  const other = createServer().listen(0, "127.0.0.1");
  t.after(() => void other.close());
  await once(other, "listening");
  const address = other.address();
  assert.ok(typeof address === "object" && address !== null);
  writeFileSync(join(mpmHome, "config.json"), JSON.stringify({ monitor: { port: address.port } }));
  for (const verb of ["start", "open"])
    assert.deepEqual(await say(verb), { status: 1, running: false, reason: "port_taken" });
});

test("replay says which events it moves", async (t) => {
  const { env, mpmHome } = tempWorld(t, { MPM_SERVER_URL: "http://127.0.0.1:9" });
  const say = async (...words: string[]) => JSON.parse((await mpm(["replay", ...words, "--json"], { env })).stdout);
  assert.deepEqual(await say(), { events: [], moved: 0, dryRun: false });
  const name = "1000.00-17";
  mkdirSync(join(mpmHome, "rejected"), { recursive: true, mode: 0o700 });
  writeFileSync(join(mpmHome, "rejected", name), "x", { mode: 0o600 });
  assert.deepEqual(await say("--dry-run"), { events: [name], moved: 0, dryRun: true });
  assert.deepEqual(await say(), { events: [name], moved: 1, dryRun: false });
});

test("install and uninstall say what was done where, and nothing else", async (t) => {
  const { env, home, mpmHome } = tempWorld(t);
  const say = async (...words: string[]) => {
    const { stdout, stderr } = await mpm([...words, "--json"], { env, cwd: home });
    assert.equal(stderr, "");
    return JSON.parse(stdout);
  };
  const file = join(home, ".claude/settings.json");
  const dry = await say("install", "--dry-run");
  assert.equal(dry.done, "changed");
  assert.equal(dry.dryRun, true);
  const { events, leftOut, host, command, ...done } = await say("install", "--mcp");
  assert.ok(events.includes("PreToolUse"));
  assert.ok(Array.isArray(leftOut));
  assert.match(command, /mpm$/);
  assert.deepEqual(done, {
    registered: true,
    dryRun: false,
    scope: "user",
    file,
    done: "changed",
    refusal: null,
    backup: null,
    extras: [{ name: "mcp", file: join(home, ".claude.json"), done: "changed" }],
    replaced: [],
    trial: null,
    ok: true,
  });
  assert.equal((await say("install")).done, "unchanged");

  const would = await say("uninstall", "--purge", "--dry-run");
  assert.ok(would.paths.some(({ path }: { path: string }) => path === join(mpmHome, "app")));
  const gone = await say("uninstall", "--purge");
  assert.equal(gone.ok, true);
  assert.equal(gone.leftBytes, 0);
  assert.deepEqual(
    gone.settings.filter((one: { done: string }) => one.done === "changed"),
    [{ file, done: "changed" }],
  );
});
