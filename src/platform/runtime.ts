// The Node that we need, where `mpm` was started by an older one.

import { accessSync, constants } from "node:fs";
import { dirname, join } from "node:path";
import { readText } from "./read.ts";

export const OLDEST_NODE = 24;

export function isNewEnough(version: string): boolean {
  return Number.parseInt(version, 10) >= OLDEST_NODE;
}

/** A newer Node that belongs to us: the one that the installer wrote down, or the one among a checkout's packages. */
export function findNode(app: string, script: string): string | undefined {
  const candidates = [join(dirname(dirname(script)), "node_modules/node/bin/node")];
  const recorded = readText(join(app, "node"))?.trim();
  if (recorded !== undefined) candidates.unshift(recorded);
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
