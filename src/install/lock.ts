// One installer at a time in a home.

import { join } from "node:path";
import { withLock } from "../platform/lock.ts";

const PATIENCE_MS = 60_000;

/** Runs the work while no other installer of this home does; waits for one that is at it, and throws where that takes too long. */
export async function withInstallLock<T>(home: string, work: () => Promise<T>): Promise<T> {
  const file = join(home, "install.lock");
  const worked = await withLock(file, PATIENCE_MS, work);
  if (!worked) throw new Error(`Another mpm install or uninstall is at work (it holds ${file}). Try again.`);
  return worked.value;
}
