// mpm completion: what a shell offers behind `mpm`, as a script for bash, zsh or fish.

import { command, type Listed, type Verb } from "./command.ts";
import { bash, fish, zsh } from "./shells.ts";
import { EXIT, UsageError } from "./terminal.ts";

const SCRIPTS = new Map([
  ["bash", bash],
  ["zsh", zsh],
  ["fish", fish],
]);

/** The verb, for these verbs. */
export const completionOf = (listed: Readonly<Record<string, Listed>>): Verb =>
  command({
    text: ["Prints a script that completes verbs, options and values."],
    options: {},
    operands: [{ name: "bash|zsh|fish", about: "the shell's name", offered: [...SCRIPTS.keys()] }],
    notes: [
      "To keep it:",
      "  bash   mpm completion bash > ~/.local/share/bash-completion/completions/mpm\n" +
        "  zsh    mpm completion zsh > DIRECTORY/_mpm, where DIRECTORY is in $fpath\n" +
        "  fish   mpm completion fish > ~/.config/fish/completions/mpm.fish",
      'For this shell alone: eval "$(mpm completion bash)", the same with zsh; mpm completion fish | source',
    ],
    async run({ operands: [shell = ""] }, { out }) {
      const script = SCRIPTS.get(shell);
      if (!script) throw new UsageError(`the shell is one of ${[...SCRIPTS.keys()].join(", ")}, not "${shell}".`);
      const verbs = Object.entries(listed).map(async ([name, { about, load }]) => ({
        name,
        about,
        table: (await load()).verb.table,
      }));
      await out(script(await Promise.all(verbs)));
      return EXIT.done;
    },
  });
