// mpm statusline: one line for Claude Code's status line, the same as hooks/mpm-statusline prints without Node.

import { existsSync } from "node:fs";
import * as z from "zod/mini";
import { askForStatusline, lineIn } from "../services/statusline.ts";
import { command } from "./command.ts";
import { EXIT } from "./terminal.ts";

const Given = z.looseObject({ session_id: z.optional(z.string()) });

export const verb = command({
  text: [
    "Prints one line for Claude Code's status line, whose JSON comes on stdin: who waits for a person in other sessions, and what today cost.",
    "`mpm install --statusline` registers hooks/mpm-statusline, which prints the same in a few milliseconds.",
  ],
  options: {},
  async run(_, io) {
    const { paths } = io.config;
    const own = io.inputIsTerminal ? undefined : ownSession(await io.readInput());
    if (existsSync(paths.disabled)) return EXIT.done;
    askForStatusline(paths.statusline);
    const line = lineIn(paths.statusline, own);
    if (line !== "") await io.out(`${line}\n`);
    return EXIT.done;
  },
});

function ownSession(given: string): string | undefined {
  try {
    return Given.parse(JSON.parse(given)).session_id;
  } catch {
    return undefined;
  }
}
