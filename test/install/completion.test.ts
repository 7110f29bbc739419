// What shells offer behind `mpm`: every verb and option that --help names, and nothing else.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { WORDS } from "../../src/cli/completion.ts";
import { mpm, run, tempDir, tempWorld } from "../world.ts";

const PATH = process.env["PATH"] ?? "/usr/bin:/bin";

test("every verb and option of --help is offered, and nothing that is not there", async (t) => {
  const { env } = tempWorld(t);
  const { stdout } = await mpm(["--help"], { env });
  const verbs = [...stdout.matchAll(/^ {2}mpm (\w+) /gm)].map(([, verb]) => verb);
  assert.deepEqual(Object.keys(WORDS).sort(), verbs.sort());
  for (const [verb, words] of Object.entries(WORDS)) {
    const help = (await mpm([verb, "--help"], { env })).stdout;
    const options = new Set([...help.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([option]) => option));
    for (const option of ["--help", "--name"]) options.delete(option);
    const offered = words.filter((word) => word.startsWith("--"));
    assert.deepEqual(offered.toSorted(), [...options].sort(), verb);
    for (const word of words) assert.ok(help.includes(word), `${verb} ${word}`);
  }
});

/** What a shell says is offered for the line, one word a line. */
const ASK: Readonly<Record<string, (script: string, words: readonly string[]) => [string, string[]]>> = {
  bash: (script, words) => [
    "bash",
    [
      "-c",
      `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mpm; printf '%s\\n' "\${COMPREPLY[@]}"`,
      script,
      ...words,
    ],
  ],
  zsh: (script, words) => [
    "zsh",
    [
      "-fc",
      // compadd is only there in a real completion: this one prints what it is given and fits.
      `compdef() { }; compadd() { shift; for w in $@; do [[ $w == $last* ]] && print -r -- $w; done; true }; source $0; words=("$@"); CURRENT=$#; last=$@[-1]; _mpm`,
      script,
      ...words,
    ],
  ],
  fish: (script, words) => ["fish", ["--no-config", "-c", `source ${script}; complete -C '${words.join(" ")}'`]],
};

for (const [shell, ask] of Object.entries(ASK))
  test(`${shell} takes the script and completes verbs, verbs of verbs and options`, async (t) => {
    if ((await run("/bin/sh", ["-c", `command -v ${shell}`], { env: { PATH } })).status !== 0)
      return t.skip(`there is no ${shell} here`);
    const { env, home } = tempWorld(t);
    const script = join(tempDir(t), "script");
    const printed = await mpm(["completion", shell], { env });
    assert.equal(printed.status, 0);
    writeFileSync(script, printed.stdout);
    const parsed = await run(shell, ["-n", script], { env: { PATH, HOME: home } });
    assert.deepEqual([parsed.status, parsed.stderr], [0, ""]);
    for (const [words, offered] of [
      [["mpm", "un"], ["uninstall"]],
      [
        ["mpm", "monitor", "st"],
        ["start", "stop", "status"],
      ],
      [["mpm", "doctor", "--f"], ["--fix"]],
      [["mpm", "config", "list", "--j"], ["--json"]],
    ] as const) {
      const [program, args] = ask(script, words);
      const { stdout, stderr } = await run(program, args, { env: { PATH, HOME: home } });
      assert.equal(stderr, "");
      const said = stdout.split("\n").flatMap((line) => line.split("\t")[0] || []);
      assert.deepEqual(said.sort(), [...offered].sort(), words.join(" "));
    }
  });

test("a shell that is not known is refused", async (t) => {
  const { env } = tempWorld(t);
  const { status, stderr } = await mpm(["completion", "tcsh"], { env });
  assert.equal(status, 2);
  assert.match(stderr, /knows bash, zsh, fish, one at a time/);
});
