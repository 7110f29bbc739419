// How long a session has lasted: until its end, or until now while it goes on.

import type { SessionSummary } from "../../contract/session.ts";

export function goesOn({ state }: Pick<SessionSummary, "state">): boolean {
  return state !== "ended" && state !== "lost";
}

/** ms; `now` is ms since 1970. */
export function lastedOf(session: Pick<SessionSummary, "state" | "firstAt" | "lastAt">, now: number): number {
  return (goesOn(session) ? Math.max(now, session.lastAt) : session.lastAt) - session.firstAt;
}
