// mpm resume: removes the file `disabled` that mpm pause made.

import { existsSync, rmSync } from "node:fs";
import { command } from "./command.ts";
import { EXIT } from "./terminal.ts";

export const verb = command({
  text: ["Makes the hooks record again after `mpm pause`."],
  options: {},
  async run(_, io) {
    const { disabled } = io.config.paths;
    const paused = existsSync(disabled);
    rmSync(disabled, { force: true });
    await io.out(`mpm: the hooks ${paused ? "record again" : "were not paused"}.\n`);
    return EXIT.done;
  },
});
