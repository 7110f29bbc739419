// Of the hooks that Claude Code runs for one event, one stores: the user's, else the project's, else a plugin's. What
// settings say is looked up by the hook itself, under every shell.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { defaultEvents, handlersFor } from "../../../src/install/handler.ts";
import type { Scope } from "../../../src/install/scope.ts";
import { HOOK, ROOT, run, tempDir } from "../../world.ts";
import { ANSWER, entriesOf, SHELLS, type Shell } from "./shells.ts";

const EVENT = '{"hook_event_name":"Stop","session_id":"s-1"}\n';
const TABLE = join(ROOT, "hooks/hooks.json");
const HOOKS = dirname(HOOK);

interface Machine {
  readonly home: string;
  readonly mpmHome: string;
  readonly project: string;
  readonly userSettings: string;
  /** Registers in a settings file, in lines or, as some write them, in one. */
  register(file: string, scope: Scope, compact?: boolean): void;
  /** Runs a project's entry as Claude Code does, started in `start`; says how many events were stored by it. */
  ofProject(start: string, env?: Record<string, string>): Promise<number>;
  /** The same for a plugin's hook. */
  plugin(start: string, env?: Record<string, string>, event?: string): Promise<number>;
}

function machine(t: TestContext, shell: Shell): Machine {
  const home = tempDir(t);
  const mpmHome = join(home, ".claude-mpm");
  const project = join(home, 'work/it\'s a "project"');
  for (const dir of [join(mpmHome, "app"), join(mpmHome, "spool"), join(project, "src")])
    mkdirSync(dir, { recursive: true });
  cpSync(HOOKS, join(mpmHome, "app/hooks"), { recursive: true });
  cpSync(HOOKS, join(home, "plugin/hooks"), { recursive: true });
  symlinkSync("/proc/self", join(mpmHome, "relay.alive"));
  const handlers = (scope: Scope) =>
    handlersFor(
      TABLE,
      defaultEvents(TABLE, scope),
      { platform: "linux", app: join(mpmHome, "app"), node: "node" },
      scope,
    );
  const stored = async (file: string, args: readonly string[], start: string, more: Record<string, string>) => {
    const before = entriesOf(mpmHome).length;
    const outcome = await run(file, args, {
      input: EVENT,
      cwd: start,
      env: { PATH: "/usr/bin:/bin", HOME: home, CLAUDE_PROJECT_DIR: start, CLAUDECODE: "1", ...more },
    });
    const answer = args.at(-1) === "PreCompact" ? "" : ANSWER; // Claude Code shows what is said there
    assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, answer, ""]);
    return entriesOf(mpmHome).length - before;
  };
  return {
    home,
    mpmHome,
    project,
    userSettings: join(home, ".claude/settings.json"),
    register(file, scope, compact = false) {
      mkdirSync(dirname(file), { recursive: true });
      const hooks = Object.fromEntries([...handlers(scope)].map(([event, handler]) => [event, [{ hooks: [handler] }]]));
      writeFileSync(
        file,
        JSON.stringify({ $schema: "https://json.schemastore.org/x.json", hooks }, null, compact ? 0 : 2),
      );
    },
    ofProject: (start, env = {}) =>
      stored(shell.file, [...shell.args, "-c", handlers("project").get("Stop")?.command ?? ""], start, env),
    plugin: (start, env = {}, event = "Stop") =>
      stored(shell.file, [...shell.args, join(home, "plugin/hooks/mpm-hook"), event], start, {
        CLAUDE_PLUGIN_ROOT: join(home, "plugin"),
        ...env,
      }),
  };
}

for (const shell of SHELLS)
  describe(`under ${shell.name}`, () => {
    test("a project's entry stores where it is alone, and leaves the event to the user's and to local settings", async (t) => {
      const { project, userSettings, register, ofProject } = machine(t, shell);
      assert.equal(await ofProject(project), 1);
      register(userSettings, "user");
      assert.equal(await ofProject(project), 0);
      writeFileSync(userSettings, '{"model":"opus"}'); // a running session has stripped them
      assert.equal(await ofProject(project), 1);
      register(join(project, ".claude/settings.local.json"), "local", true);
      assert.equal(await ofProject(project), 0);
      assert.equal(await ofProject(join(project, "src")), 1, "which are not read there, without a repository around");
      mkdirSync(join(project, ".git"));
      assert.equal(await ofProject(join(project, "src")), 0);
    });

    test("a plugin's hook leaves the event to all of them", async (t) => {
      const { project, userSettings, register, plugin } = machine(t, shell);
      assert.equal(await plugin(project), 1);
      register(join(project, ".claude/settings.json"), "project");
      assert.equal(await plugin(project), 0);
      assert.equal(await plugin(project, {}, "PreCompact"), 1, "which the project's entries leave out");
      assert.equal(await plugin(join(project, "src")), 1, "where the project's settings are not read");
      register(userSettings, "user");
      assert.equal(await plugin(join(project, "src")), 0);
    });
  });

const [dash] = SHELLS;
assert(dash);

test("in a linked worktree, what the main checkout's local settings register stores, but for one of a bare repository", async (t) => {
  const { home, project, register, plugin, ofProject } = machine(t, dash);
  const git = async (...args: string[]) => {
    const env = { PATH: "/usr/bin:/bin", HOME: home, GIT_AUTHOR_NAME: "D", GIT_AUTHOR_EMAIL: "d@example.com" };
    const more = { GIT_COMMITTER_NAME: "D", GIT_COMMITTER_EMAIL: "d@example.com" };
    const outcome = await run("git", args, { env: { ...env, ...more } });
    assert.equal(outcome.status, 0, outcome.stderr);
  };
  await git("init", "-q", project);
  await git("-C", project, "commit", "-q", "--allow-empty", "-m", "Start");
  const linked = join(home, "work/linked");
  await git("-C", project, "worktree", "add", "-q", linked);
  mkdirSync(join(linked, "src"));
  register(join(project, ".claude/settings.local.json"), "local");
  for (const start of [linked, join(linked, "src")])
    assert.deepEqual([await plugin(start), await ofProject(start)], [0, 0]);

  const bare = join(home, "work/bare.git");
  await git("clone", "-q", "--bare", project, bare);
  const ofBare = join(home, "work/of-bare");
  await git("-C", bare, "worktree", "add", "-q", ofBare);
  register(join(home, "work/.claude/settings.local.json"), "local"); // beside the bare one: not read
  assert.deepEqual([await plugin(ofBare), await ofProject(ofBare)], [1, 1]);
});

test("settings that Claude Code does not read here do not count: another profile's, sources left out, another home's", async (t) => {
  const { home, mpmHome, project, userSettings, register, ofProject } = machine(t, dash);
  register(userSettings, "user");
  assert.equal(await ofProject(project, { CLAUDE_CONFIG_DIR: join(home, ".claude-work") }), 1);
  assert.equal(await ofProject(project, { CLAUDE_CONFIG_DIR: join(home, ".claude") }), 0);
  assert.equal(await ofProject(project, { MPM_HOME: mpmHome }), 0);
  const other = join(home, "other");
  cpSync(mpmHome, other, { recursive: true });
  assert.equal(await ofProject(project, { MPM_HOME: other }), 0, "nothing in this home");
  assert.equal(readdirSync(join(other, "spool")).length, 1, "but in the one that its user names");
});

test("as the host was started without the user's settings, its command line says", async (t) => {
  const { home, project, userSettings, register } = machine(t, dash);
  register(userSettings, "user");
  const entry = handlersFor(TABLE, ["Stop"], { platform: "linux", app: "", node: "" }, "project").get("Stop")?.command;
  const host = join(home, "host"); // stays the hook's parent, as Claude Code does
  writeFileSync(host, '#!/bin/sh\n/bin/sh -c "$ENTRY" <<E\n{}\nE\n:\n', { mode: 0o755 });
  const stored = () => entriesOf(join(home, ".claude-mpm")).length;
  const env = { PATH: "/usr/bin:/bin", HOME: home, CLAUDE_PROJECT_DIR: project, ENTRY: entry ?? "" };
  for (const [args, count] of [
    [["--model", "opus"], 0],
    [["--setting-sources", "project"], 1],
    [["--setting-sources", "user,project"], 1],
    [["--setting-sources=project,local"], 2],
    [["-p", "two\nlines", "--setting-sources", ""], 3],
    [["--setting-sources", "project", "the user's"], 4],
  ] as const) {
    await run(host, args, { env, cwd: project });
    assert.equal(stored(), count, args.join(" "));
  }
});

test("a file that is exchanged for an older one is noticed when another relay starts, at the latest", async (t) => {
  const { mpmHome, project, userSettings, register, ofProject } = machine(t, dash);
  register(userSettings, "user");
  assert.equal(await ofProject(project), 0);
  writeFileSync(`${userSettings}.old`, "{}");
  utimesSync(`${userSettings}.old`, 1, 1);
  renameSync(`${userSettings}.old`, userSettings);
  writeFileSync(join(mpmHome, "relay.pid"), "1\n");
  const later = Date.now() / 1000 + 1; // file systems count in ticks: within one, neither of two files is the newer
  utimesSync(join(mpmHome, "relay.pid"), later, later);
  assert.equal(await ofProject(project), 1);
});

test("a project's entry does and says nothing where mpm is not installed, and runs nothing out of the repository", async (t) => {
  const home = tempDir(t);
  const project = join(home, "project");
  const trap = join(project, ".claude-mpm/app/hooks/mpm-hook");
  mkdirSync(dirname(trap), { recursive: true });
  writeFileSync(trap, `#!/bin/sh\ntouch "${home}/trapped"\n`, { mode: 0o755 });
  const handlers = handlersFor(TABLE, defaultEvents(TABLE), { platform: "linux", app: "", node: "" }, "project");
  const large = `{"a":"${"x".repeat(3_000_000)}"}\n`;
  for (const env of [{}, { HOME: "" }, { HOME: "." }, { MPM_HOME: ".claude-mpm" }, { HOME: home }, { PATH: "" }]) {
    for (const shell of SHELLS) {
      const command = handlers.get("PreToolUse")?.command ?? "";
      const outcome = await run(shell.file, [...shell.args, "-c", command], {
        input: large,
        cwd: project,
        env: { PATH: "/usr/bin:/bin", SHLVL: "2", ...env }, // else bash takes a socket as stdin for a login
      });
      assert.deepEqual([outcome.status, outcome.stdout, outcome.stderr], [0, "", ""], JSON.stringify(env));
    }
  }
  assert.deepEqual(readdirSync(home), ["project"]);
});
