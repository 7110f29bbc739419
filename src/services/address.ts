// One monitor for a home, and where it listens.
// - The proof is a lock that the kernel gives back at any death, not a pid: a reused number cannot be mistaken for us.

import { rmSync } from "node:fs";
import type { Paths } from "../config/config.ts";
import { MonitorAddress } from "../contract/address.ts";
import { replaceFile } from "../platform/file.ts";
import { tryLock } from "../platform/lock.ts";
import { readText } from "../platform/read.ts";

/** Two that start at once can be in each other's way for a moment; one that lives keeps its lock for longer. */
const LOCK_WAIT_MS = 250;

/** Takes the home's lock: the answer gives it back; undefined while another monitor has it. */
export function takeLock(paths: Paths): (() => void) | undefined {
  return tryLock(paths.monitorLock, LOCK_WAIT_MS)?.release;
}

export function writeAddress(paths: Paths, address: MonitorAddress): void {
  replaceFile(paths.monitorAddress, `${JSON.stringify(address)}\n`);
}

/** Removes the address, unless another monitor has written its own by now. */
export function dropAddress(paths: Paths, instance: string): void {
  try {
    if (MonitorAddress.parse(JSON.parse(readText(paths.monitorAddress) ?? "")).instance === instance)
      rmSync(paths.monitorAddress, { force: true });
  } catch {
    // gone already
  }
}
