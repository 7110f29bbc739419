// Entries that are so large that reading one may end the relay: the kernel kills a process that takes too much memory.
// - Which one is being read is written down before. The relay that comes after one that was killed knows by that, and
//   reads it at most MAX_TRIES times: otherwise one event would hold up all that come behind it, for ever.

import { rmSync, writeFileSync } from "node:fs";
import { readText } from "../platform/read.ts";

/** Of a smaller entry hardly more is made than any relay has. Bytes. */
export const LARGE_BYTES = 4 * 1024 * 1024;
/** A relay may be killed for other reasons than what it reads. */
export const MAX_TRIES = 3;

export interface LargeEntries {
  /** Called before an entry is read; false where it has been tried often enough. */
  begin(name: string): boolean;
  /** Called when the entry of the last `begin` is read and understood. */
  end(): void;
}

/** @param file where it is written down: the name, and how often it was tried */
export function openLargeEntries(file: string): LargeEntries {
  let isReading = false;
  return {
    begin(name) {
      const tried = triesOf(file, name);
      isReading = true;
      if (tried >= MAX_TRIES) return false;
      try {
        writeFileSync(file, `${tried + 1} ${name}\n`, { mode: 0o600 });
      } catch {
        // A full disk: it is read all the same.
      }
      return true;
    },
    end() {
      if (!isReading) return;
      isReading = false;
      rmSync(file, { force: true });
    },
  };
}

/** How many relays began to read that entry, and said no more of it. */
function triesOf(file: string, name: string): number {
  const [, tries = "0", last] = /^(\d{1,9}) (.*)\n$/s.exec(readText(file) ?? "") ?? [];
  return last === name ? Number(tries) : 0;
}
