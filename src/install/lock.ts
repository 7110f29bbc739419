// One installer at a time in a home: a lock that ends with its process, however that ends.

import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const PATIENCE_MS = 60_000;

/** Runs the work while no other installer of this home does; waits for one that is at it. */
export async function alone<T>(home: string, work: () => Promise<T>): Promise<T> {
  const file = join(home, "install.lock");
  closeSync(openSync(file, "a", 0o600));
  const lock = new DatabaseSync(file, { timeout: PATIENCE_MS });
  try {
    try {
      lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE"); // no journal: no second file beside it
    } catch (error) {
      throw new Error(`Another mpm install or uninstall is at work (${file}: ${(error as Error).message}). Try again.`);
    }
    return await work();
  } finally {
    lock.close();
  }
}
