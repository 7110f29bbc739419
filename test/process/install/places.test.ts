// Where the hooks are registered, and where the real Claude Code is started: every event once, from each of those places,
// and no word where mpm is missing. What we say of its settings and switches, it is asked.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { loadConfig } from "../../../src/config/config.ts";
import { settingsRead } from "../../../src/install/scope.ts";
import { hooksOff } from "../../../src/install/switches.ts";
import { goOffline } from "../../host/offline.ts";
import { recorderSettings } from "../../host/recorder.ts";
import { run } from "../../world.ts";
import { newWorkplace, PLUGIN, type Workplace } from "./workplace.ts";

await goOffline();

/** Claude Code may read its instructions before it has loaded the plugins. */
const LOADED_LATE = ["InstructionsLoaded"];

async function git(place: Workplace, ...args: string[]): Promise<void> {
  const who = ["-c", "user.name=Dana", "-c", "user.email=dana@example.com", "-C", place.workspace];
  const { status, stderr } = await run("git", [...who, ...args], { env: place.env });
  assert.equal(status, 0, stderr);
}

async function succeed(outcome: Promise<{ status: number | null; stdout: string; stderr: string }>): Promise<string> {
  const { status, stdout, stderr } = await outcome;
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}

/** A workspace whose .claude/settings.json a team has committed, and a linked worktree of it. */
async function teamProject(place: Workplace): Promise<{ src: string; linked: string }> {
  const said = await succeed(place.mpm("install", "--project"));
  assert.match(said, /Commit it for everybody who works here/);
  const text = readFileSync(join(place.workspace, ".claude/settings.json"), "utf8");
  assert.ok(!text.includes(place.home), "it names no home");
  const linked = join(place.home, "work/linked");
  await git(place, "add", ".claude");
  await git(place, "commit", "-q", "-m", "Record our sessions");
  await git(place, "worktree", "add", "-q", linked);
  return { src: join(place.workspace, "src"), linked };
}

test("a project's hooks count once: alone, with a plugin, local and user settings, in subfolders, worktrees, --add-dir", async (t) => {
  const place = await newWorkplace(t, "unicode");
  const { src, linked } = await teamProject(place);
  const withPlugin = ["--plugin-dir", PLUGIN];
  await place.session();
  await place.session([], { cwd: linked });
  await place.settled();
  for (const cwd of [place.workspace, src, linked]) await place.session(withPlugin, { cwd });
  await place.session(["--add-dir", linked, ...withPlugin]);
  await place.settled(LOADED_LATE);

  const said = await succeed(place.mpmIn(join(linked, "src"), "install", "--local"));
  assert.match(said, /Claude Code reads it in the whole repository .*\/tidepool and its worktrees/);
  for (const cwd of [place.workspace, src, join(linked, "src")]) await place.session(withPlugin, { cwd });
  await place.settled(LOADED_LATE);

  await succeed(place.mpm("install"));
  for (const cwd of [place.workspace, src]) await place.session(withPlugin, { cwd });
  await place.session(["--setting-sources", "project,user"], { cwd: linked });
  await place.settled(LOADED_LATE);
  assert.match((await place.mpm("doctor")).stdout, /● once /);

  await succeed(place.mpm("uninstall"));
  assert.equal(existsSync(join(place.workspace, ".claude/settings.local.json")), false);
});

test("who has no mpm works on the same project: nothing fails, nothing is said, nothing is left in the home", async (t) => {
  const place = await newWorkplace(t, "unicode");
  await teamProject(place);
  const colleague = await newWorkplace(t, "unicode");
  cpSync(join(place.workspace, ".claude"), join(colleague.workspace, ".claude"), { recursive: true });
  await run("rm", ["-r", colleague.mpmHome], { env: colleague.env });
  const session = await colleague.session(); // fails where a hook did
  assert.deepEqual([session.exit, session.stderr], [0, ""]);
  assert.ok(!session.debugLog.includes('"continue":true'));
  assert.equal(existsSync(colleague.mpmHome), false);

  await succeed(colleague.mpm("install")); // and once there is one, it records
  await colleague.session();
  const sessions = new Set((await colleague.stored()).map(({ session_id }) => session_id));
  assert.ok(sessions.size > 0);
  const own = readFileSync(join(colleague.workspace, ".claude/settings.json"), "utf8");
  assert.match(await succeed(colleague.mpm("uninstall")), /is the project's and stays/);
  assert.equal(readFileSync(join(colleague.workspace, ".claude/settings.json"), "utf8"), own);
});

test("Claude Code reads the settings files that we think it does, wherever it is started", async (t) => {
  const place = await newWorkplace(t, "unicode");
  const linked = join(place.home, "work/linked");
  await git(place, "worktree", "add", "-q", linked);
  const bare = join(place.home, "work/bare.git");
  await git(place, "clone", "-q", "--bare", ".", bare);
  const ofBare = join(place.home, "work/of-bare");
  await git(place, "-C", bare, "worktree", "add", "-q", ofBare);
  const plain = join(place.home, "plain/deep");
  const starts = [place.workspace, linked, ofBare].flatMap((dir) => [dir, join(dir, "src")]).concat(plain);
  const tapes = new Map<string, string>();
  for (const dir of [...starts, join(place.home, "plain"), bare])
    for (const name of ["settings.json", "settings.local.json"]) {
      const file = join(dir, ".claude", name);
      mkdirSync(join(dir, ".claude"), { recursive: true });
      const tape = join(place.root, "tapes", encodeURIComponent(file));
      writeFileSync(file, JSON.stringify(recorderSettings(tape, ["UserPromptSubmit"])));
      tapes.set(file, tape);
    }
  for (const cwd of starts) {
    await place.session([], { cwd });
    const read = [...tapes].filter(([, tape]) => readdirSync(tape).length > 0).map(([file]) => file);
    const config = loadConfig(place.env, place.home);
    const thought = settingsRead(config, cwd, ["project", "local"]).map(({ file }) => file);
    assert.deepEqual(read.sort(), thought.sort(), cwd);
    for (const tape of tapes.values()) for (const name of readdirSync(tape)) rmSync(join(tape, name));
  }
});

test("Claude Code runs hooks exactly when we do not say that it will run none", async (t) => {
  const place = await newWorkplace(t, "unicode");
  const files = {
    user: place.settings,
    project: join(place.workspace, ".claude/settings.json"),
    local: join(place.workspace, ".claude/settings.local.json"),
  };
  mkdirSync(join(place.workspace, ".claude"));
  const recorder = JSON.parse(readFileSync(place.settings, "utf8"));
  const off = (value: boolean) => JSON.stringify({ disableAllHooks: value });
  const CASES: readonly {
    args?: string[];
    env?: Record<string, string>;
    user?: boolean;
    project?: boolean;
    local?: boolean;
  }[] = [
    {},
    { args: ["--bare"] },
    { args: ["--safe-mode"] },
    { env: { CLAUDE_CODE_SIMPLE: "1" } },
    { env: { CLAUDE_CODE_SAFE_MODE: "1" } },
    { env: { CLAUDE_CODE_SIMPLE: "0" } },
    { args: ["--settings", off(true)] },
    { user: true },
    { user: true, args: ["--settings", off(false)] },
    { user: true, project: false },
    { project: true, local: false },
    { local: true },
    { project: true, args: ["--setting-sources", "user"] },
  ];
  for (const { args = [], env = {}, ...switches } of CASES) {
    writeFileSync(files.user, JSON.stringify({ ...recorder, disableAllHooks: switches.user }));
    for (const scope of ["project", "local"] as const)
      writeFileSync(files[scope], JSON.stringify({ disableAllHooks: switches[scope] }));
    const thought = hooksOff({
      config: loadConfig(place.env, place.home),
      cwd: place.workspace,
      env: { ...place.env, ...env },
      args,
      managed: join(place.home, "none"),
    });
    place.forget();
    await place.session(args, { env });
    assert.equal(place.seen() === 0, thought !== undefined, JSON.stringify({ args, env, switches, thought }));
  }
});
