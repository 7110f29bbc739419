// What is found in the three tiers, what is refused and said, and who wins.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cleanAgents, type Deployment, deployAgents, surveyAgents } from "../../../src/agents/deploy.ts";
import { contents, markdown, plant, powerless, type Scene, scene, template } from "../../unit/agents/tree.ts";
import { mpm } from "../../world.ts";

const MIB = 1024 * 1024;

const kinds = ({ actions }: Deployment) => Object.fromEntries(actions.map(({ name, kind }) => [name, kind]));
const tiersOf = ({ actions }: Deployment) => Object.fromEntries(actions.map(({ name, tier }) => [name, tier]));
/** `path within the home: expected`, for each problem. */
const said = ({ home }: Scene, { problems }: Pick<Deployment, "problems">) =>
  problems.map(({ path, expected }) => `${path.slice(home.length + 1)}: ${expected}`);

test("agents are found in folders of any depth, in Markdown and JSON; what is no agent is passed over", async (t) => {
  const here = scene(t);
  plant(here.tiers.project, {
    "a.md": markdown("a"),
    "deep/er/est/b.md": markdown("b"),
    "deep/c.json": template("c"),
    "D.MD": markdown("d"),
    "README.md": "# Our agents\n",
    "notes.txt": "no agent",
    ".hidden.md": markdown("hidden"),
    ".git/e.md": markdown("hidden-too"),
    "node_modules/x/f.md": markdown("not-ours"),
  });
  const result = await deployAgents(here.options);
  assert.deepEqual([result.ok, result.problems], [true, []]);
  assert.deepEqual(Object.keys(contents(here.directory)), [".mpm-manifest.json", "a.md", "b.md", "c.md", "d.md"]);
  const { candidates } = await surveyAgents(here.options);
  assert.deepEqual(
    candidates.map(({ source }) => source.relative),
    ["D.MD", "README.md", "a.md", "deep/c.json", "deep/er/est/b.md"],
  );
});

test("without any tier there is nothing to do, and nothing is made", async (t) => {
  const here = scene(t);
  const result = await deployAgents(here.options);
  assert.deepEqual([result.ok, result.actions, result.problems], [true, [], []]);
  assert.deepEqual(contents(here.project), {});
});

test("PROJECT wins over USER, and USER over SYSTEM; what is overridden comes back when the winner goes", async (t) => {
  const here = scene(t);
  plant(here.tiers.system, {
    "all.md": markdown("all", "", "S"),
    "two.md": markdown("two", "", "S"),
    "one.md": markdown("one"),
  });
  plant(here.tiers.user, { "x/all.md": markdown("all", "", "U"), "two.json": template("two") });
  plant(here.tiers.project, { "all.json": template("all") });
  assert.deepEqual(tiersOf(await deployAgents(here.options)), { all: "project", one: "system", two: "user" });
  assert.match(contents(here.directory)["all.md"] ?? "", /Be brief/);

  execFileSync("rm", ["-r", here.tiers.project]);
  assert.deepEqual(tiersOf(await deployAgents(here.options)), { all: "user", one: "system", two: "user" });
  assert.match(contents(here.directory)["all.md"] ?? "", /\nU\n$/);
  execFileSync("rm", ["-r", here.tiers.user]);
  const last = await deployAgents(here.options);
  assert.deepEqual(tiersOf(last), { all: "system", one: "system", two: "system" });
  assert.deepEqual(kinds(last), { all: "update", one: "unchanged", two: "update" });
});

test("of two files in one tier the first path counts, and the other is an error", async (t) => {
  const here = scene(t);
  plant(here.tiers.user, { "b.md": markdown("same", "", "second"), "a/z.md": markdown("same", "", "first") });
  const result = await deployAgents(here.options);
  assert.equal(result.ok, false);
  assert.match(contents(here.directory)["same.md"] ?? "", /first/);
  assert.deepEqual(
    result.problems.map(({ path, field, received }) => [path, field, received]),
    [[join(here.tiers.user, "b.md"), "name", '"same", as in a/z.md, which counts']],
  );
});

test("a faulty agent of a higher tier is not replaced by a lower one's unasked; what was deployed stays", async (t) => {
  const here = scene(t);
  plant(here.tiers.system, { "a.md": markdown("a", "", "bundled") });
  plant(here.tiers.project, { "a.md": markdown("a", "", "ours") });
  await deployAgents(here.options);
  const before = contents(here.directory);
  for (const faulty of [markdown("a", "hooks: all\n"), "gone"]) {
    plant(here.tiers.project, { "a.md": faulty });
    const result = await deployAgents(here.options);
    assert.deepEqual([result.ok, kinds(result)], [false, { a: "broken" }]);
    assert.deepEqual(contents(here.directory), before);
    assert.deepEqual(kinds(await cleanAgents(here.options)), {}, "nor is it taken for unwanted");
  }
});

test("a home that is the project has one tier, the project's", async (t) => {
  const here = scene(t, ".");
  plant(here.tiers.user, { "a.md": markdown("a") });
  const result = await deployAgents(here.options);
  assert.deepEqual([result.problems, tiersOf(result)], [[], { a: "project" }]);
});

test("a link within its tier counts once; one that leaves it, leads nowhere or in a circle is refused and said", async (t) => {
  const here = scene(t);
  plant(here.home, { "outside.md": markdown("outside"), "elsewhere/x.md": markdown("x") });
  plant(here.tiers.project, { "real/a.md": markdown("a") });
  const link = (to: string, at: string) => symlinkSync(to, join(here.tiers.project, at));
  link("real/a.md", "b.md");
  link("real", "folder");
  link("..", "real/up");
  link(join(here.home, "outside.md"), "out.md");
  link("../../../elsewhere", "out");
  link("nowhere.md", "dangling.md");
  link("circle.md", "circle.md");
  const result = await deployAgents(here.options);
  assert.deepEqual(kinds(result), { a: "create" });
  assert.deepEqual(said(here, result), [
    "project/.claude-mpm/agents/circle.md: a link to a file",
    "project/.claude-mpm/agents/dangling.md: a link to a file",
    "project/.claude-mpm/agents/out: a link that stays within the tier",
    "project/.claude-mpm/agents/out.md: a link that stays within the tier",
  ]);
  assert.equal(result.ok, false);
});

test("the project's tier may not be a link out of the project; the user's own may lie anywhere", async (t) => {
  const here = scene(t);
  plant(here.home, { "secret/a.md": markdown("a"), "dotfiles/b.md": markdown("b") });
  mkdirSync(join(here.project, ".claude-mpm"));
  symlinkSync(join(here.home, "secret"), here.tiers.project);
  mkdirSync(join(here.home, ".claude-mpm"));
  symlinkSync(join(here.home, "dotfiles"), here.tiers.user);
  const result = await deployAgents(here.options);
  assert.deepEqual(kinds(result), { b: "create" });
  assert.deepEqual(said(here, result), ["project/.claude-mpm/agents: a directory within the project"]);
});

test("files that are no text, no regular file or too large are reported, and stop nothing", async (t) => {
  const here = scene(t);
  const latin1 = Buffer.from(markdown("latin", "", "caf\u00e9"), "latin1");
  plant(here.tiers.project, {
    "fine.md": markdown("fine", "", "caf\u00e9 \u{1f600}"),
    "latin.md": latin1,
    "utf16.md": Buffer.from(`\ufeff${markdown("utf")}`, "utf16le"),
    "large.md": markdown("large", "", "x".repeat(MIB)),
    "largest.md": markdown("largest", "", "x").padEnd(MIB, "x"),
  });
  execFileSync("mkfifo", [join(here.tiers.project, "pipe.md")]);
  const result = await deployAgents(here.options);
  assert.deepEqual(kinds(result), { fine: "create", largest: "create", latin: "create" });
  assert.deepEqual(
    result.problems.map(({ path, received }) => [path.slice(here.tiers.project.length + 1), received]).toSorted(),
    [
      ["large.md", `${markdown("large").length - "You are large.".length + MIB} bytes`],
      ["latin.md", "bytes that are not, which Claude Code replaces by \ufffd"],
      ["pipe.md", "something else"],
      ["utf16.md", "UTF-16"],
    ],
  );
  assert.ok(contents(here.directory)["fine.md"]?.includes(Buffer.from("caf\u00e9 \u{1f600}").toString("latin1")));
});

test("YAML that would grow without end is refused; what nests deep, is long or has anchors is read as the host does", async (t) => {
  const here = scene(t);
  const laughs = "abcdefgh".split("").map((key, i, keys) => {
    return `  ${key}: &${key} [${Array(9)
      .fill(i === 0 ? "ha" : `*${keys[i - 1]}`)
      .join(", ")}]\n`;
  });
  plant(here.tiers.project, {
    "alias.md": markdown("alias", `experimental:\n${laughs.join("")}`),
    "anchor.md": markdown("anchor", "skills: &s [a]\n"),
    "deep.md": markdown("deep", `skills: ${"[".repeat(30_000)}${"]".repeat(30_000)}\n`),
    "long.md": markdown("long", `initialPrompt: ${"x".repeat(70_000)}\n`),
    "merge.md": markdown("merge", "experimental:\n  <<: {a: 1}\n"),
  });
  const result = await deployAgents(here.options);
  assert.deepEqual(kinds(result), {
    anchor: "create",
    deep: "create",
    long: "create",
    merge: "create",
  });
  assert.deepEqual(
    result.problems.map(
      ({ path, line, expected }) => `${path.slice(here.tiers.project.length + 1)}:${line} ${expected}`,
    ),
    ["alias.md:2 YAML", "deep.md:2 YAML"],
  );
});

test("no file can be written so that reading it takes minutes", async (t) => {
  const here = scene(t);
  const many = MIB / 4;
  plant(here.tiers.project, {
    "spaces.md": markdown("spaces", `initialPrompt: a${" ".repeat(60_000)}b\n`),
    "lenient.md": markdown("lenient", `initialPrompt: a: b${" ".repeat(60_000)}c\n`),
    "commas.json": template("commas", { tools: "a,".repeat(many) }),
    "open.json": template("open", { tools: "(,".repeat(many) }),
    "model.json": template("model", { model: "-claude-".repeat(many / 8) }),
    "servers.json": template("servers", { mcpServers: Array(many / 4).fill(1) }),
    "lines.md": markdown("lines", "", "x\n".repeat(many)),
  });
  const { status, stdout, signal } = await mpm(["agents", "deploy", "--dry-run", "--json"], here.cli);
  assert.deepEqual([status, signal], [0, null]);
  const { actions, problems } = JSON.parse(stdout) as Deployment;
  const ours = actions.filter(({ tier }) => tier === "project");
  assert.deepEqual(
    ours.map(({ name, kind }) => `${name} ${kind}`),
    [
      "commas create",
      "lenient create",
      "lines create",
      "model create",
      "open create",
      "servers create",
      "spaces create",
    ],
  );
  assert.ok(problems.length < 500, `${problems.length}`);
});

test("a tier of more files than anyone has is refused whole, and clean takes nothing of it for unwanted", async (t) => {
  const here = scene(t);
  plant(here.tiers.project, { "a.md": markdown("a") });
  await deployAgents(here.options);
  plant(here.tiers.project, Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`n/${i}.txt`, ""])));
  plant(here.tiers.user, { "b.md": markdown("b") });
  const result = await deployAgents(here.options);
  assert.deepEqual(kinds(result), { a: "stale", b: "create" });
  assert.deepEqual(said(here, result), ["project/.claude-mpm/agents: at most 10000 files and directories"]);
  assert.deepEqual(kinds(await cleanAgents(here.options)), { a: "keep" });
  assert.deepEqual(Object.keys(contents(here.directory)), [".mpm-manifest.json", "a.md", "b.md"]);
});

test("what may not be read is reported with the reason, the rest is deployed, and clean keeps what came from there", async (t) => {
  const here = scene(t);
  const names = ["shut/in.md", "unread.md", "open.md"];
  plant(here.tiers.project, Object.fromEntries(names.map((path) => [path, markdown(path.replace(/.*\/|\.md/g, ""))])));
  await deployAgents(here.options);
  const before = contents(here.directory);
  chmodSync(join(here.tiers.project, "shut"), 0);
  chmodSync(join(here.tiers.project, "unread.md"), 0);
  const result = await powerless(["agents", "validate", "--json"], here.cli);
  const cleaned = await powerless(["agents", "clean", "--json"], here.cli);
  chmodSync(join(here.tiers.project, "shut"), 0o755);
  assert.equal(result.status, 1);
  assert.deepEqual(
    JSON.parse(result.stdout).problems.map(({ path, expected, received }: Record<string, string>) => {
      return [path?.slice(realpathSync(here.tiers.project).length + 1), expected, received];
    }),
    [
      ["shut", "a readable directory", "permission denied"],
      ["unread.md", "a readable file", "permission denied"],
    ],
  );
  assert.deepEqual(kinds(JSON.parse(cleaned.stdout)), { in: "keep" });
  assert.deepEqual(contents(here.directory), before);
});
