// What is wrong with an agent file is said with line, field, what was expected, what was there, and what was meant.
// - faults.txt has every rule once: a title, the file, and after `>` the lines that are to come. Lines in `|` are the
//   whole file; others stand in the front matter after name and description, from line 4.
// - What Claude Code drops is an error; a warning leaves the agent to be deployed. host.test.ts asks Claude Code.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Reading, readAgent } from "../../../src/agents/agent.ts";
import { explain } from "../../../src/agents/problem.ts";
import { checkFields, KNOWN_FIELDS } from "../../../src/agents/rules.ts";
import { markdown, template } from "./tree.ts";

/** Deep enough for any reader's stack. */
const DEEP = 100_000;

const read = (path: string, text: string): Promise<Reading> => readAgent(path, Buffer.from(text));
const faults = readFileSync(join(import.meta.dirname, "faults.txt"), "utf8")
  .trimEnd()
  .split("\n\n");

for (const fault of faults) {
  const [title = "", ...rest] = fault.split("\n");
  const said = rest.filter((line) => line.startsWith("> ")).map((line) => line.slice(2));
  const lines = rest.slice(0, -said.length);
  const whole = lines[0]?.startsWith("  |") === true;
  const text = lines.map((line) => `${line.slice(whole ? 3 : 2)}\n`).join("");
  const severity = title.endsWith("(warning)") ? "warning" : "error";
  test(`${title.replace(" (warning)", "")} is ${severity === "warning" ? "a warning" : "an error"}`, async () => {
    const { agent, problems } = await read("/helper.md", whole ? text : markdown("helper", text));
    assert.deepEqual(
      problems.map((problem) => explain(problem, () => "").slice(1)),
      said,
    );
    assert.ok(problems.every((problem) => problem.path === "/helper.md"));
    assert.equal(
      problems.some((problem) => problem.severity === "error"),
      severity === "error",
    );
    assert.equal(agent !== undefined, severity === "warning");
  });
}

test("every field that Claude Code knows has a fault above, and is taken with all its forms", () => {
  const refused = new Set(faults.flatMap((fault) => [...fault.matchAll(/\n> \d+: (\w+)/g)].map(([, field]) => field)));
  assert.deepEqual(
    KNOWN_FIELDS.filter((field) => !refused.has(field)),
    [],
  );
  assert.deepEqual(checkFields(EVERYTHING), []);
  assert.deepEqual(Object.keys(EVERYTHING).toSorted(), KNOWN_FIELDS.toSorted());
});

const EVERYTHING = {
  name: "helper",
  description: "Helps.",
  tools: "Read, Agent(reviewer, tester), mcp__github, mcp__github__*, *",
  disallowedTools: ["Bash", "mcp__*"],
  model: "claude-sonnet-4-5-20250929[1m]",
  permissionMode: "manual",
  maxTurns: 3,
  skills: ["one", "two"],
  mcpServers: ["github", { local: { command: "server" } }],
  hooks: { PreToolUse: [{ matcher: "Bash", hooks: [{ type: "command", command: "check" }] }] },
  memory: "local",
  background: true,
  effort: "xhigh",
  isolation: "worktree",
  color: "pink",
  initialPrompt: "Begin.",
  autoCompactWindow: "100000",
  omitClaudeMd: "false",
  observer: "reviewer",
  observerMessage: "Look.",
  observeToolResults: false,
  observeSubagents: true,
  experimental: { anything: 1 },
};

for (const model of [
  "inherit",
  "opus[1m]",
  "claude-opus-4-1",
  "us.anthropic.claude-haiku-4-5-v1:0",
  "arn:aws:bedrock:eu-west-1:1:inference-profile/x",
  "gateway/some-model",
])
  test(`the model ${model} is taken`, () => {
    assert.deepEqual(checkFields({ name: "helper", description: "Helps.", model }), []);
  });

test("all problems of a file come at once, in order of lines", async () => {
  const text = "---\ncolor: gren\nname: Helper\nmodel: sonet\ntool: Read\n---\nYou help.\n";
  const { problems, agent, name } = await read("/helper.md", text);
  assert.deepEqual(
    problems.map(({ line, field, severity }) => `${line} ${field} ${severity}`),
    ["2 description error", "2 color warning", "3 name warning", "4 model warning", "5 tool warning"],
  );
  assert.deepEqual([agent, name], [undefined, "Helper"]);
});

test("a problem is one line that an editor can jump to, and obeys no terminal sequence in the file", async () => {
  const { problems } = await read("/x/a.md", markdown("helper", 'color: "gre\\e[31mn"\n'));
  const [line = ""] = problems.map((problem) => explain(problem, (path) => path));
  assert.match(line, /^\/x\/a\.md:4: color: expected one of red, .*, received "gre/);
  assert.ok(!line.includes("\u001b"));
  const [other = ""] = (await read("/x/a.md", markdown("helper", "color: gren\n"))).problems.map((problem) =>
    explain(problem, (path) => path.slice(3)),
  );
  assert.match(other, /^a\.md:4: color: .*received "gren"\. Did you mean green\?$/);
});

test("a field that is new to us is passed on as it was written", async () => {
  const text = markdown("helper", "someNewField: 1\n");
  const { agent, problems } = await read("/helper.md", text);
  assert.deepEqual(problems, []);
  assert.equal(agent?.text, text);
});

test("a former value is replaced where it stands, and nothing else changes", async () => {
  const text = markdown("helper", "effort:   thorough   # as before\r\ncolor: 'magenta'\n");
  const { agent } = await read("/helper.md", text);
  assert.equal(agent?.text, text.replace("thorough", "high").replace("'magenta'", "pink"));
});

test("a former value is replaced also where the front matter is read leniently", async () => {
  const text = markdown("helper", "initialPrompt: Do this: all of it\neffort: thorough\ncolor: teal \n");
  const { agent, problems } = await read("/helper.md", text);
  assert.equal(agent?.text, text.replace("thorough", "high").replace("teal", "cyan"));
  assert.equal(problems.length, 3);
  const split = markdown("helper", "initialPrompt: Do this: all of it\neffort:\n  thorough\n");
  const kept = await read("/helper.md", split);
  assert.equal(kept.agent?.text, split, "what cannot be replaced is not said to be");
  assert.match(kept.problems.find(({ field }) => field === "effort")?.expected ?? "", /^one of low/);
});

test("a file with capitals and without front matter is documentation, not an agent", async () => {
  assert.deepEqual(await read("/tier/README.md", "# Agents\n"), { problems: [] });
  assert.equal((await read("/tier/Readme.md", "# Agents\n")).problems.length, 1);
});

test("JSON says in which line of the file each fault is, also where the field moves", async () => {
  const text = `{
  "agent_id": "helper",
  "metadata": {
    "description": "Helps.",
    "color": "gren"
  },
  "capabilities": {
    "tools": ["Read", "Grap"],
    "model": "sonet"
  },
  "instructions": " "
}`;
  const { problems } = await read("/helper.json", text);
  assert.deepEqual(
    problems.map(({ line, field, suggestion }) => [line, field, suggestion]),
    [
      [5, "metadata.color", "green"],
      [8, "capabilities.tools", "Grep"],
      [9, "capabilities.model", "sonnet"],
      [11, "instructions", undefined],
    ],
  );
});

const JSON_CASES: readonly [is: string, text: string, line: number | undefined, expected: RegExp, received: RegExp][] =
  [
    ["JSON that ends too soon", '{\n  "agent_id": "helper"', 2, /^JSON$/, /brace expected/],
    ["JSON with a comment", '{\n  // x\n  "agent_id": "helper"\n}', 2, /^JSON$/, /comment/],
    ["a list", "[]", 1, /^a JSON object$/, /^\[\]$/],
    ["no instructions", '{\n"agent_id": "helper",\n"description": "Helps."\n}', 1, /^text$/, /^nothing$/],
    [
      "JSON in thousands of levels",
      `{"a":${"[".repeat(DEEP)}${"]".repeat(DEEP)}}`,
      undefined,
      /few levels/,
      /thousands/,
    ],
  ];
for (const [is, text, line, expected, received] of JSON_CASES)
  test(`${is} is an error in a JSON file`, async () => {
    const { agent, problems } = await read("/helper.json", text);
    assert.equal(agent, undefined);
    assert.equal(problems[0]?.line, line);
    assert.match(problems[0]?.expected ?? "", expected);
    assert.match(problems[0]?.received ?? "", received);
  });

test("JSON becomes Markdown that says the same, whatever its text", async () => {
  const texts = [
    "one --- two",
    "-----",
    "a: b",
    "# x",
    "@x",
    "'",
    '"',
    "\\ud83d",
    "\ud83d",
    "\r\n\u0007",
    "yes",
    "1",
    " x ",
    "- y",
  ];
  for (const description of texts) {
    const { agent } = await read("/helper.json", template("helper", { description, "x: y": { "---": [description] } }));
    const again = await read("/helper.md", agent?.text ?? "");
    assert.deepEqual(again.agent?.fields, agent && JSON.parse(JSON.stringify(agent.fields, wellFormed)), description);
    assert.equal(again.agent?.description, description.toWellFormed());
  }
});

const wellFormed = (_key: string, value: unknown) => (typeof value === "string" ? value.toWellFormed() : value);

test("an agent_id is the agent's name as it stands", async () => {
  const { agent, problems } = await read("/helper.json", template("Code_Reviewer"));
  assert.equal(agent?.name, "Code_Reviewer");
  assert.deepEqual(
    problems.map(({ severity, line, suggestion }) => [severity, line, suggestion]),
    [["warning", 2, "code-reviewer"]],
  );
});
