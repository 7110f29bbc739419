// Why a program of ours ended that should run: what it wrote into its log with its last breath.

import { join } from "node:path";
import * as z from "zod/mini";
import type { Paths } from "../config/config.ts";
import { readTail } from "../platform/read.ts";

const TAIL_BYTES = 16 * 1024;
/** pino's level of what ends a process. */
const FATAL = 60;
const Line = z.object({
  level: z.literal(FATAL),
  time: z.string(),
  err: z.object({ message: z.string() }),
});

/** The last failure that a program's log tells since then, in words. `since`: ms since 1970. */
export function lastFailure({ log }: Paths, name: "relay" | "monitor", since: number): string | undefined {
  const lines = readTail(join(log, `${name}.log`), TAIL_BYTES).split("\n");
  for (const text of lines.toReversed()) {
    const line = readLine(text);
    if (line) return Date.parse(line.time) >= since ? line.err.message : undefined;
  }
  return undefined;
}

function readLine(text: string): z.infer<typeof Line> | undefined {
  try {
    return Line.parse(JSON.parse(text));
  } catch {
    return undefined; // another line, or the end of one
  }
}
