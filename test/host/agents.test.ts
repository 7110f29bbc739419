// What the real Claude Code loads is what is deployed, with the same name, description and model; what it drops is refused.
// - kinds.ts has one file of every kind that is known to matter; others are made up here.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import fc from "fast-check";
import { readAgent } from "../../src/agents/agent.ts";
import { deployAgents } from "../../src/agents/deploy.ts";
import { askHost, type Loaded } from "../process/agents/ask.ts";
import { KINDS } from "../process/agents/kinds.ts";
import { plant, scene } from "../unit/agents/tree.ts";
import { goOffline } from "./offline.ts";

const test = await goOffline();

const GENERATED = 1000;

/** A seed that MPM_TEST_SEED repeats. */
function seedOf(t: TestContext): number {
  const seed = Number(process.env["MPM_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  t.diagnostic(`MPM_TEST_SEED=${seed}`);
  return seed;
}

/** What we say that the host makes of the files, by the name of the agent. */
async function foretell(files: Readonly<Record<string, string | Uint8Array>>): Promise<Map<string, Loaded>> {
  const agents = new Map<string, Loaded>();
  for (const [path, content] of Object.entries(files)) {
    const { agent } = await readAgent(`/${path}`, Buffer.from(content));
    if (!agent) continue;
    const { model } = agent.fields;
    const named = typeof model === "string" && model.trim() !== "";
    agents.set(agent.name, {
      name: agent.name,
      description: agent.description.replaceAll("\\n", "\n"),
      ...(named && { model: model.trim().toLowerCase() === "inherit" ? "inherit" : model.trim() }),
    });
  }
  return agents;
}

/** Fails with the files that the host and we disagree on. */
function compare(
  files: Readonly<Record<string, string | Uint8Array>>,
  foretold: ReadonlyMap<string, Loaded>,
  loaded: ReadonlyMap<string, Loaded>,
): void {
  const names = new Set([...foretold.keys(), ...loaded.keys()]);
  const wrong = [...names].flatMap((name) => {
    const [ours, host] = [foretold.get(name), loaded.get(name)];
    if (JSON.stringify(ours) === JSON.stringify(host)) return [];
    const about = Object.values(files).find((text) => String(text).includes(name.trim()));
    return [{ name, ours, host, about: String(about) }];
  });
  assert.deepEqual(wrong, []);
}

test("the host loads and drops the kinds of files that it is said to", async (t) => {
  const files = Object.fromEntries(KINDS.map(({ text }, index) => [`${index}.md`, text]));
  const { agents } = await askHost(t, files);
  const otherwise = KINDS.filter(({ name, loads }) => agents.has(name) !== loads);
  assert.deepEqual(
    otherwise.map(({ title, loads }) => `${title} ${loads ? "loads" : "is dropped"}`),
    [],
  );
  compare(files, await foretell(files), agents);
});

const words = fc.constantFrom(
  ...'Use it|when: a: b|e.g. x|#7|# no|a #comment|[ref: Q-12]|{x}|it\'s|"old"|\'|"|\\|\\n|<b>|*bold*|&amp|%d|@x|`run`|---|--|- x|, y|é|码头|🚢|~|null|42|true|http://x:80|a|::|so?|so!|>|tab\there|(a, b)|='.split(
    "|",
  ),
);
const phrase = fc.array(words, { minLength: 1, maxLength: 4 }).map((all) => all.join(" "));
/** A value in every style that people and programs write. */
const value = fc.oneof(
  { weight: 5, arbitrary: phrase },
  { weight: 2, arbitrary: phrase.map((text) => `"${text}"`) },
  { weight: 2, arbitrary: phrase.map((text) => `'${text}'`) },
  { weight: 2, arbitrary: phrase.map((text) => JSON.stringify(text)) },
  phrase.map((text) => `'${text.replaceAll("'", "''")}'`),
  fc
    .tuple(fc.constantFrom("|", ">", "|-", ">-", "|+", ">2"), fc.array(phrase, { minLength: 1, maxLength: 3 }))
    .map(([mark, lines]) => `${mark}\n${lines.map((line) => `  ${line}`).join("\n")}`),
  fc.array(phrase, { minLength: 1, maxLength: 3 }).map((lines) => lines.join("\n  ")),
  phrase.map((text) => `${text} # why`),
  fc.array(phrase, { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
  fc.array(phrase, { maxLength: 3 }).map((items) => items.map((item) => `\n  - ${item}`).join("")),
);
const field = fc.constantFrom("description", "model", "tools", "color", "x-y", "Title", "when_to_use", "k9");
const file = fc.record({
  head: fc.constantFrom("---", "---", "---", "---", "--- ", "\ufeff---", "----"),
  name: fc.constantFrom("", "", "", '"', "'"),
  gap: fc.constantFrom(" ", " ", " ", "  ", "\t", " \t"),
  description: value,
  more: fc.array(fc.tuple(field, value), { maxLength: 3 }),
  tail: fc.constantFrom("---", "---", "---", "---", "--- ", "---x", "  ---", "...", ""),
  crlf: fc.integer({ min: 0, max: 5 }).map((dice) => dice === 0),
});

test(`the host and we read ${GENERATED} files alike that were made up`, async (t) => {
  const seed = seedOf(t);
  const files = Object.fromEntries(
    fc.sample(file, { numRuns: GENERATED, seed }).map(({ head, name, gap, description, more, tail, crlf }, index) => {
      const fields = [["description", description] as const, ...more].map(([key, text]) => `${key}:${gap}${text}`);
      const text = [head, `name:${gap}${name}agent-${index}${name}`, ...fields, tail, "", `Agent ${index}.`, ""].join(
        "\n",
      );
      return [`${index}.md`, crlf ? text.replaceAll("\n", "\r\n") : text];
    }),
  );
  const { agents } = await askHost(t, files);
  compare(files, await foretell(files), agents);
  assert.ok(agents.size > GENERATED / 4, `only ${agents.size} were loaded`);
});

test("names of any kind are judged as the host judges them, and each is deployed to a file from which it is loaded", async (t) => {
  const seed = seedOf(t);
  const name = fc.oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }),
    fc.string({ unit: fc.constantFrom(..."aZ9-_. :/\\~\u00e9\uff1a\u7801%@"), minLength: 1, maxLength: 12 }),
    fc.integer({ min: 250, max: 260 }).map((length) => "x".repeat(length)),
  );
  const names = [...new Set(fc.sample(name, { numRuns: 400, seed }))];
  const here = scene(t);
  const templates = names.map((agent_id, index) => [
    `${index}.json`,
    JSON.stringify({ agent_id, description: `Is --- number ${index}: "so"`, instructions: `Number ${index}.` }),
  ]);
  plant(here.tiers.project, Object.fromEntries(templates));
  const { actions } = await deployAgents(here.options);
  const deployed = Object.fromEntries(
    readdirSync(here.directory)
      .filter((at) => at.endsWith(".md"))
      .map((at) => [at, readFileSync(join(here.directory, at))]),
  );
  const { agents } = await askHost(t, deployed);
  assert.deepEqual([...agents.keys()].toSorted(), actions.map((action) => action.name).toSorted());
  for (const [index, each] of names.entries())
    assert.equal(agents.get(each)?.description, agents.has(each) ? `Is --- number ${index}: "so"` : undefined);
  // What is refused here is dropped there, in Markdown that says the same.
  const refused = names.filter((each) => !agents.has(each));
  const asked = await askHost(
    t,
    Object.fromEntries(
      refused.map((each, index) => [
        `${index}.md`,
        `---\nname: ${JSON.stringify(each)}\ndescription: Number ${index}\n---\nx\n`,
      ]),
    ),
  );
  assert.deepEqual([...asked.agents.keys()], []);
});
