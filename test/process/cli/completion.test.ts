// What shells offer behind `mpm`: interactive bash, zsh and fish in a terminal, with the script that `mpm completion` prints.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { VERBS } from "../../../src/cli/verbs.ts";
import { testWith } from "../../tools.ts";
import { mpm, run, tempWorld } from "../../world.ts";
import { terminal } from "./terminal.ts";

const PATH = process.env["PATH"] ?? "/usr/bin:/bin";
const PROMPT = "ask>";

interface Shell {
  readonly start: readonly string[];
  /** What is typed into it first. */
  readonly setUp: (script: string) => string;
}

const SHELLS = {
  bash: {
    start: ["bash", "--norc", "--noprofile", "-i"],
    setUp: (script) => `PS1='${PROMPT} '; bind 'set bell-style none'; source ${script}`,
  },
  zsh: {
    start: ["zsh", "-f", "-i"],
    setUp: (script) => `PS1='${PROMPT} '; autoload -Uz compinit; compinit -u -D; source ${script}`,
  },
  fish: {
    start: ["fish", "--no-config", "-i"],
    setUp: (script) => `function fish_prompt; echo -n '${PROMPT} '; end; source ${script}`,
  },
} as const satisfies Readonly<Record<string, Shell>>;

/** What is typed, and what the line then is; or, where several are offered, all of them. */
const TYPED: readonly (readonly [typed: string, line: string])[] = [
  ["mpm uni", "mpm uninstall"],
  ["mpm monitor sto", "mpm monitor stop"],
  ["mpm doctor --f", "mpm doctor --fix"],
  ["mpm config list --j", "mpm config list --json"],
  ["mpm config get relay.i", "mpm config get relay.idleMs"],
  ["mpm agents deploy --ex", "mpm agents deploy --exclude"],
  ["mpm events --json --event SubagentSta", "mpm events --json --event SubagentStart"],
  ["mpm completion zs", "mpm completion zsh"],
];
const OFFERED: readonly (readonly [typed: string, offered: readonly string[]])[] = [
  ["mpm monitor ", ["start", "stop", "status", "open", "token"]],
  ["mpm status --", ["--json", "--help"]],
  ["mpm re", ["relay", "replay", "resume"]],
];

const NAMES = ["bash", "zsh", "fish"] as const;

for (const shell of NAMES) {
  testWith(shell, "tmux")(`${shell} completes verbs, subverbs, options and values`, async (t) => {
    const { env, home } = tempWorld(t);
    const printed = await mpm(["completion", shell], { env });
    assert.deepEqual([printed.status, printed.stderr], [0, ""]);
    const script = join(home, "script");
    writeFileSync(script, printed.stdout);
    const parsed = await run(shell, ["-n", script], { env: { PATH, HOME: home } });
    assert.deepEqual([parsed.status, parsed.stderr], [0, ""]);
    const { start, setUp } = SHELLS[shell];
    const { type, press, see } = await terminal(t, start, { PATH, HOME: home });
    await type(`${setUp(script)}; clear`);
    await press("Enter");
    for (const [typed, line] of TYPED) {
      await see(new RegExp(`^${PROMPT}\\s*$`, "m"));
      await type(typed);
      await see(new RegExp(typed.trimEnd()));
      await press("Tab");
      const completed = await see(new RegExp(`^${PROMPT} ${line.replace(/[.]/g, "\\.")}`, "m"));
      assert.doesNotMatch(completed, /command not found|error/);
      await press("C-c");
      await press("C-l");
    }
    for (const [typed, offered] of OFFERED) {
      await type(typed);
      await see(new RegExp(typed.trimEnd()));
      await press("Tab");
      if (shell === "bash") await press("Tab");
      for (const word of offered) await see(new RegExp(`(^|\\s)${word}(\\s|$)`, "m"));
      await press("C-c");
      await type("clear");
      await press("Enter");
      await see(new RegExp(`^${PROMPT}\\s*$`, "m"));
    }
  });
}

test("every verb, subverb and option is in every script", async (t) => {
  const { env } = tempWorld(t);
  for (const shell of NAMES) {
    const { stdout } = await mpm(["completion", shell], { env });
    for (const [name, { load }] of Object.entries(VERBS)) {
      const { table } = (await load()).verb;
      for (const word of [name, ...Object.keys(table.verbs ?? {}), ...Object.keys(table.options)])
        assert.match(stdout, new RegExp(`(?<![\\w])${word}(?![\\w])`), `${shell}: ${name} ${word}`);
    }
  }
});

test("a shell that is not known is refused", async (t) => {
  const { env } = tempWorld(t);
  const { status, stderr } = await mpm(["completion", "tcsh"], { env });
  assert.equal(status, 2);
  assert.match(stderr, /The shell is one of bash, zsh, fish, not "tcsh"/);
});
