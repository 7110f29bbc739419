// The Node that we need, where `mpm` was started by an older one.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, readFileSync } from "node:fs";
import { constants as os } from "node:os";
import { dirname, join } from "node:path";
import { isatty } from "node:tty";

export const OLDEST_NODE = 24;
/** A terminal sends SIGINT to both of us; twice would be once too many. */
const PASSED_ON = ["SIGTERM", "SIGHUP", ...(isatty(0) ? [] : (["SIGINT"] as const))] as const;

export function isNewEnough(version: string): boolean {
  return Number.parseInt(version, 10) >= OLDEST_NODE;
}

/** A newer Node that belongs to us: the one that the installer wrote down, or the one among a checkout's packages. */
export function findNode(app: string, script: string): string | undefined {
  const candidates = [join(dirname(dirname(script)), "node_modules/node/bin/node")];
  try {
    candidates.unshift(readFileSync(join(app, "node"), "utf8").trim());
  } catch {
    // not installed
  }
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Runs the same command line with that Node. @returns its exit status; 128 and the signal's number where one ended it */
export async function runAgain(node: string, argv: readonly string[]): Promise<number> {
  const child = spawn(node, [...argv], { stdio: "inherit" });
  for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
  process.on("SIGINT", () => {}); // it decides
  const [status, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  return status ?? 128 + os.signals[signal as NodeJS.Signals];
}
