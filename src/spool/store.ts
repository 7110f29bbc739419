// Stores an entry from Node, as hooks/mpm-hook does from the shell.

import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeDirectory } from "../platform/directory.ts";
import { errorCode } from "../platform/error.ts";
import { encodeEntry, entryName, type Origin } from "./entry.ts";

/** Names have four digits for it. */
const MAX_N = 9999;
/** The last name that this process gave: none is given twice, or the later event would be taken for the earlier one. */
let last = { uptime: "", n: -1 };

/** Writes a new entry. @returns its name; throws what the file system says, and then no entry is whole */
export function storeEntry(spool: string, origin: Origin, payload: Buffer | string): string {
  makeDirectory(spool);
  const uptime = uptimeText();
  for (let n = uptime === last.uptime ? last.n + 1 : 0; ; n++) {
    const name = entryName(uptime, process.pid, n);
    let descriptor: number;
    try {
      descriptor = openSync(join(spool, name), "wx", 0o600);
    } catch (error) {
      if (errorCode(error) === "EEXIST" && n < MAX_N) continue;
      throw error;
    }
    last = { uptime, n };
    try {
      const bytes = encodeEntry(origin, payload);
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
    } finally {
      closeSync(descriptor);
    }
    return name;
  }
}

/** The kernel's uptime as the shell reads it; "" where there is no /proc. */
function uptimeText(): string {
  try {
    return readFileSync("/proc/uptime", "utf8").split(" ")[0] ?? "";
  } catch {
    return "";
  }
}
