// Whether a person is asked, and has answered: what the host's session file and its processes say about open questions.

import type { OpenWait, SessionSummary } from "../contract/session.ts";
import type { Fact } from "../session/input.ts";
import { SURE_MS } from "../session/open.ts";
import type { SessionFile } from "./session-file.ts";

/** Questions that the host does not show within this time are answered by something else. */
const UNASKED_MS = 3000;

/** A process that the host has started and that has lived for a while; `since` is ms since 1970. */
export interface Child {
  readonly since: number;
}

export interface Looked {
  /** Undefined: there is none, or it is of another session. */
  readonly file: SessionFile | undefined;
  /** Looked for only where there is no file. */
  readonly children: readonly Child[];
  /** For how long the newest question has been known, ms. */
  readonly forMs: number;
  /** ms since 1970 */
  readonly now: number;
}

/** What has become known of the session's questions. */
export function learned(
  session: Pick<SessionSummary, "state" | "waits">,
  { file, children, forMs, now }: Looked,
): Fact[] {
  const open = session.waits.filter(({ for: { code } }) => code !== "prompt");
  const unsure = open.some(({ sure }) => !sure);
  const changedAt = file?.statusUpdatedAt;
  if (file?.status === undefined || changedAt === undefined) {
    const answeredAt = startedFor(open, children);
    if (answeredAt !== undefined) return [{ kind: "answered", t: answeredAt.t, call: answeredAt.call }];
    return unsure && forMs >= SURE_MS ? [{ kind: "asked", t: now }] : [];
  }
  if (file.status === "waiting") {
    if (forMs < SURE_MS) return [];
    if (unsure) return [{ kind: "asked", t: now }];
    const isNews = open.length === 0 && session.state === "working";
    return isNews ? [{ kind: "waiting", t: changedAt, ...(file.waitingFor ? { text: file.waitingFor } : {}) }] : [];
  }
  if (open.some(({ since }) => since < changedAt)) return [{ kind: "answered", t: changedAt }];
  return unsure && forMs >= UNASKED_MS ? [{ kind: "unasked", t: now }] : [];
}

/** The command that a person has allowed runs: the host has started a process since. Hooks are started at once, or are short. */
function startedFor(open: readonly OpenWait[], children: readonly Child[]): { t: number; call: string } | undefined {
  for (const { for: reason, since, call } of open) {
    if (call === undefined || reason.code !== "permission" || reason.tool !== "Bash") continue;
    const child = children.find((one) => one.since >= since + SURE_MS);
    if (child) return { t: child.since, call };
  }
  return undefined;
}
