// Turns: each is kept when the next one begins; the latest is part of its session's state.

import type { DatabaseSync } from "node:sqlite";
import type { Tokens } from "../../contract/session.ts";
import type { Turn } from "../../contract/turn.ts";
import type { Step } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { foldTurn, TurnRecord, turnOf } from "../../session/turns.ts";
import { plus } from "./answers.ts";
import { text } from "./values.ts";

/** Nothing is open any more in a turn that another has followed. */
const NOTHING_OPEN = { running: [], waits: [], subagents: [], over: [] };

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
    keep(before, { session, transitions }) {
      if (!transitions.some(({ type }) => type === "turnStarted")) return;
      let turn = before?.turn;
      for (const transition of transitions) {
        const next = foldTurn(turn, transition, session);
        if (turn && next && next.number !== turn.number)
          insert.run(session.id, turn.number, turn.startedAt, JSON.stringify(turn));
        turn = next;
      }
    },
    of(session, answers, now) {
      const { turn } = session;
      const past = select.all(session.id).map((row) => TurnRecord.parse(JSON.parse(text(row, "json"))));
      const turns = past
        .filter(({ number }) => number !== turn?.number)
        .map((record) => turnOf(record, NOTHING_OPEN, record.latest));
      if (turn) turns.push(turnOf(turn, session, now));
      return withTokens(turns, answers);
    },
  };
}

/** An answer belongs to the last turn that began before it. */
function withTokens(
  turns: readonly Turn[],
  answers: readonly { readonly t: number; readonly tokens: Tokens }[],
): Turn[] {
  const sums = new Map<number, Tokens>();
  for (const { t, tokens } of answers) {
    const turn = turns.findLast(({ startedAt }) => startedAt <= t) ?? turns[0];
    if (!turn) continue;
    const before = sums.get(turn.number);
    sums.set(turn.number, before ? plus(before, tokens) : tokens);
  }
  return turns.map((turn) => {
    const tokens = sums.get(turn.number);
    return tokens ? { ...turn, tokens } : turn;
  });
}
