// In place of what a machine does not share with its team.

import type { SessionSummary } from "../../contract/session.ts";
import { sessions } from "../live.ts";

/** Where a text would stand. */
export function NotShared({ what = "not shared" }: { what?: string }) {
  return <span class="not-shared">{what}</span>;
}

const LEFT: Record<NonNullable<SessionSummary["shared"]>, string> = {
  metadata: "Its machine shares names, times and sizes. What was said, run and changed stays there.",
  hashed:
    "Its machine shares names, times, sizes, and hashes of paths and commands. What was said, run and changed stays there.",
};

/** Once for all of a session. */
export function SharedPart({ session: { shared } }: { session: SessionSummary }) {
  return shared ? <p class="not-shared">{LEFT[shared]}</p> : null;
}

/** Whether a view of several sessions misses something for that reason. */
export const missesSome = (): boolean => [...sessions.value.values()].some(({ shared }) => shared !== undefined);
