// Whether programs can be run from a directory: a file system may be mounted so that they cannot (noexec).

import { spawnSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const NOEXEC_CURE = "Name a directory on another one in MPM_HOME, then run `mpm install` again.";

/** Runs a script from it that does nothing. */
export function mayRunPrograms(directory: string): boolean {
  if (process.platform === "win32") return true;
  const script = join(directory, `.may-run-${process.pid}`);
  try {
    writeFileSync(script, "#!/bin/sh\n", { flag: "wx" });
    chmodSync(script, 0o700);
    return spawnSync(script, { stdio: "ignore" }).error === undefined;
  } finally {
    rmSync(script, { force: true });
  }
}

export function noexecTrouble(directory: string): string {
  return `no program may be run from ${directory}: its file system is mounted noexec`;
}
