// Concurrent or one after the other (MPM_USE_ASYNC=false), with or without the memory of earlier runs: equal results.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { cleanAgents, type Deployment, deployAgents } from "../../../src/agents/deploy.ts";
import { readFrontMatter, readSimple } from "../../../src/agents/frontmatter.ts";
import { runs } from "../../brief.ts";
import { configFor, contents, markdown, plant, template } from "./tree.ts";

const RUNS = 25;
const BACKUP_TIME = /\d{8}T\d{6}Z(?:-\d+)?/g;

const name = fc.constantFrom("a", "b", "c", "d", "e-f");
const content = fc.oneof(
  name.map((agent) => markdown(agent)),
  fc.tuple(name, fc.string()).map(([agent, body]) => markdown(agent, "skills: [x] # y\n", `${body}.`)),
  fc.constantFrom(
    markdown("a", "color: gren\n"),
    markdown("Ab", "hooks: all\n"),
    "no front matter",
    "---\nname: b\n",
    markdown("c", "effort: thorough\n"),
  ),
  fc.constant({ link: true }),
);
const path = fc.tuple(fc.constantFrom("", "x/", "x/y/"), name).map(([folder, file]) => folder + file);
const tree = fc.dictionary(path, content, { maxKeys: 6 });
const world = fc.record({
  project: tree,
  user: tree,
  system: tree,
  json: fc.dictionary(path, name, { maxKeys: 3 }),
  own: fc.dictionary(
    name,
    fc.oneof(
      fc.constant("mine"),
      name.map((agent) => markdown(agent)),
    ),
    { maxKeys: 3 },
  ),
});
const step = fc.record({ world, force: fc.boolean(), clean: fc.boolean(), all: fc.boolean() });

/** Everything that a run says and leaves behind, without the home's path and the clock's time. */
function said(home: string, { actions, problems, ok }: Deployment) {
  const text = JSON.stringify({ actions, problems, ok });
  return text.replaceAll(home, "").replace(BACKUP_TIME, "TIME");
}

type World = typeof world extends fc.Arbitrary<infer W> ? W : never;

/** Makes the tiers what they are to be; files of the user's own come in addition. */
function plantWorld(files: World, home: string): void {
  const roots = {
    project: join(home, "project/.claude-mpm/agents"),
    user: join(home, ".claude-mpm/agents"),
    system: join(home, "bundled"),
  };
  for (const tier of ["project", "user", "system"] as const) {
    rmSync(roots[tier], { recursive: true, force: true });
    for (const [at, what] of Object.entries(files[tier])) {
      plant(roots[tier], { [`${dirname(at)}/.keep`]: "" });
      if (typeof what === "string") plant(roots[tier], { [`${at}.md`]: what });
      else symlinkSync("a.md", join(roots[tier], `${at}.md`));
    }
  }
  for (const [at, agent] of Object.entries(files.json)) plant(roots.user, { [`${at}.json`]: template(agent) });
  for (const [at, text] of Object.entries(files.own))
    plant(join(home, "project/.claude/agents"), { [`${at}.md`]: text });
}

test("any trees, deployed and cleaned step by step, give the same actions, problems and bytes", async (t) => {
  const base = mkdtempSync(join(tmpdir(), "mpm-test-"));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  let count = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 3 }), async (steps) => {
      const homes = ["together", "alone", "forgetful"].map((how) => join(base, `${how}-${count}`));
      count++;
      const results = await Promise.all(
        homes.map(async (home, which) => {
          const project = join(home, "project");
          const bundled = join(home, "bundled");
          const config = configFor(home, { MPM_USE_ASYNC: which === 1 ? "false" : "true" });
          const log: unknown[] = [];
          for (const { world: files, force, clean, all } of steps) {
            plantWorld(files, home);
            if (which === 2) rmSync(join(home, ".claude-mpm/agents.db"), { force: true });
            const options = { config, project, bundled, force };
            log.push(said(home, await deployAgents(options)));
            if (clean) log.push(said(home, await cleanAgents({ ...options, all })));
            const left = Object.entries(contents(join(project, ".claude/agents")));
            log.push(left.map(([at, text]) => JSON.stringify([at.replace(BACKUP_TIME, "TIME"), text])).toSorted());
          }
          return log;
        }),
      );
      for (const home of homes) rmSync(home, { recursive: true });
      assert.deepEqual(results[1], results[0]);
      assert.deepEqual(results[2], results[0]);
    }),
    // Shrinking takes minutes; the seed in the message repeats a failure.
    { numRuns: runs(RUNS), endOnFailure: true },
  );
});

test("simple lines are read as the YAML library reads them", async () => {
  const value = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."aZ0 9-_:#,.'\"[]{}\\\t&*!|>%@`~\u00e9\u00a0") }),
    fc.constantFrom(
      "true",
      "False",
      "null",
      "~",
      "1",
      "01",
      "1.5",
      "0x1f",
      "yes",
      '"q"',
      '"a\\n"',
      "[1]",
      '{"a":1}',
      "a: b",
    ),
  );
  const line = fc.tuple(fc.constantFrom("name", "model", "x-y"), value).map(([key, text]) => `${key}: ${text}\n`);
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 3 }), async (lines) => {
      const block = lines.join("");
      if (block.includes("---")) return; // refused before either reads it
      const simple = readSimple(block);
      if (!simple) return;
      // A comment is nothing to YAML, and takes the block from the quick way to the library's.
      const front = await readFrontMatter(`---\n${block}# by the library\n---\n`);
      assert.ok(front.ok, JSON.stringify(front));
      assert.deepEqual(front.value.warnings, []);
      assert.deepEqual(front.value.fields, simple.fields);
    }),
    { numRuns: runs(2000) },
  );
});
