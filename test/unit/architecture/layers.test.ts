// The layers of src/ import what docs/architecture.md says, and lint forbids the rest.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, sep } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "../../..");
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const layerOf = (path: string) => path.split(sep)[1] ?? "";

/** What each layer may import, by the table; undefined: nearly anything. */
const table = new Map(
  [...read("docs/architecture.md").matchAll(/^\| `(\w+)` \| .* \| (.+) \|$/gm)].map(([, name = "", imports = ""]) => [
    name,
    imports.startsWith("all") ? undefined : imports.split(", ").filter((each) => each !== "-"),
  ]),
);
const files = globSync("src/**/*.{ts,tsx}", { cwd: ROOT });

test("every folder of the sources is a layer of the table, and the other way round", () => {
  assert.deepEqual([...new Set(files.map(layerOf))].sort(), [...table.keys()].sort());
});

test("no layer imports one that the table does not grant it", () => {
  for (const file of files) {
    const granted = table.get(layerOf(file));
    for (const [, from = ""] of read(file).matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
      const layer = layerOf(normalize(join(dirname(file), from)));
      if (layer === layerOf(file) || granted === undefined) continue;
      assert.ok(granted.includes(layer), `${file} imports ${layer}`);
    }
  }
});

test("lint forbids each layer all that the table does not grant it", () => {
  const { overrides } = JSON.parse(read("biome.json"));
  for (const [layer, granted] of table) {
    if (granted === undefined) continue;
    const rule = overrides.find(({ includes }: { includes: string[] }) => includes.includes(`src/${layer}/**`));
    const { group } = rule.linter.rules.style.noRestrictedImports.options.patterns[0];
    const forbidden = [...table.keys()].filter((each) => each !== layer && !granted.includes(each));
    assert.deepEqual([...group].sort(), forbidden.map((each) => `**/${each}/**`).sort(), layer);
  }
});
