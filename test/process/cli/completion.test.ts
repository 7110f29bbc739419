// What shells offer behind `mpm`: interactive bash, zsh and fish in a terminal, with the script that `mpm completion` prints.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { VERBS } from "../../../src/cli/verbs.ts";
import { testWith } from "../../tools.ts";
import { mpm, run, tempWorld, until } from "../../world.ts";
import { terminal } from "./terminal.ts";

const PATH = process.env["PATH"] ?? "/usr/bin:/bin";
const PROMPT = "ask>";
const DEADLINE_MS = 30_000;

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
    const { type, press, see, screen } = await terminal(t, start, { PATH, HOME: home });
    await see(/[#$%>]\s*$/m); // what is typed before a shell asks, it throws away as it sets its terminal up
    await type(`${setUp(script)}; clear`);
    await press("Enter");
    const asks = new RegExp(`^${PROMPT}\\s*$`, "m");
    await see(asks);
    /** A key that comes while a shell completes is lost: it is pressed until the line is empty. */
    const leave = () =>
      until(
        async () => {
          for (const key of ["C-c", "C-l"]) await press(key);
          return asks.test(await screen());
        },
        DEADLINE_MS,
        "an empty line",
      );
    for (const [typed, line] of TYPED) {
      await type(typed);
      await see(new RegExp(typed.trimEnd()));
      await press("Tab");
      const completed = await see(new RegExp(`^${PROMPT} ${line.replace(/[.]/g, "\\.")}`, "m"));
      assert.doesNotMatch(completed, /command not found|error/);
      await leave();
    }
    for (const [typed, offered] of OFFERED) {
      await type(typed);
      await see(new RegExp(typed.trimEnd()));
      await press("Tab");
      if (shell === "bash") await press("Tab");
      for (const word of offered) await see(new RegExp(`(^|\\s)${word}(\\s|$)`, "m"));
      await leave();
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
  assert.match(stderr, /the shell is one of bash, zsh, fish, not "tcsh"/);
});
