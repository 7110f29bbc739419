// The shells that hooks/mpm-hook is run under in tests, and what a hook must answer.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEntry } from "../../../src/spool/entry.ts";
import { missing, TOOLS, type ToolName } from "../../tools.ts";

export const ANSWER = '{"continue":true}\n';

export interface Shell {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Why it is not tried here. */
  readonly skip: string | false;
  /** Why it does not stop where the object ends: a sed of its own, which reads ahead, comes before the machine's. */
  readonly readsAhead: string | false;
}

const CANDIDATES: readonly [string, ToolName, ...string[]][] = [
  ["dash", "dash"],
  ["bash --posix", "bash", "--posix"],
  ["busybox sh", "busybox", "sh"],
  ["mksh", "mksh"],
  ["zsh emulating sh", "zsh", "--emulate", "sh"],
];

export const SHELLS: readonly Shell[] = CANDIDATES.map(([name, tool, ...args]) => {
  const file = TOOLS[tool].files.find((each) => existsSync(each)) ?? tool;
  const skip = missing(tool);
  const isOwn = !skip && !spawnSync(file, [...args, "-c", "command -v sed"]).stdout.includes("/");
  return { name, file, args, skip, readsAhead: isOwn && `the sed of ${name} reads ahead` };
});

/** The whole entries of a spool, payload as text, in the order of their names. */
export function entriesOf(
  mpmHome: string,
): { name: string; event: string | undefined; payload: string; whole: boolean }[] {
  const dir = join(mpmHome, "spool");
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .sort()
    .map((name) => {
      const entry = parseEntry(readFileSync(join(dir, name)));
      return {
        name,
        event: entry?.origin.event,
        payload: entry?.payload.toString() ?? "",
        whole: entry?.whole ?? false,
      };
    });
}
