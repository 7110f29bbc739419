// Turns: each is kept when the next one begins; the latest is part of its session's state.

import type { DatabaseSync } from "node:sqlite";
import type { Tokens } from "../../contract/session.ts";
import type { Turn } from "../../contract/turn.ts";
import type { Step } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { TurnRecord } from "../../session/state.ts";
import { text } from "../columns.ts";
import { leftTurns, toldTurns } from "../turns.ts";

export interface Turns {
  /** Keeps the turns that a step has left behind. */
  keep(before: Session | undefined, step: Step): void;
  /** All turns of the session in order, each with the tokens of the answers that fell into it. */
  of(session: Session, answers: readonly { readonly t: number; readonly tokens: Tokens }[], now: number): Turn[];
}

export function openTurns(db: DatabaseSync): Turns {
  const insert = db.prepare("INSERT OR REPLACE INTO turn VALUES (?, ?, ?, ?)");
  const select = db.prepare("SELECT json FROM turn WHERE session = ? ORDER BY number");
  return {
    keep(before, step) {
      for (const turn of leftTurns(before, step))
        insert.run(step.session.id, turn.number, turn.startedAt, JSON.stringify(turn));
    },
    of(session, answers, now) {
      const kept = select.all(session.id).map((row) => TurnRecord.parse(JSON.parse(text(row, "json"))));
      return toldTurns(kept, session, answers, now);
    },
  };
}
