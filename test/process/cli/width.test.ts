// What verbs print on a terminal: within its width, in colour where it has colours and nobody has said no.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cut, pad, table, widthOf, wrap } from "../../../src/cli/layout.ts";
import { testWith } from "../../tools.ts";
import { dist, NODE, run, tempWorld } from "../../world.ts";
import { terminal } from "./terminal.ts";

for (const columns of [40, 72])
  testWith("tmux")(`tables, help and what a line says fit a terminal of ${columns} columns`, async (t) => {
    const { env: all, home } = tempWorld(t);
    const { MPM_NO_BROWSER: _, ...env } = all; // a value is not cut, and its origin stands behind it
    const agents = join(home, ".claude-mpm/agents");
    mkdirSync(agents, { recursive: true });
    const description = "潮汐の表を読み、港ごとに満潮と干潮の時刻を並べ、違いがあれば理由とともに知らせる";
    writeFileSync(join(agents, "tides.md"), `---\nname: tides\ndescription: ${description}\n---\nYou help.\n`);
    for (const words of ["agents list", "config list", "status", "events --help", "agents --help"]) {
      const done = "DONE";
      const command = `'${NODE}' '${dist("cli.js")}' ${words}; echo ${done}; cat`;
      const { see } = await terminal(t, ["sh", "-c", command], env, { columns, rows: 120 });
      const shown = (await see(new RegExp(`^${done}$`, "m"))).split("\n").filter((line) => line.trim() !== "");
      // A line that is too long stands on two: the second one begins without the indentation of what it belongs to.
      if (words === "agents list")
        assert.equal(shown.filter((line) => line.includes("system")).length, 7, shown.join("\n"));
      if (words === "agents list") assert.match(shown.join("\n"), /^tides .*…$/m);
      if (words === "status") for (const line of shown.slice(0, -1)) assert.match(line, /^( {12}\S|[a-z]+ +[●○] )/);
      if (words === "config list")
        for (const line of shown.slice(0, -1)) assert.match(line, /^( {20}|[a-z]+(\.[A-Za-z]+)+ )/);
    }
  });

testWith("tmux")("colour is for terminals that have it, unless NO_COLOR or TERM=dumb say no", async (t) => {
  const { env, home } = tempWorld(t);
  const coloured = async (extra: string) => {
    const file = join(home, `typescript-${extra.replace(/\W/g, "")}`);
    const command = `env ${extra} script -qc "'${NODE}' '${dist("cli.js")}' status" ${file} >/dev/null`;
    await run("/bin/sh", ["-c", command], { env: { ...env, TERM: "xterm-256color" } });
    return (await run("/bin/cat", [file])).stdout.includes("\u001b[");
  };
  assert.deepEqual(await Promise.all(["MPM_X=1", "NO_COLOR=1", "TERM=dumb"].map(coloured)), [true, false, false]);
});

test("a text is as wide as a terminal shows it: marks and colours take no cell, emoji and ideographs two", () => {
  const widths: readonly (readonly [text: string, cells: number])[] = [
    ["tide", 4],
    ["ﬁn", 2],
    ["e\u0301", 1],
    ["\u001b[31mred\u001b[39m", 3],
    ["満潮", 4],
    ["ｱ", 1],
    ["👍", 2],
    ["👩‍👩‍👧", 2],
    ["🇩🇪", 2],
    ["❤️", 2],
    ["❤", 1],
    ["⌚\ufe0e", 1],
    ["\u200b", 0],
    ["한국", 4],
  ];
  for (const [text, cells] of widths) assert.equal(widthOf(text), cells, JSON.stringify(text));
});

test("a wide character takes two cells, and what is cut says so", () => {
  assert.equal(pad("満", 4), "満  ");
  assert.equal(cut("満潮と干潮", 7), "満潮と…");
  assert.equal(cut("tides", 5), "tides");
  assert.deepEqual(
    table(
      [
        ["NAME", "WHAT"],
        ["tide", "a long text that does not fit"],
      ],
      20,
    ),
    ["NAME  WHAT", "tide  a long text t…"],
  );
  assert.equal(wrap("one two three", 7, "  "), "one two\n  three");
});
