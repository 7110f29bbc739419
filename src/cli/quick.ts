// The verbs that are called again and again, by status lines and scripts: they start as quickly as they can.

import type { Listed } from "./command.ts";

export const QUICK = {
  status: { about: "what is running, what is waiting, what was lost", load: () => import("./status.ts") },
  statusline: {
    about: "a line for Claude Code's status line: who waits elsewhere",
    load: () => import("./statusline.ts"),
  },
} as const satisfies Readonly<Record<string, Listed>>;
