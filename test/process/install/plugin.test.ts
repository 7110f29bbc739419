// The plugin in the real Claude Code: alone, beside a registration in the settings, and without its program.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRecent } from "../../../src/install/node.ts";
import { goOffline } from "../../host/offline.ts";
import { ROOT, run, tempDir } from "../../world.ts";
import { newWorkplace, PLUGIN } from "./workplace.ts";

const test = await goOffline();

/** Claude Code may read its instructions before it has loaded the plugins. */
const LOADED_LATE = ["InstructionsLoaded"];
const spool = (mpmHome: string) => readdirSync(join(mpmHome, "spool"));

test("Claude Code finds nothing to complain of in plugin and marketplace", async (t) => {
  const { claude } = await newWorkplace(t);
  for (const path of [ROOT, PLUGIN]) {
    const { status, stdout } = await claude("plugin", "validate", "--strict", path);
    assert.equal(status, 0, stdout);
  }
});

test("the plugin has the version of the package", () => {
  const versionIn = (file: string) => JSON.parse(readFileSync(join(ROOT, file), "utf8")).version as string;
  assert.equal(versionIn(".claude-plugin/plugin.json"), versionIn("package.json"));
});

test("with --plugin-dir, and nothing installed, every event of a session is stored once", async (t) => {
  const place = await newWorkplace(t);
  await place.session(["--plugin-dir", PLUGIN]);
  assert.ok(place.seen() > 10);
  await place.settled(LOADED_LATE);
  const { stdout } = await place.mpm("doctor");
  assert.doesNotMatch(stdout, /✖|▲|keeps? events from being recorded/, "doctor is right about it");
  assert.match(stdout, /● registered +nowhere in settings; events come by the plugin in /);
});

test("from a marketplace, beside the settings, without them again: each event counts once", async (t) => {
  const place = await newWorkplace(t);
  const add = await place.claude("plugin", "marketplace", "add", ROOT);
  assert.equal(add.status, 0, add.stdout + add.stderr);
  const install = await place.claude("plugin", "install", "mpm-hook@mpm");
  assert.equal(install.status, 0, install.stdout + install.stderr);
  place.forget(); // the commands are sessions, too, without a plugin yet
  await place.session();
  await place.settled(LOADED_LATE);

  assert.equal((await place.mpm("install")).status, 0);
  const doctor = await place.mpm("doctor");
  assert.match(doctor.stdout, /● once +the plugin mpm-hook@mpm stores nothing where/);
  await place.session();
  await place.settled(LOADED_LATE);

  assert.equal((await place.mpm("uninstall", "--user")).status, 0);
  await place.session();
  await place.settled(LOADED_LATE);
  assert.match((await place.mpm("doctor")).stdout, /● registered +by the plugin mpm-hook@mpm/);
});

test("beside a registration for another project only, the plugin records here", async (t) => {
  const place = await newWorkplace(t);
  const other = join(place.home, "work/other");
  mkdirSync(join(other, ".git"), { recursive: true });
  assert.equal((await place.mpm("install")).status, 0);
  assert.equal((await place.mpm("uninstall", "--user")).status, 0);
  const registered = [{ scope: "local", file: join(other, ".claude/settings.local.json") }];
  writeFileSync(join(place.mpmHome, "app/registered"), JSON.stringify(registered, null, 1));
  await place.session(["--plugin-dir", PLUGIN]);
  await place.settled(LOADED_LATE);
});

test("copied from a clone that was not built, it keeps every event and says what to do; then they are delivered", async (t) => {
  const place = await newWorkplace(t);
  const clone = join(tempDir(t), "clone");
  for (const part of [".claude-plugin", "hooks"]) cpSync(join(ROOT, part), join(clone, part), { recursive: true });
  await place.session(["--plugin-dir", clone]);
  assert.ok([0, 1].includes(place.seen() - spool(place.mpmHome).length), "but for a late start");
  const said = readFileSync(join(place.mpmHome, "log/start.log"), "utf8");
  assert.match(
    said,
    /events are kept, not shown: .* Run \.\/install\.sh in a checkout of mpm-hook, or npx mpm-hook install/,
  );

  assert.match((await place.mpm("doctor")).stdout, /▲ logs .*: events are kept, not shown: there is no program/);
  assert.equal((await place.mpm("install", "--try")).status, 0);
  await place.settled(LOADED_LATE);
  assert.equal(existsSync(join(place.mpmHome, "log/start.log")), false, "what was wrong is over");
});

test("where no recent Node is found, the plugin keeps every event and says what to do", async (t) => {
  const place = await newWorkplace(t);
  const systems = "/usr/bin:/bin"; // the hook looks there, whatever PATH says
  const { stdout } = await run("/bin/sh", ["-c", "node --version"], { env: { PATH: systems } });
  if (isRecent(stdout.slice(1))) return t.skip(`this system's own Node is ${stdout.trim()}`);
  await place.session(["--plugin-dir", PLUGIN], { env: { PATH: systems } });
  assert.ok([0, 1].includes(place.seen() - spool(place.mpmHome).length), "but for a late start");
  assert.match(readFileSync(join(place.mpmHome, "log/start.log"), "utf8"), /no Node 24 or newer is on PATH/);
});
