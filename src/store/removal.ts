// What removing means in every store.

import type { Session } from "../session/state.ts";
import type { Removed } from "./port.ts";

export const NOTHING_REMOVED: Removed = { events: 0, sessions: 0, answers: 0 };

export const allRemoved = (a: Removed, b: Removed): Removed => ({
  events: a.events + b.events,
  sessions: a.sessions + b.sessions,
  answers: a.answers + b.answers,
});

/** The session without what is older than the limit, ms since 1970. */
export function younger(session: Session, before: number): Session {
  const { firstPrompt: _firstPrompt, prompt, turn, signals, watch, ...rest } = session;
  const isOld = turn === undefined || turn.startedAt < before;
  const lately = signals?.filter(({ until }) => until >= before) ?? [];
  return {
    ...rest,
    firstAt: Math.max(session.firstAt, before),
    ...(prompt === undefined || isOld ? {} : { prompt }),
    ...(lately.length > 0 ? { signals: lately } : {}),
    // Calls and files are those of the turn.
    ...(watch ? { watch: isOld ? { ...watch, calls: [], files: [] } : watch } : {}),
    ...(turn === undefined ? {} : { turn: isOld ? { ...turn, prompt: "" } : turn }),
  };
}

/** Why something goes: by a limit, which consumers that have not read it are told as missed, or as a person asked for it. */
export type Because = "limit" | "asked";
