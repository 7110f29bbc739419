// Waits for a person: each is kept as it ends, and counted by statistics.

import type { DatabaseSync } from "node:sqlite";
import type { Statistics } from "../../contract/statistics.ts";
import type { Transition } from "../../session/transition.ts";
import { endedWaits } from "../../session/waits.ts";
import { integer, text } from "../columns.ts";
import type { Span } from "../port.ts";
import { COUNTED_OUTCOMES, summarizeWaits } from "../waits.ts";

export interface Waits {
  /** Keeps the waits that have ended in a step of the reducer. */
  keep(session: string, transitions: readonly Transition[]): void;
}

export function openWaits(db: DatabaseSync): Waits {
  const insert = db.prepare("INSERT OR IGNORE INTO wait VALUES (?, ?, ?, ?, ?, ?, ?)");
  return {
    keep(session, transitions) {
      for (const { id, kind, tool, since, until, outcome } of endedWaits(transitions))
        insert.run(session, id, kind, tool, since, until, outcome);
    },
  };
}

/** The waits that began and ended in the span, by kind and by what asked. */
export function waitsOf(
  db: DatabaseSync,
  { since, until }: Pick<Span, "since" | "until">,
  paths: readonly string[] | undefined,
): Statistics["waits"] {
  const marks = (values: readonly unknown[]) => values.map(() => "?").join();
  const inProject = paths ? ` AND session IN (SELECT id FROM session WHERE project IN (${marks(paths)}))` : "";
  const ended = db
    .prepare(`SELECT kind, tool, until - since AS ms FROM wait WHERE since BETWEEN ? AND ? AND until <= ?
      AND outcome IN (${marks(COUNTED_OUTCOMES)})${inProject}`)
    .all(since, until, until, ...COUNTED_OUTCOMES, ...(paths ?? []));
  return summarizeWaits(
    ended.map((row) => ({ kind: text(row, "kind"), tool: text(row, "tool"), ms: integer(row, "ms") })),
  );
}
