// What a session is beside its events, as facts: for whoever hands a session on to another store.

import type { SessionSummary } from "../contract/session.ts";
import type { Fact } from "../session/input.ts";

/** Its branch, and that its process is gone or that a person broke it off: no event says so. */
export function factsOf({ branch, state, lastAt, since }: SessionSummary) {
  return [
    ...(branch === undefined ? [] : [{ kind: "branch", t: lastAt, branch } as const]),
    ...(state === "lost" ? [{ kind: "gone", t: since } as const] : []),
    ...(state === "interrupted" ? [{ kind: "interrupted", t: since } as const] : []),
  ] satisfies Fact[];
}
