// Nothing branches on what people read: every sentence of the programs is rewritten, each in its own way, and what they do
// stays. The tests of what they do run against that build; those of what they say cannot.

import assert from "node:assert/strict";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { build, type Plugin } from "esbuild";
import * as bundles from "../../../bundle.ts";
import { NODE, ROOT, run, tempDir } from "../../world.ts";
import { rewriteSentences } from "./rewrite.ts";

/** Texts there are programs of other systems (shells, service files), SQL, or what a model is told. */
const KEPT =
  /^(?:store|event|session|dashboard|prices|transcripts)\/|^install\/(?:at-login|handler|launcher)\.ts|^cli\/shells\.ts|^alerts\/outbox\.ts|^relay\/sequence\.ts/;
/** More is said than this; fewer would mean that the rewriting finds nothing any more. */
const LEAST_SENTENCES = 800;

/** Hook to store, with kills; relay and servers of every kind; how monitor and relay are started. */
const BEHAVIOUR = [
  "test/process/chain/kill.test.ts",
  "test/process/relay/relay.test.ts",
  "test/process/services/start.test.ts",
];

describe("with every sentence rewritten", () => {
  test("a source is still the same program", () => {
    const source = ["const a = `it $", '{b ? "is not" : "x"} there`; // as it was', 'return /it is "so/.test(a);'].join(
      "",
    );
    const { text, count } = rewriteSentences(source);
    assert.equal(count, 1);
    assert.equal(text, source.replace('"is not"', '"xsi0 xton0"'));
  });

  test("all that is done stays as it was", async (t) => {
    const { root, sentences } = await rewritten(t);
    assert.ok(sentences > LEAST_SENTENCES, `${sentences} sentences`);
    const given = { ...process.env, MPM_TEST_BUILT: root, NODE_TEST_CONTEXT: undefined };
    const env = Object.fromEntries(
      Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    );
    const { status, stdout } = await run(NODE, ["--test", ...BEHAVIOUR], { env, cwd: ROOT, timeoutMs: 600_000 });
    assert.equal(status, 0, stdout);
  });
});

/** A copy of what is installed, built with rewritten sentences. */
async function rewritten(t: TestContext): Promise<{ readonly root: string; readonly sentences: number }> {
  const root = tempDir(t);
  let sentences = 0;
  const rewriting: Plugin = {
    name: "rewriting",
    setup: ({ onLoad }) =>
      onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => {
        if (KEPT.test(relative(join(ROOT, "src"), path))) return undefined;
        const { text, count } = rewriteSentences(readFileSync(path, "utf8"));
        sentences += count;
        return { contents: text, loader: "ts" };
      }),
  };
  for (const options of [bundles.node, bundles.alone])
    await build({
      ...options,
      outdir: join(root, "dist"),
      absWorkingDir: ROOT,
      plugins: [...options.plugins, rewriting],
    });
  for (const part of ["dist/dashboard", "dist/package.json", "hooks", "package.json"])
    cpSync(join(ROOT, part), join(root, part), { recursive: true });
  symlinkSync(resolve(ROOT, "node_modules"), join(root, "node_modules"));
  return { root, sentences };
}
