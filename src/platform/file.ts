// Files that are replaced in one step: whoever reads sees the old content or the new one, never a part.
// - `durable` is about power cuts, not about kills: it costs a flush to the disk. What a process of ours says of itself
//   while it lives (pid, address, status) goes without; what has to be there afterwards (token, installed copy) takes it.

import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

export interface Replacement {
  /** Whatever the umask is. Default: 0600. */
  readonly mode?: number;
  /** The content and its name are on the disk before the call returns. Default: false. */
  readonly durable?: boolean;
}

/**
 * Writes a file aside and moves it into its place; the directory has to be there. Throws what the file system says, its
 * `path` being the file's.
 */
export function replaceFile(
  file: string,
  content: Uint8Array | string,
  { mode = 0o600, durable = false }: Replacement = {},
): void {
  const aside = `${file}.${process.pid}.new`;
  try {
    rmSync(aside, { force: true }); // of a process that was killed here; a link there is not written through
    const descriptor = openSync(aside, "wx", mode);
    try {
      writeFileSync(descriptor, content);
      if (durable) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (mode !== 0o600) chmodSync(aside, mode); // what the umask may have taken
    renameSync(aside, file);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error instanceof Error ? Object.assign(error, { path: file }) : error;
  }
  if (durable) flushDirectory(dirname(file));
}

/** Brings the names in a directory to the disk, where the system can do that. */
function flushDirectory(directory: string): void {
  try {
    const descriptor = openSync(directory, "r");
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // Windows opens no directories, and some file systems flush none: the name is there after the next flush of theirs
  }
}
