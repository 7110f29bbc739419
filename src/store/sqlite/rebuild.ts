// Sessions that an earlier version kept, told anew from their events: with their turns and all that is known of them now.
// - One session a step, the latest first, while nothing else is done; one that is asked for is told at once.
// - Of those that version 2 kept, their waits and signals alone are told, and of later ones their signals: the rest is as
//   it would be now.
// - What was counted stays: events that retention has removed are neither counted again nor missing.

import type { DatabaseSync } from "node:sqlite";
import type { Envelope } from "../../contract/envelope.ts";
import type { Session } from "../../session/state.ts";
import { maybeText, text } from "../columns.ts";
import { MAX_TOLD, tellAnew, withSignals } from "../told.ts";
import type { Transactions } from "./transaction.ts";
import type { Turns } from "./turns.ts";
import type { Waits } from "./waits.ts";

/** Ids that are read at a time. */
const QUEUE = 1000;
/** Between two steps others get their turn, ms. */
const PAUSE_MS = 2;
/** After a step that failed, ms. */
const AGAIN_MS = 60_000;

export interface Rebuild {
  /** Something is left to do. */
  readonly isRunning: boolean;
  /** Tells one session now, if it is still to be told. */
  tell(id: string): void;
  close(): void;
}

export function openRebuild(db: DatabaseSync, transactions: Transactions, turns: Turns, waits: Waits): Rebuild {
  const waitingPart = db.prepare("SELECT part FROM rebuild WHERE session = ?");
  const waiting = db.prepare(`SELECT r.session FROM rebuild r LEFT JOIN session s ON s.id = r.session
    ORDER BY s.last_at DESC LIMIT ${QUEUE}`);
  const done = db.prepare("DELETE FROM rebuild WHERE session = ?");
  const events = db.prepare(
    `SELECT b.json FROM event e JOIN body b ON b.n = e.n WHERE e.session = ? ORDER BY e.n LIMIT ${MAX_TOLD + 1}`,
  );
  let queue: string[] = [];
  let timer: NodeJS.Timeout | undefined;

  const tell = (id: string): void => {
    const asked = waitingPart.get(id);
    if (!asked) return;
    transactions.run((sessions) => {
      done.run(id);
      const before = sessions.find(id);
      const kept = events.all(id).map((row): Envelope => JSON.parse(text(row, "json")));
      if (!before || kept.length > MAX_TOLD) return;
      const part = maybeText(asked, "part");
      const told = tellAnew(kept, (earlier, step) => {
        if (part === undefined) turns.keep(earlier, step);
        if (part !== "signals") waits.keep(step.session.id, step.transitions);
      });
      if (told) sessions.put(part === undefined ? { ...told, ...countsOf(before) } : withSignals(before, told));
    });
  };
  const step = (): void => {
    timer = undefined;
    try {
      if (queue.length === 0) queue = waiting.all().map((row) => text(row, "session"));
      const id = queue.shift();
      if (id === undefined) return;
      tell(id);
      timer = setTimeout(step, PAUSE_MS).unref();
    } catch {
      timer = setTimeout(step, AGAIN_MS).unref(); // a full disk, another writer
    }
  };
  if (waiting.get()) timer = setTimeout(step, PAUSE_MS).unref();
  return {
    get isRunning() {
      return timer !== undefined;
    },
    tell,
    close: () => clearTimeout(timer),
  };
}

/** What events that are there no more have counted, and what did not come from events. */
function countsOf(before: Session): Partial<Session> {
  const { events, failures, toolCalls, gaps, maxSeq, firstAt, origin, tokens, cost, branch } = before;
  return {
    ...{ events, failures, toolCalls, gaps, maxSeq, firstAt, origin },
    ...(tokens ? { tokens } : {}),
    ...(cost === undefined ? {} : { cost }),
    ...(branch ? { branch } : {}),
  };
}
