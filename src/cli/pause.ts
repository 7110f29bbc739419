// mpm pause: makes the file `disabled`; while it exists, hooks do nothing.

import { existsSync, writeFileSync } from "node:fs";
import { makeDirectory } from "../platform/directory.ts";
import { command } from "./command.ts";
import { EXIT } from "./terminal.ts";

export const verb = command({
  text: ["Makes the hooks do nothing until `mpm resume`. What is stored stays."],
  options: {},
  async run(_, io) {
    const { home, disabled } = io.config.paths;
    makeDirectory(home);
    const already = existsSync(disabled);
    if (!already) writeFileSync(disabled, "", { mode: 0o600 });
    await io.out(
      `mpm: the hooks ${already ? "were paused already" : "are paused"}. \`mpm resume\` lets them record again.\n`,
    );
    return EXIT.done;
  },
});
