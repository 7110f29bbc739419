// How far sessions had counted that were removed: so that one which goes on is not taken for one that has lost events.
// - Nothing else is kept of them, and they are named by a hash.

import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { integer } from "../columns.ts";

export interface Forgotten {
  /** The highest number that the removed session had; undefined where none was removed. */
  of(session: string): number | undefined;
  keep(session: string, seq: number): void;
}

export function openForgotten(db: DatabaseSync): Forgotten {
  const find = db.prepare("SELECT seq FROM forgotten WHERE session = ?");
  const keep = db.prepare("INSERT OR REPLACE INTO forgotten VALUES (?, ?)");
  const nameOf = (session: string) => createHash("sha256").update(session).digest("hex").slice(0, 32);
  return {
    of(session) {
      const found = find.get(nameOf(session));
      return found && integer(found, "seq");
    },
    keep: (session, seq) => void keep.run(nameOf(session), seq),
  };
}
