// `mpm agents` as a user or a program calls it: what goes to stdout and stderr, exit statuses, no colour in pipes.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { contents, markdown, plant, type Scene, scene, template } from "../../unit/agents/tree.ts";
import { mpm, type Outcome, run } from "../../world.ts";

const BUNDLED = ["documenter", "engineer", "operations", "researcher", "reviewer", "security", "tester"];

const agents = (here: Scene, ...args: string[]): Promise<Outcome> => mpm(["agents", ...args], here.cli);

test("list shows every agent with tier and state, what is overridden too, and no colour in a pipe", async (t) => {
  const here = scene(t);
  plant(here.tiers.project, { "tester.md": markdown("tester"), "README.md": "# Read me\n" });
  plant(here.tiers.user, { "bad.md": markdown("bad", "hooks: all\n") });
  const { status, stdout, stderr } = await agents(here, "list");
  assert.equal(status, 0);
  assert.match(stdout, /^NAME +TIER +STATE +DESCRIPTION\ntester +project +not deployed +Does what tester does/);
  assert.match(stdout, /^bad +user +has errors$/m);
  assert.match(stdout, /^tester +system +overridden by project +Writes and runs tests/m);
  assert.doesNotMatch(stdout, /^README/m);
  assert.match(stderr, /^mpm: 1 error in agent files\. `mpm agents validate` shows more\.\n$/);
  assert.ok(!`${stdout}${stderr}`.includes("\u001b"));
  assert.deepEqual(contents(here.directory), {}, "listing writes nothing");

  await agents(here, "deploy");
  plant(here.directory, { "engineer.md": "mine" });
  plant(here.tiers.project, { "tester.md": markdown("tester", "color: red\n") });
  const json = JSON.parse((await agents(here, "list", "--json")).stdout);
  const states = Object.fromEntries(
    json.agents.map(({ name, tier, state }: Record<string, string>) => [`${name} ${tier}`, state]),
  );
  assert.deepEqual(
    [states["tester project"], states["engineer system"], states["security system"], states["bad user"]],
    ["changed since", "yours is kept", "deployed", "has errors"],
  );
  assert.deepEqual([json.agents[0].model, json.agents[0].tools, json.problems.length], ["inherit", null, 1]);
});

test("show prints an agent as it is deployed, and says where it comes from and what it overrides", async (t) => {
  const here = scene(t);
  plant(here.tiers.project, { "t.json": template("tester") });
  const { status, stdout, stderr } = await agents(here, "show", "tester");
  assert.deepEqual([status, stdout.split("\n")[1]], [0, "name: tester"]);
  assert.match(
    stderr,
    /^mpm: tester comes from project, \.claude-mpm\/agents\/t\.json, over .*agents\/tester\.md\.\n$/,
  );
  const json = JSON.parse((await agents(here, "show", "tester", "--json")).stdout);
  assert.deepEqual([json.name, json.tier, json.relative, json.text], ["tester", "project", "t.json", stdout]);

  const missing = await agents(here, "show", "testr");
  assert.deepEqual([missing.status, missing.stdout], [1, ""]);
  assert.equal(missing.stderr, 'mpm: there is no agent "testr". Did you mean tester?\n');
  plant(here.tiers.project, { "bad.md": markdown("bad", "hooks: all\n") });
  const bad = await agents(here, "show", "bad");
  assert.deepEqual([bad.status, bad.stdout], [1, ""]);
  assert.match(bad.stderr, /\nerror \.claude-mpm\/agents\/bad\.md:4: hooks: expected hooks by event, .*\n$/);
});

test("validate checks all tiers, or the files and directories it is given; status 1 where there is an error", async (t) => {
  const here = scene(t);
  const fine = await agents(here, "validate");
  assert.deepEqual([fine.status, fine.stdout, fine.stderr], [0, "mpm: 7 files, 0 errors, 0 warnings.\n", ""]);
  plant(here.project, {
    "draft/a.md": markdown("a", "model: sonet\nhooks: all\n"),
    "draft/b.md": markdown("b", "effort: quick\n"),
  });
  const all = await agents(here, "validate", "draft");
  assert.deepEqual([all.status, all.stdout], [1, "mpm: 2 files, 1 error, 2 warnings.\n"]);
  assert.match(
    all.stderr,
    /^warning draft\/a\.md:4: model: expected .*, received "sonet"\. Did you mean sonnet\?\nerror draft\/a\.md:5: hooks/,
  );
  assert.equal((await agents(here, "validate", "draft/b.md")).status, 0, "a warning is no error");
  const none = await agents(here, "validate", "--json", "nowhere.md");
  assert.equal(none.status, 1);
  const { ok, files, problems } = JSON.parse(none.stdout);
  assert.deepEqual([ok, files, problems[0].received, none.stderr], [false, 1, "nothing there", ""]);
});

test("deploy and clean say in lines and in JSON what they did, and an error in one file gives status 1 alone", async (t) => {
  const here = scene(t);
  const dry = await agents(here, "deploy", "--dry-run", "--exclude", "tester, security");
  assert.equal(dry.status, 0);
  assert.match(
    dry.stdout,
    /^would create documenter\.md \(system\)\n--- \/dev\/null\n\+\+\+ b\/\.claude\/agents\/documenter\.md\n/,
  );
  assert.match(dry.stdout, /\nmpm: would create 5, 2 excluded in \.claude\/agents\.\n$/);
  assert.deepEqual(contents(here.home), {});

  plant(here.tiers.project, { "bad.md": markdown("bad", "hooks: all\n") });
  const first = await agents(here, "deploy", "--verbose");
  assert.equal(first.status, 1);
  assert.match(first.stdout, /^created documenter\.md \(system\)$/m);
  assert.match(first.stdout, /^not deployed bad\.md \(project; its file has errors\)$/m);
  assert.match(first.stderr, /^error \.claude-mpm\/agents\/bad\.md:4: hooks: /);
  assert.match(first.stderr, /^write +\d+\.\d ms$/m);
  assert.match(first.stderr, /^total +\d+\.\d ms$/m);
  assert.deepEqual(Object.keys(contents(here.directory)), [
    ".mpm-manifest.json",
    ...BUNDLED.map((name) => `${name}.md`),
  ]);
  assert.ok(!`${first.stdout}${first.stderr}${dry.stdout}`.includes("\u001b"));

  const cleaned = await agents(here, "clean", "--all", "--json");
  assert.equal(cleaned.status, 0, "errors in agent files are no business of clean");
  const { dryRun, ok, actions, timings } = JSON.parse(cleaned.stdout);
  assert.deepEqual([dryRun, ok, timings.length > 0], [false, true, true]);
  assert.deepEqual(
    actions.map(({ name, kind }: Record<string, string>) => `${name} ${kind}`),
    BUNDLED.map((name) => `${name} remove`),
  );
  assert.deepEqual(contents(here.directory), {});
});

test("an unknown name to exclude is said, and stops nothing", async (t) => {
  const here = scene(t);
  const { status, stderr } = await agents(here, "deploy", "--exclude", "testr");
  assert.deepEqual([status, stderr], [0, 'mpm: there is no agent "testr" to exclude. `mpm agents list` lists them.\n']);
});

test("the project is the repository around the working directory, or the one that is named", async (t) => {
  const here = scene(t);
  const within = join(here.project, "src/deep");
  mkdirSync(within, { recursive: true });
  mkdirSync(join(here.project, ".git"));
  const { directory } = JSON.parse((await mpm(["agents", "deploy", "--json"], { ...here.cli, cwd: within })).stdout);
  assert.equal(realpathSync(directory), realpathSync(here.directory));
  const elsewhere = ["agents", "deploy", "--project", "../other"];
  assert.equal((await mpm(elsewhere, here.cli)).status, 1, "a project that does not exist is not made");
  mkdirSync(join(here.home, "other"));
  assert.equal((await mpm(elsewhere, here.cli)).status, 0);
  assert.match(readFileSync(join(here.home, "other/.claude/agents/tester.md"), "utf8"), /^---\nname: tester\n/);
});

test("a home that is a repository is no project of the folders in it, also where it is named through a link", async (t) => {
  const here = scene(t, "notes");
  mkdirSync(join(here.home, ".git"));
  symlinkSync(here.home, `${here.home}-link`);
  t.after(() => rmSync(`${here.home}-link`));
  const named = { ...here.cli.env, HOME: `${here.home}-link` };
  assert.equal((await mpm(["agents", "deploy"], { ...here.cli, env: named })).status, 0);
  assert.ok(existsSync(join(here.directory, "tester.md")));
  assert.ok(!existsSync(join(here.home, ".claude/agents")), "nothing for every project");
});

for (const [args, said] of [
  [
    ["lst"],
    "there is no `mpm agents lst`, only list, show, validate, deploy and clean. Did you mean `mpm agents list`?",
  ],
  [["list", "--force"], "`mpm agents list` has no option --force."],
  [["show"], "`mpm agents show` needs an agent's name."],
  [["deploy", "x"], '`mpm agents deploy` takes no argument, received "x".'],
] as const)
  test(`mpm agents ${args.join(" ")} is a mistake, said with status 2`, async (t) => {
    const { status, stdout, stderr } = await agents(scene(t), ...args);
    assert.deepEqual([status, stdout], [2, ""]);
    assert.ok(stderr.includes(said), stderr);
  });

test("--help lists the verbs; a file's own escape sequences reach no terminal", async (t) => {
  const here = scene(t);
  assert.match((await agents(here, "--help")).stdout, /mpm agents validate \[PATH\.\.\.\]/);
  plant(here.tiers.project, { "a.md": markdown("a", "", "\u001b]0;title\u0007You help.") });
  const command = `exec "$0" "$@"`;
  const shown = await run(
    "sh",
    ["-c", command, process.execPath, "dist/cli.js", "agents", "show", "a", "--project", here.project],
    {
      env: here.cli.env ?? {},
      cwd: join(import.meta.dirname, "../../.."),
    },
  );
  assert.match(shown.stdout, /\\u001b\]0;title\\u0007You help\./);
});
