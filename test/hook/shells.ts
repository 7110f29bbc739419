// The shells that hooks/mpm-hook is run under in tests, and what a hook must answer.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEntry } from "../../src/spool/entry.ts";

export const ANSWER = '{"continue":true}\n';

export interface Shell {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

const CANDIDATES: readonly [string, string, ...string[]][] = [
  ["dash", "/usr/bin/dash"],
  ["bash --posix", "/usr/bin/bash", "--posix"],
  ["busybox sh", "/usr/bin/busybox", "sh"],
  ["mksh", "/usr/bin/mksh"],
  ["zsh emulating sh", "/usr/bin/zsh", "--emulate", "sh"],
];

/** Every shell that is here; the newcomer's machine may lack some, the project's own tests install all. */
export const SHELLS: readonly Shell[] = CANDIDATES.map(([name, file, ...args]) => ({
  name,
  file: existsSync(file) ? file : file.replace("/usr/bin/", "/bin/"),
  args,
}));

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
