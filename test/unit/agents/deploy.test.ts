// What deploying and cleaning do to .claude/agents: the same bytes each time, nothing without need, nothing of the user's.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleanAgents, type Deployment, deployAgents } from "../../../src/agents/deploy.ts";
import { contents, markdown, plant, type Scene, scene, template } from "./tree.ts";

const MANIFEST = ".mpm-manifest.json";
/** Long ago: a file that was written again has another time. */
const THEN = new Date("2001-02-03T04:05:06Z");

const kinds = ({ actions }: Deployment) => Object.fromEntries(actions.map(({ name, kind }) => [name, kind]));
const reasons = ({ actions }: Deployment) => Object.fromEntries(actions.map(({ name, reason }) => [name, reason]));
const at = ({ directory }: Scene, name: string) => join(directory, name);

/** Three deployed agents: as Markdown, as JSON, and one that needs the YAML library. */
async function deployed(here: Scene): Promise<Record<string, string>> {
  plant(here.tiers.user, {
    "a.md": markdown("a"),
    "b.json": template("b"),
    "c.md": markdown("c", "skills: [x] # y\n"),
  });
  const result = await deployAgents(here.options);
  assert.equal(result.ok, true, JSON.stringify(result.problems));
  return contents(here.directory);
}

test("Markdown is deployed as it was written, JSON as Markdown, and again with the same bytes anywhere", async (t) => {
  const [here, there] = [scene(t), scene(t, "elsewhere/project")];
  const crlf = markdown("crlf", "color: red\n", "One\nTwo  ").replaceAll("\n", "\r\n");
  plant(here.tiers.project, { "crlf.md": crlf });
  plant(there.tiers.project, { "crlf.md": crlf });
  const files = await deployed(here);
  assert.equal(files["crlf.md"], crlf);
  assert.equal(
    files["b.md"],
    '---\nname: "b"\ndescription: Does what b does\ntools: Read, Grep\nmodel: sonnet\n---\n\nYou are b.\nBe brief.\n',
  );
  assert.deepEqual(await deployed(there), files, "the manifest too has neither times nor machine paths");
  const { agents } = JSON.parse(files[MANIFEST] ?? "");
  assert.deepEqual(Object.keys(agents), ["a", "b", "c", "crlf"]);
  assert.match(agents.b.sha256[0], /^[0-9a-f]{64}$/);
  assert.deepEqual([agents.b.tier, agents.b.source, agents.b.sha256.length], ["user", "b.json", 1]);
});

test("JSON keeps what Claude Code does not know, at the end, and values that YAML would read otherwise in quotes", async (t) => {
  const here = scene(t);
  const extra = { metadata: { name: "The A", version: "1.0", color: "teal" }, description: "on", tags: ["x", "y: z"] };
  plant(here.tiers.project, { "a.json": template("a", { ...extra, model: undefined, effort: "quick" }) });
  await deployAgents(here.options);
  assert.equal(
    contents(here.directory)["a.md"]?.split("\n\n")[0],
    '---\nname: "a"\ndescription: "on"\ntools: Read, Grep\neffort: low\ncolor: cyan\nmetadata: {"name":"The A","version":"1.0"}\n' +
      'tags: ["x","y: z"]\n---',
  );
});

test("where nothing has changed nothing is written: no file, no manifest, no directory", async (t) => {
  const here = scene(t);
  const before = await deployed(here);
  const paths = [here.directory, ...Object.keys(before).map((name) => at(here, name))];
  for (const path of paths) utimesSync(path, THEN, THEN);
  for (let round = 0; round < 3; round++) {
    const again = await deployAgents(here.options);
    assert.deepEqual(kinds(again), { a: "unchanged", b: "unchanged", c: "unchanged" });
    for (const path of paths) assert.equal(statSync(path).mtimeMs, THEN.getTime(), path);
  }
  plant(here.tiers.user, { "a.md": markdown("a", "color: red\n") });
  assert.deepEqual(kinds(await deployAgents(here.options)), { a: "update", b: "unchanged", c: "unchanged" });
  assert.equal(contents(here.directory)["a.md"], markdown("a", "color: red\n"));
  assert.equal(statSync(at(here, "b.md")).mtimeMs, THEN.getTime());
});

test("a change is seen even if size and time of the file are those of before", async (t) => {
  const here = scene(t);
  await deployed(here);
  utimesSync(join(here.tiers.user, "a.md"), THEN, THEN);
  await deployAgents(here.options);
  plant(here.tiers.user, { "a.md": markdown("a", "", "You are A.") });
  utimesSync(join(here.tiers.user, "a.md"), THEN, THEN);
  assert.equal(kinds(await deployAgents(here.options))["a"], "update");
  assert.match(contents(here.directory)["a.md"] ?? "", /You are A\./);
});

test("a reader sees each file old or new, never missing and never half, however often it changes", async (t) => {
  const here = scene(t);
  await deployed(here);
  const texts = ["x", "y"].map((char) => markdown("a", "", char.repeat(200_000)));
  plant(here.tiers.user, { "a.md": texts[0] ?? "" });
  await deployAgents(here.options);
  let done = false;
  const seen = new Set<number>();
  const reader = (async () => {
    while (!done) {
      seen.add(texts.indexOf(readFileSync(at(here, "a.md"), "utf8")));
      await new Promise(setImmediate);
    }
  })();
  for (let round = 1; round <= 20; round++) {
    plant(here.tiers.user, { "a.md": texts[round % 2] ?? "" });
    assert.equal(kinds(await deployAgents(here.options))["a"], "update");
  }
  done = true;
  await reader;
  assert.deepEqual([...seen].toSorted(), [0, 1]);
  assert.deepEqual(
    Object.keys(contents(here.directory)),
    [MANIFEST, "a.md", "b.md", "c.md"],
    "nothing half-done is left",
  );
});

test("a file that the user wrote stays as it is, and is said; equal content is nobody's loss", async (t) => {
  const here = scene(t);
  plant(here.directory, { "a.md": "mine", "b.md": markdown("b"), "mine/c.md": markdown("c", "", "my c") });
  plant(here.tiers.user, {
    "a.md": markdown("a"),
    "b.md": markdown("b"),
    "c.md": markdown("c"),
    "d.md": markdown("d"),
  });
  const before = contents(here.directory);
  const result = await deployAgents(here.options);
  assert.deepEqual(kinds(result), { a: "keep", b: "unchanged", c: "keep", d: "create" });
  assert.deepEqual(
    [reasons(result)["a"], reasons(result)["c"]],
    ["it is yours", "mine/c.md, which is yours, has that name"],
  );
  assert.equal(result.ok, true);
  const { [MANIFEST]: manifest = "", "d.md": _, ...rest } = contents(here.directory);
  assert.deepEqual(rest, before);
  assert.deepEqual(Object.keys(JSON.parse(manifest).agents), ["d"]);
  await cleanAgents({ ...here.options, all: true, force: true });
  assert.deepEqual(contents(here.directory), before, "clean has no say over it either, forced or not");
});

test("an agent of ours that the user edited stays through deploy and clean, until it is forced, with a backup", async (t) => {
  const here = scene(t);
  const ours = await deployed(here);
  const edited = `${ours["a.md"]}And whistle.\n`;
  writeFileSync(at(here, "a.md"), edited);
  plant(here.tiers.user, { "a.md": markdown("a", "color: red\n") });
  for (const kind of [deployAgents, cleanAgents]) {
    const result = await kind({ ...here.options, all: true } as typeof here.options);
    assert.deepEqual([kinds(result)["a"], reasons(result)["a"], result.ok], ["keep", "you have edited it", true]);
    assert.equal(contents(here.directory)["a.md"], edited);
  }

  const forced = await deployAgents({ ...here.options, force: true });
  const [action] = forced.actions;
  assert.deepEqual([action?.name, action?.kind, action?.forced], ["a", "replace", true]);
  assert.match(action?.backup ?? "", /\/a\.md\.\d{8}T\d{6}Z\.bak$/);
  assert.equal(readFileSync(action?.backup ?? "", "utf8"), edited);
  assert.equal(contents(here.directory)["a.md"], markdown("a", "color: red\n"));
  assert.equal(kinds(await deployAgents(here.options))["a"], "unchanged", "it is ours again");
});

test("every forced replacement has a backup of its own, also of the same second", async (t) => {
  const here = scene(t);
  await deployed(here);
  const backups: (string | undefined)[] = [];
  for (const edit of ["one", "two", "three"]) {
    writeFileSync(at(here, "a.md"), edit);
    const { actions } = await deployAgents({ ...here.options, force: true });
    assert.equal(actions[0]?.kind, "replace", actions[0]?.reason);
    backups.push(actions[0]?.backup);
  }
  assert.deepEqual(
    backups.map((path) => readFileSync(path ?? "", "utf8")),
    ["one", "two", "three"],
  );
});

test("an edit that is undone by hand makes the file ours again", async (t) => {
  const here = scene(t);
  const ours = await deployed(here);
  writeFileSync(at(here, "a.md"), "edited");
  assert.equal(kinds(await deployAgents(here.options))["a"], "keep");
  writeFileSync(at(here, "a.md"), ours["a.md"] ?? "");
  plant(here.tiers.user, { "a.md": markdown("a", "color: red\n") });
  assert.equal(kinds(await deployAgents(here.options))["a"], "update");
});

test("clean removes what was deployed and is no longer wanted, and --all what is ours; the manifest goes with the last", async (t) => {
  const here = scene(t);
  const ours = await deployed(here);
  plant(here.directory, { "mine.md": markdown("mine"), "notes.txt": "mine" });
  rmSync(join(here.tiers.user, "a.md"));
  rmSync(join(here.tiers.user, "b.json"));
  writeFileSync(at(here, "b.md"), "edited");
  assert.deepEqual(kinds(await deployAgents(here.options)), { a: "stale", b: "stale", c: "unchanged" });
  assert.equal(contents(here.directory)["a.md"], ours["a.md"], "deploying removes nothing");

  assert.deepEqual(kinds(await cleanAgents(here.options)), { a: "remove", b: "keep" });
  assert.deepEqual(Object.keys(contents(here.directory)), [MANIFEST, "b.md", "c.md", "mine.md", "notes.txt"]);
  assert.deepEqual(kinds(await cleanAgents({ ...here.options, all: true })), { b: "keep", c: "remove" });
  const forced = await cleanAgents({ ...here.options, force: true });
  assert.deepEqual(kinds(forced), { b: "remove" });
  assert.equal(readFileSync(forced.actions[0]?.backup ?? "", "utf8"), "edited");
  rmSync(forced.actions[0]?.backup ?? "");
  assert.deepEqual(contents(here.directory), { "mine.md": markdown("mine"), "notes.txt": "mine" });
  assert.deepEqual((await cleanAgents(here.options)).actions, []);
});

test("what the user removed by hand is deployed again, and clean forgets what is wanted no more", async (t) => {
  const here = scene(t);
  const ours = await deployed(here);
  rmSync(at(here, "a.md"));
  assert.equal(kinds(await deployAgents(here.options))["a"], "create");
  assert.deepEqual(contents(here.directory), ours);
  rmSync(at(here, "a.md"));
  rmSync(join(here.tiers.user, "a.md"));
  assert.deepEqual(reasons(await cleanAgents(here.options)), { a: "it was gone already" });
  assert.ok(!contents(here.directory)[MANIFEST]?.includes('"a"'));
});

test("an excluded agent is not written this time, and one that was deployed is not touched", async (t) => {
  const here = scene(t);
  await deployed(here);
  plant(here.tiers.user, { "a.md": markdown("a", "color: red\n"), "d.md": markdown("d") });
  const before = contents(here.directory);
  const result = await deployAgents({ ...here.options, exclude: ["a", "d"] });
  assert.deepEqual(kinds(result), { a: "excluded", b: "unchanged", c: "unchanged", d: "excluded" });
  assert.deepEqual(contents(here.directory), before);
});

test("a dry run says what would be done with diffs, and writes nothing at all", async (t) => {
  const here = scene(t);
  await deployed(here);
  rmSync(join(here.tiers.user, "b.json"));
  plant(here.tiers.user, { "a.md": markdown("a", "color: red\n"), "d.md": markdown("d", "", "D") });
  writeFileSync(at(here, "c.md"), "edited\n");
  const before = contents(here.home);
  const dry = { ...here.options, dryRun: true, force: true };
  const { actions } = await deployAgents(dry);
  const diffs = new Map(actions.map(({ name, diff }) => [name, diff]));
  assert.equal(
    diffs.get("a"),
    "--- a/.claude/agents/a.md\n+++ b/.claude/agents/a.md\n@@ -1,6 +1,7 @@\n ---\n name: a\n description: Does what a does. Use it for that.\n" +
      "+color: red\n ---\n \n You are a.\n",
  );
  assert.match(diffs.get("c") ?? "", /^--- a\/.*\n\+\+\+ b\/.*\n@@ -1,1 \+1,7 @@\n-edited\n\+---\n/);
  assert.match(diffs.get("d") ?? "", /^--- \/dev\/null\n\+\+\+ b\/\.claude\/agents\/d\.md\n@@ -0,0 \+1,6 @@\n\+---\n/);
  const cleaning = await cleanAgents(dry);
  assert.match(cleaning.actions[0]?.diff ?? "", /^--- a\/.*b\.md\n\+\+\+ \/dev\/null\n@@ -1,9 \+0,0 @@\n----\n/);
  assert.deepEqual(contents(here.home), before);

  const fresh = scene(t);
  plant(fresh.tiers.project, { "a.md": markdown("a") });
  assert.equal(kinds(await deployAgents({ ...fresh.options, dryRun: true }))["a"], "create");
  assert.deepEqual(readdirSync(fresh.project), [".claude-mpm"]);
  assert.deepEqual(Object.keys(contents(fresh.home)), ["project/.claude-mpm/agents/a.md"]);
});

test("no link leads a deployment out of the project, or through a file of the user's", async (t) => {
  const here = scene(t);
  plant(here.home, { "outside/x": "x" });
  plant(here.tiers.project, { "a.md": markdown("a") });
  symlinkSync(join(here.home, "outside"), join(here.project, ".claude"));
  const out = await deployAgents(here.options);
  assert.deepEqual([out.ok, kinds(out)], [false, { a: "failed" }]);
  assert.deepEqual(contents(join(here.home, "outside")), { x: "x" });

  rmSync(join(here.project, ".claude"));
  plant(here.directory, { "other.txt": "" });
  symlinkSync(join(here.home, "outside/x"), at(here, "a.md"));
  for (const force of [false, true])
    assert.deepEqual(kinds(await deployAgents({ ...here.options, force })), { a: "keep" });
  assert.deepEqual(contents(join(here.home, "outside")), { x: "x" });
});

for (const damaged of ["", "{", '{"version":2,"agents":{}}', '{"version":1,"agents":{"../x":{}}}'])
  test(`a manifest ${JSON.stringify(damaged)} makes everything there count as the user's, and that is said`, async (t) => {
    const here = scene(t);
    const before = await deployed(here);
    plant(here.tiers.user, { "a.md": markdown("a", "color: red\n") });
    writeFileSync(at(here, MANIFEST), damaged);
    const result = await deployAgents(here.options);
    assert.deepEqual(kinds(result), { a: "keep", b: "unchanged", c: "unchanged" });
    assert.deepEqual(
      result.problems.map(({ severity, path }) => [severity, path]),
      [["warning", at(here, MANIFEST)]],
    );
    assert.equal(contents(here.directory)["a.md"], before["a.md"]);
    await deployAgents({ ...here.options, force: true });
    assert.deepEqual(kinds(await deployAgents(here.options)), { a: "unchanged", b: "unchanged", c: "unchanged" });
  });
