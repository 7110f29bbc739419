// The settings as a file among others: links, modes, other writers, and hooks that an earlier installation left.

import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { ownHook } from "../../../src/install/handler.ts";
import { SETTLE_MS } from "../../../src/install/registration.ts";
import { mpm } from "../../world.ts";
import { everyFile, fire, type Machine, newMachine, registered } from "./machine.ts";

const TEXT = '{\n\t"model": "opus"\n}';
const OTHERS = { type: "command", command: "echo theirs" };

function withSettings(t: TestContext, text: string): Machine {
  const machine = newMachine(t);
  mkdirSync(dirname(machine.settings), { recursive: true });
  writeFileSync(machine.settings, text);
  return machine;
}

/** The paths of our hooks in a settings file, by event. */
function ours(settings: string): Map<string, string[]> {
  const found = [...registered(settings)].map(([event, handlers]) => {
    return [event, handlers.flatMap((handler) => pathOf(ownHook(handler)))] as const;
  });
  return new Map(found.filter(([, hooks]) => hooks.length > 0));
}

const pathOf = (hook: ReturnType<typeof ownHook>) =>
  hook === undefined ? [] : [hook.kind === "path" ? hook.path : "on each machine"];

async function succeed(machine: Machine, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await machine.mpm(...args);
  assert.deepEqual([status, stderr], [0, ""], stdout);
  return stdout;
}

test("a link of a dotfile manager stays a link, and the file behind it is what changes, mode and all", async (t) => {
  const machine = newMachine(t);
  const dotfiles = join(machine.home, "dotfiles");
  mkdirSync(join(machine.home, ".claude"));
  mkdirSync(dotfiles);
  writeFileSync(join(dotfiles, "claude.json"), TEXT);
  chmodSync(join(dotfiles, "claude.json"), 0o664);
  symlinkSync("claude.json", join(dotfiles, "current"));
  symlinkSync("../dotfiles/current", machine.settings);

  await succeed(machine, "install");
  assert.equal(readlinkSync(machine.settings), "../dotfiles/current");
  assert.equal(readlinkSync(join(dotfiles, "current")), "claude.json");
  assert.equal(statSync(join(dotfiles, "claude.json")).mode & 0o777, 0o664);
  assert(ours(machine.settings).size > 20);
  assert.deepEqual(readdirSync(dotfiles).sort(), ["claude.json", "current"], "nothing is left beside it");

  await succeed(machine, "uninstall");
  assert.equal(readFileSync(join(dotfiles, "claude.json"), "utf8"), TEXT);
  assert.equal(lstatSync(machine.settings).isSymbolicLink(), true);
});

test("a link that leads to a file that is not there yet is kept, and the file goes again", async (t) => {
  const machine = newMachine(t);
  mkdirSync(join(machine.home, ".claude"));
  mkdirSync(join(machine.home, "dotfiles"));
  symlinkSync("../dotfiles/claude.json", machine.settings);
  await succeed(machine, "install");
  assert.equal(readlinkSync(machine.settings), "../dotfiles/claude.json");
  assert(ours(machine.settings).size > 20);
  await succeed(machine, "uninstall");
  assert.equal(readlinkSync(machine.settings), "../dotfiles/claude.json");
  assert.deepEqual(readdirSync(join(machine.home, "dotfiles")), []);
});

for (const [name, spoil, complaint] of [
  ["a read-only file", (file: string) => chmodSync(file, 0o444), /settings\.json is read-only\. Make it writable/],
  [
    "a file in another encoding",
    (file: string) => writeFileSync(file, Buffer.from([0xff, 0xfe, 0x7b, 0])),
    /is not UTF-8 text/,
  ],
  ["a broken file", (file: string) => writeFileSync(file, '{\n "a" 1\n}'), /settings\.json:2:6: .*nothing was changed/],
] as const)
  test(`${name} is refused in words, and nothing is touched`, async (t) => {
    const machine = withSettings(t, TEXT);
    spoil(machine.settings);
    const before = everyFile(join(machine.home, ".claude"));
    for (const verb of ["install", "uninstall"]) {
      const { status, stderr } = await machine.mpm(verb, "--user");
      // Without a hook of ours in it, there is nothing to take out of a read-only file.
      if (verb === "uninstall" && status === 0) continue;
      assert.equal(status, 1);
      assert.match(stderr, /^mpm: /);
      assert.match(stderr, complaint);
    }
    assert.deepEqual(everyFile(join(machine.home, ".claude")), before);
    assert.equal(existsSync(join(machine.mpmHome, "app/registered")), false);
  });

test("while hooks stand in a file that cannot be written, uninstall removes nothing else", async (t) => {
  const machine = withSettings(t, TEXT);
  await succeed(machine, "install");
  chmodSync(machine.settings, 0o444);
  const app = everyFile(join(machine.mpmHome, "app"));
  const refused = await machine.mpm("uninstall");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /is read-only.*\nmpm: nothing else was removed/);
  assert.deepEqual(everyFile(join(machine.mpmHome, "app")), app);
  const [handler] = registered(machine.settings).get("Stop") ?? [];
  assert(handler);
  const { status, stdout } = await fire(machine, handler, { session_id: "s", hook_event_name: "Stop" });
  assert.deepEqual([status, stdout], [0, '{"continue":true}\n'], "what is registered works");
});

test("every change leaves the file as it was in backups/, and names it", async (t) => {
  const machine = withSettings(t, TEXT);
  const said = await succeed(machine, "install");
  const backup = /The file as it was: (.*)$/m.exec(said)?.[1];
  assert(backup);
  assert.equal(readFileSync(backup, "utf8"), TEXT);
  assert.equal(statSync(backup).mode & 0o777, 0o600);
});

test("older forms of our own become the present one, in their place; others' hooks beside them stay", async (t) => {
  const hook = (command: string, extra: object = {}) => ({ type: "command", command, ...extra });
  const machine = withSettings(
    t,
    JSON.stringify({
      hooks: {
        Stop: [{ hooks: [OTHERS, hook("/old/place/hooks/mpm-hook Stop", { timeout: 9 }), OTHERS] }],
        PreToolUse: [
          { matcher: "Bash", hooks: [hook("'/a b/hooks/mpm-hook' PreToolUse"), OTHERS] },
          { hooks: [hook("/x/hooks/mpm-hook", { args: ["PreToolUse"], timeout: 1 })] },
          { matcher: "*", hooks: [hook('"/y z/hooks/mpm-hook" PreToolUse')] },
        ],
        WorktreeCreate: [{ hooks: [hook("/old/place/hooks/mpm-hook", { args: ["WorktreeCreate"] })] }],
        SessionEnd: [
          { hooks: [hook("C:\\Program Files\\node.exe", { args: ["C:\\u\\app\\dist\\hook.js", "SessionEnd"] })] },
        ],
      },
    }),
  );
  await succeed(machine, "install");
  const installed = join(machine.mpmHome, "app/hooks/mpm-hook");
  for (const [event, hooks] of ours(machine.settings)) assert.deepEqual(hooks, [installed], event);
  const { hooks } = JSON.parse(readFileSync(machine.settings, "utf8"));
  assert.deepEqual(hooks.Stop[0].hooks[0], OTHERS);
  assert.equal(hooks.Stop[0].hooks[1].command, installed);
  assert.deepEqual(hooks.PreToolUse[0], { matcher: "Bash", hooks: [OTHERS] });
  assert.equal("WorktreeCreate" in hooks, false, "what may not be registered goes");
  await succeed(machine, "uninstall");
  assert.deepEqual(JSON.parse(readFileSync(machine.settings, "utf8")), {
    hooks: { Stop: [{ hooks: [OTHERS, OTHERS] }], PreToolUse: [{ matcher: "Bash", hooks: [OTHERS] }] },
  });
});

test("what the user adds after the installation, also in our groups and in another layout, stays", async (t) => {
  const machine = withSettings(t, TEXT);
  await succeed(machine, "install");
  const settings = JSON.parse(readFileSync(machine.settings, "utf8"));
  settings.hooks.Stop[0].hooks.push(OTHERS);
  settings.hooks.PreToolUse.unshift({ matcher: "Bash", hooks: [OTHERS] });
  settings.theme = "dark";
  writeFileSync(machine.settings, JSON.stringify(settings, null, 4));
  await succeed(machine, "uninstall");
  assert.equal(
    readFileSync(machine.settings, "utf8"),
    JSON.stringify(
      {
        model: "opus",
        hooks: { PreToolUse: [{ matcher: "Bash", hooks: [OTHERS] }], Stop: [{ hooks: [OTHERS] }] },
        theme: "dark",
      },
      null,
      4,
    ),
  );
});

test("uninstall finds every scope and project where it was installed, and leaves another home's hooks alone", async (t) => {
  const machine = withSettings(t, TEXT);
  const other = newMachine(t);
  await succeed(machine, "install", "--user");
  await succeed(machine, "install", "--project");
  await succeed(machine, "install", "--local");
  const files = ["settings.json", "settings.local.json"].map((name) => join(machine.project, ".claude", name));
  for (const file of files) assert(ours(file).size > 20);
  await succeed(other, "install");

  const { status } = await machine.installed("uninstall"); // from elsewhere
  assert.equal(status, 0);
  assert.equal(existsSync(join(machine.project, ".claude")), false);
  assert.equal(readFileSync(machine.settings, "utf8"), TEXT);
  assert(ours(other.settings).size > 20);
});

test("an uninstall of one scope leaves the others registered and the rest in place", async (t) => {
  const machine = withSettings(t, TEXT);
  await succeed(machine, "install");
  await succeed(machine, "install", "--local");
  await succeed(machine, "uninstall", "--local");
  assert.equal(existsSync(join(machine.project, ".claude")), false);
  assert(ours(machine.settings).size > 20);
  assert.equal(existsSync(join(machine.mpmHome, "app/hooks/mpm-hook")), true);
});

test("in a subdirectory of a repository, the local settings are those at its root, where Claude Code looks", async (t) => {
  const machine = newMachine(t);
  const root = join(machine.home, "repository");
  const [inner, git] = [join(root, "packages/one"), join(root, ".git")];
  for (const dir of [inner, git]) mkdirSync(dir, { recursive: true });
  const { status, stderr } = await mpm(["install", "--local"], { env: machine.env, cwd: inner });
  assert.equal(status, 0, stderr);
  assert(ours(join(root, ".claude/settings.local.json")).size > 20);
  assert.deepEqual(readdirSync(inner), []);
});

test("installers at the same time, of one home and of several, each end well and register once", async (t) => {
  const text = JSON.stringify({ hooks: { Stop: [{ hooks: [OTHERS] }] } }, null, 2);
  const machine = withSettings(t, text);
  const others = [newMachine(t), newMachine(t)];
  for (const { env } of others) env["CLAUDE_CONFIG_DIR"] = dirname(machine.settings);
  const outcomes = await Promise.all([machine, machine, machine, ...others].map((each) => each.mpm("install")));
  for (const { status, stdout, stderr } of outcomes) assert.equal(status, 0, stdout + stderr);
  const found = ours(machine.settings);
  assert(found.size > 20);
  for (const [event, hooks] of found) assert.equal(hooks.length, 1, event);
  assert.deepEqual(registered(machine.settings).get("Stop")?.[0], OTHERS);
  assert.deepEqual(readdirSync(dirname(machine.settings)), ["settings.json"]);
});

test("beside a program that keeps rewriting the file, neither its changes nor ours are lost", async (t) => {
  const machine = withSettings(t, '{"written":[]}');
  const rewriter = rewriteOften(machine.settings);
  t.after(() => rewriter.stop());
  for (let rounds = 0; rounds < 3; ) {
    rewriter.beginRound();
    await succeed(machine, "install");
    const registered = ours(machine.settings).size;
    await succeed(machine, "uninstall", "--user");
    const left = ours(machine.settings).size;
    if (rewriter.slowestMs() >= SETTLE_MS) continue; // it was held up for longer than anybody waits for it
    assert(registered > 20, "registered");
    assert.equal(left, 0, "taken out");
    rounds++;
  }
  await rewriter.stop();
  const { written } = JSON.parse(readFileSync(machine.settings, "utf8"));
  assert.deepEqual(
    written,
    Array.from({ length: rewriter.count() }, (_, i) => i),
  );
});

/** Like a host that stores a choice of the user: reads, thinks a little, and replaces the file. */
function rewriteOften(file: string) {
  const [PAUSE_MS, THINKS_MS] = [40, 4];
  const wait = (ms: number) => new Promise((wake) => setTimeout(wake, ms));
  let [count, slowestMs, stopped] = [0, 0, false];
  const work = async () => {
    while (!stopped) {
      const began = performance.now();
      const settings = JSON.parse(readFileSync(file, "utf8"));
      settings.written.push(count);
      await wait(THINKS_MS);
      writeFileSync(`${file}.theirs`, JSON.stringify(settings, null, 2));
      renameSync(`${file}.theirs`, file);
      slowestMs = Math.max(slowestMs, performance.now() - began);
      count++;
      await wait(PAUSE_MS);
    }
  };
  const done = work();
  return {
    count: () => count,
    beginRound() {
      slowestMs = 0;
    },
    /** From its look at the file to its own version of it. */
    slowestMs: () => slowestMs,
    stop() {
      stopped = true;
      return done;
    },
  };
}
