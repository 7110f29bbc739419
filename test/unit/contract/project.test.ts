// What people call a project is made in one place, from paths of every system.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { baseName, isCalled, projectName } from "../../../src/contract/project.ts";

const ROOT = join(import.meta.dirname, "../../..");

test("a project is called by the last part of its repository's path, else of its own, whichever slashes it has", () => {
  const project = "/home/dana/tidepool/.worktrees/ebb/";
  assert.equal(projectName({ project, repository: "/home/dana/tidepool", cwd: "/tmp" }), "tidepool");
  assert.equal(projectName({ project }), "ebb");
  assert.equal(projectName({ project: "C:\\Users\\dana\\tidepool\\" }), "tidepool");
  assert.equal(projectName({ project: "", cwd: "/srv/pier" }), "pier");
  assert.deepEqual([projectName({}), projectName({ project: "" }), baseName("/")], ["", "", "/"]);
});

test("a project is meant by its path, or by its name in whatever case", () => {
  for (const given of ["C:\\Users\\dana\\Tidepool", "tidepool", "TIDEPOOL"])
    assert.ok(isCalled("C:\\Users\\dana\\Tidepool", given), given);
  assert.ok(!isCalled("/home/dana/tidepool", "dana"));
});

test("nothing else in the sources takes a project's path apart", () => {
  const others = globSync("src/**/*.{ts,tsx}", { cwd: ROOT }).filter(
    (file) =>
      file !== join("src", "contract", "project.ts") &&
      /\.split\((?:\/\[(?:\/\\\\|\\\\\/)\]\/|"\/")\)\s*\.(?:findLast|at\(-1\)|pop)/.test(
        readFileSync(join(ROOT, file), "utf8").replace(/topic\.pathname[^\n]*|list\[0\][^\n]*/g, ""),
      ),
  );
  assert.deepEqual(others, []);
});
