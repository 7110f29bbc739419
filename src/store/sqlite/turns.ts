// Turns: each is kept when the next one begins; the latest is part of its session's state.

import type { DatabaseSync } from "node:sqlite";
import type { Tokens } from "../../contract/session.ts";
import type { Turn } from "../../contract/turn.ts";
import type { Step } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { TurnRecord } from "../../session/state.ts";
import { integer, text } from "../columns.ts";
import type { TurnStretch } from "../port.ts";
import { keptFor, leftTurns, sinceOf, type TurnStart, toldTurns, turnStarts } from "../turns.ts";

/** As a limit. */
const ALL = -1;

interface Answered {
  readonly t: number;
  readonly tokens: Tokens;
}

export interface Turns {
  /** Keeps the turns that a step has left behind. */
  keep(before: Session | undefined, step: Step): void;
  /** The turns of the session in order, or a stretch, each with the tokens of the answers that fell into it. */
  of(session: Session, answersSince: (t: number) => readonly Answered[], now: number, stretch?: TurnStretch): Turn[];
  starts(session: Session): readonly TurnStart[];
}

export function openTurns(db: DatabaseSync): Turns {
  const insert = db.prepare("INSERT OR REPLACE INTO turn VALUES (?, ?, ?, ?)");
  const select = db.prepare("SELECT json FROM turn WHERE session = ? AND number <= ? ORDER BY number DESC LIMIT ?");
  const starts = db.prepare("SELECT number, started_at FROM turn WHERE session = ? ORDER BY number");
  return {
    keep(before, step) {
      for (const turn of leftTurns(before, step))
        insert.run(step.session.id, turn.number, turn.startedAt, JSON.stringify(turn));
    },
    of(session, answersSince, now, stretch = {}) {
      const { limit, last } = keptFor(stretch);
      const found = select.all(session.id, last, limit ?? ALL).reverse();
      const kept = found.map((row) => TurnRecord.parse(JSON.parse(text(row, "json"))));
      return toldTurns(kept, session, answersSince(sinceOf(kept, limit)), now, stretch);
    },
    starts(session) {
      const kept = starts.all(session.id);
      return turnStarts(
        kept.map((row) => ({ number: integer(row, "number"), startedAt: integer(row, "started_at") })),
        session,
      );
    },
  };
}
