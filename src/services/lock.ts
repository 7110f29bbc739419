// One monitor for a home.
// - The proof is a lock that the kernel gives back at any death, not a pid: a reused number cannot be mistaken for us.

import type { Paths } from "../config/config.ts";
import { tryLock } from "../platform/lock.ts";

/** Two that start at once can be in each other's way for a moment; one that lives keeps its lock for longer. */
const LOCK_WAIT_MS = 250;

/** Takes the home's lock: the answer gives it back; undefined while another monitor has it. */
export function takeLock(paths: Paths): (() => void) | undefined {
  return tryLock(paths.monitorLock, LOCK_WAIT_MS)?.release;
}
