// The agents that come with the product: valid, short, and with no tool that they do not need.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { readAgent } from "../../../src/agents/agent.ts";
import { bundledAgents } from "../../../src/agents/tiers.ts";
import { ROOT } from "../../world.ts";

const MAX_LINES = 25;
const MAX_DESCRIPTION_CHARS = 200;
/** What each may do beyond reading, and why it must. */
const BEYOND_READING: Readonly<Record<string, string>> = {
  documenter: "Edit, Write", // changes pages, runs nothing
  engineer: "Edit, Write, Bash", // changes code, runs checks
  operations: "Edit, Bash", // changes configuration, looks at what runs
  researcher: "WebSearch, WebFetch", // changes nothing
  reviewer: "Bash", // looks at history
  security: "", // changes and runs nothing
  tester: "Edit, Write, Bash", // writes tests, runs them
};

const dir = bundledAgents();
const files = readdirSync(dir);

test("they are where the sources and the installed copy look for them", () => {
  assert.equal(dir, join(ROOT, "agents"));
  assert.equal(bundledAgents(join(ROOT, "dist/chunks")), dir);
  assert.deepEqual(files.map((file) => basename(file, ".md")).toSorted(), Object.keys(BEYOND_READING));
});

for (const file of files)
  test(`${file} is valid, short, and has the least tools`, async () => {
    const path = join(dir, file);
    const text = readFileSync(path, "utf8");
    const { agent, problems } = await readAgent(path, Buffer.from(text));
    assert.deepEqual(problems, []);
    assert.ok(agent);
    assert.equal(agent.name, basename(file, ".md"));
    assert.equal(agent.text, text);
    assert.ok(text.split("\n").length <= MAX_LINES);
    assert.ok(agent.description.length <= MAX_DESCRIPTION_CHARS);
    assert.match(agent.description, / Use it /, "says when to use it");
    const beyond = BEYOND_READING[agent.name];
    assert.equal(agent.fields["tools"], ["Read, Grep, Glob", beyond].filter(Boolean).join(", "));
    // The user's model and permissions count.
    assert.deepEqual(Object.keys(agent.fields).toSorted(), ["color", "description", "name", "tools"]);
  });

test("each has a colour of its own", () => {
  const colours = files.map((file) => /^color: (.*)$/m.exec(readFileSync(join(dir, file), "utf8"))?.[1]);
  assert.equal(new Set(colours).size, files.length);
});
