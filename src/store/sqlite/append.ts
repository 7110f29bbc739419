// Storing events: all of a batch in one transaction, or else each in one of its own.

import type { Envelope } from "../../contract/envelope.ts";
import type { EventRow } from "../../contract/row.ts";
import { errorMessage } from "../../platform/error.ts";
import { reduce } from "../../session/reduce.ts";
import type { Appended, Outcome } from "../port.ts";
import { type Prepared, prepare } from "../prepared.ts";
import { troubleOf } from "./file.ts";
import { openForgotten } from "./forgotten.ts";
import type { Indexed } from "./search-index.ts";
import type { WorkingSessions } from "./transaction.ts";
import { eventValues, INSERT_EVENT } from "./values.ts";
import type { WriterParts } from "./writer.ts";

/** An event that is to be stored. */
export interface Given {
  readonly session: string;
  /** Where it has no number yet, it gets this one. */
  prepared(next: number): Prepared;
}

/** What a client has sent. */
export const givenBy = (envelope: Envelope): Given => ({
  session: envelope.session_id,
  prepared: (next) => prepare(envelope.seq ? envelope : { ...envelope, seq: next }),
});

/** What was prepared where it was read. */
export const givenAs = (event: Prepared): Given => ({ session: event.row.session, prepared: () => event });

/** What stores events. What became of each is told; where they cannot be stored now, why, for those that have no outcome. */
export function openAppend({
  db,
  transactions,
  turns,
  waits,
  index,
  hours,
  committed,
}: Omit<WriterParts, "answers">): (batch: readonly Given[]) => Appended {
  const insert = db.prepare(INSERT_EVENT);
  const insertBody = db.prepare("INSERT INTO body VALUES (?, ?)");
  const forgotten = openForgotten(db);

  const addOne = (given: Given, sessions: WorkingSessions, texts: Indexed[]): EventRow | undefined => {
    const id = given.session;
    const before = sessions.find(id);
    const removed = before ? undefined : forgotten.of(id);
    const event = given.prepared((before?.maxSeq ?? removed ?? 0) + 1);
    const { changes, lastInsertRowid } = insert.run(...eventValues(event));
    if (changes === 0) return undefined;
    const n = Number(lastInsertRowid);
    insertBody.run(n, event.json);
    texts.push({ n, text: event.words });
    const { row, head } = event;
    const step = reduce(before, {
      kind: "event",
      row,
      head,
      ...(removed === undefined ? {} : { forgotten: Math.min(removed, row.seq - 1) }),
    });
    turns.keep(before, step);
    waits.keep(id, step.transitions);
    if (before && before.project !== step.session.project) hours.moved(before.firstAt, before.lastAt);
    sessions.put(step.session);
    return { n, ...row };
  };
  const addAll = (batch: readonly Given[]): Appended => {
    const texts: Indexed[] = [];
    const { value, sessions } = transactions.run((working) => {
      const outcomes: Outcome[] = [];
      const rows: EventRow[] = [];
      for (const envelope of batch) {
        const row = addOne(envelope, working, texts);
        outcomes.push({ kind: row ? "stored" : "repeated" });
        if (row) rows.push(row);
      }
      hours.changed(rows.map(({ t }) => t));
      const last = rows.at(-1);
      if (last) working.added(rows.length, last.n);
      return { outcomes, rows };
    });
    index.take(texts);
    if (value.rows.length > 0) committed({ rows: value.rows, sessions });
    return value;
  };
  /** Each alone: one that cannot be kept must not hold up the others for ever. */
  const addEach = (batch: readonly Given[]): Appended => {
    const outcomes: Outcome[] = [];
    const rows: EventRow[] = [];
    for (const one of batch) {
      const added = addBatch([one]);
      outcomes.push(...added.outcomes);
      rows.push(...added.rows);
      if (added.trouble) return { outcomes, rows, trouble: added.trouble };
    }
    return { outcomes, rows };
  };
  const addBatch = (batch: readonly Given[]): Appended => {
    try {
      return addAll(batch);
    } catch (error) {
      const trouble = troubleOf(error);
      if (trouble) return { outcomes: [], rows: [], trouble };
      if (batch.length > 1) return addEach(batch);
      const cause = errorMessage(error);
      return { outcomes: batch.map(() => ({ kind: "refused", reason: { code: "unstorable", cause } })), rows: [] };
    }
  };
  return addBatch;
}
