// Directories of ours: readable by their owner alone.

import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes a directory, 0700, and those above it that are missing. Throws what the file system says.
 * Node's own `recursive` never returns where mkdir answers ENOENT below a directory that exists, as /proc does.
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && existsSync(path)) return;
    if (code !== "ENOENT" || existsSync(dirname(path))) throw error;
    makeDirectory(dirname(path));
    makeDirectory(path); // another process may have made it meanwhile
  }
}
