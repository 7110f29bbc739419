// What `--help` says: of every verb and subverb, kept as snapshots. `node --test --test-update-snapshots` takes new ones.

import assert from "node:assert/strict";
import { test } from "node:test";
import { flag, text, whole } from "../../../src/cli/arguments.ts";
import { helpFor } from "../../../src/cli/help.ts";
import { VERBS } from "../../../src/cli/verbs.ts";
import { mpm, tempWorld } from "../../world.ts";

/** Without the version, which changes. */
const settled = (said: string) => said.replace(/^mpm \d\S*:/, "mpm VERSION:");
const AS_IT_IS = { serializers: [(value: unknown) => String(value)] };

const SUBVERBS: [string, string][] = [];
for (const [name, { load }] of Object.entries(VERBS))
  for (const verb of Object.keys((await load()).verb.table.verbs ?? {})) SUBVERBS.push([name, verb]);

for (const words of [[], ...Object.keys(VERBS).map((name) => [name]), ...SUBVERBS])
  test(["mpm", ...words, "--help"].join(" "), async (t) => {
    const { env } = tempWorld(t);
    const { status, stdout, stderr } = await mpm([...words, "--help"], { env });
    assert.deepEqual([status, stderr], [0, ""]);
    t.assert.snapshot(settled(stdout), AS_IT_IS);
  });

test("on a narrow terminal help is wrapped, and where names take half of it, what is said of them stands below", () => {
  const table = {
    text: ["Something that is said of the verb in more words than fit into a line of this terminal."],
    options: {
      json: flag("one JSON object, for programs and for people who like to read such things"),
      "quite-a-long-name": text("WITH-VALUE", "what this is, in more words than fit beside its name"),
      limit: whole("N", "how many", [1, 10]),
    },
  };
  for (const width of [44, 70]) {
    const lines = helpFor("verb", table, undefined, width).split("\n");
    for (const line of lines) assert.ok(line.length <= width, `${line.length} > ${width}: ${line}`);
  }
  assert.match(helpFor("verb", table, undefined, 44), /^ {2}--limit N\n {6}how many$/m);
  assert.match(helpFor("verb", table, undefined, 90), /^ {2}--limit N {23}how many$/m);
});
