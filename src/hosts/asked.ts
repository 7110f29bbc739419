// Whether a person is asked, and has answered: what the host's session file and its processes say about open questions.

import type { OpenWait, SessionSummary } from "../contract/session.ts";
import type { Fact } from "../session/input.ts";
import { SURE_MS } from "../session/open.ts";
import type { SessionFile } from "./session-file.ts";

/** Questions that the host does not show within this time are answered by something else. */
const UNASKED_MS = 3000;

/** Hooks and the like are gone by then; a tool's command that is, is not missed. */
const LIVED_MS = 1000;
/** A question is on the screen all the while: after this long it is said that it waits, whatever hook is at work still. */
const HELD_MS = 10_000;

/** A process that the host has started. */
export interface Child {
  /** ms since 1970 */
  readonly since: number;
  /** It is a hook's, as its environment says. */
  readonly isHook: boolean;
}

export interface Looked {
  /** Undefined: there is none, or it is of another session. */
  readonly file: SessionFile | undefined;
  readonly children: readonly Child[];
  /** For how long the newest question has been known and no hook was at work on any, ms. */
  readonly forMs: number;
  /** ms since 1970 */
  readonly now: number;
}

/** The questions that a hook is at work on now: it was started when they came up. */
export function hookedOf(waits: readonly OpenWait[], children: readonly Child[]): OpenWait[] {
  const hooks = children.filter(({ isHook }) => isHook);
  return waits.filter(
    ({ for: { code }, since }) => code !== "prompt" && hooks.some((hook) => Math.abs(hook.since - since) < SURE_MS),
  );
}

/** What has become known of the session's questions. */
export function learned(
  session: Pick<SessionSummary, "state" | "waits">,
  { file, children, forMs, now }: Looked,
): Fact[] {
  const open = session.waits.filter(({ for: { code } }) => code !== "prompt");
  const hooked = hookedOf(open, children);
  const { status, statusUpdatedAt: changedAt } = file ?? {};
  const tells = status !== undefined && changedAt !== undefined;
  if (tells && status !== "waiting" && open.some(({ since }) => since < changedAt)) {
    // A hook that outlives the question has not answered it.
    const beaten = hooked.length > 0 ? [{ kind: "asked", t: now } as const] : [];
    return [...beaten, { kind: "answered", t: changedAt }];
  }
  if (hooked.length > 0) return whileHooked(hooked, now);
  const unsure = open.some((wait) => !wait.sure || wait.hooked);
  if (!tells) {
    const answeredAt = startedFor(open, children, now);
    if (answeredAt !== undefined) return [{ kind: "answered", t: answeredAt.t, call: answeredAt.call }];
    return unsure && forMs >= SURE_MS ? [{ kind: "asked", t: now }] : [];
  }
  if (status !== "waiting") return unsure && forMs >= UNASKED_MS ? [{ kind: "unasked", t: now }] : [];
  if (forMs < SURE_MS) return [];
  if (unsure) return [{ kind: "asked", t: now }];
  const isNews = open.length === 0 && session.state === "working";
  return isNews ? [{ kind: "waiting", t: changedAt, ...(file?.waitingFor ? { text: file.waitingFor } : {}) }] : [];
}

function whileHooked(hooked: readonly OpenWait[], now: number): Fact[] {
  const news = hooked.filter((wait) => !wait.hooked);
  if (news.length > 0) return [{ kind: "hooked", t: now, waits: news.map(({ id }) => id) }];
  const isLong = hooked.some(({ since, sure }) => !sure && now - since >= HELD_MS);
  return isLong ? [{ kind: "asked", t: now, beside: true }] : [];
}

/** The command that a person has allowed runs: the host has started a process since that is no hook. */
function startedFor(
  open: readonly OpenWait[],
  children: readonly Child[],
  now: number,
): { t: number; call: string } | undefined {
  const commands = children.filter(({ since, isHook }) => !isHook && now - since >= LIVED_MS);
  for (const { for: reason, since, call } of open) {
    if (call === undefined || reason.code !== "permission" || reason.tool !== "Bash") continue;
    const child = commands.find((one) => one.since >= since + SURE_MS);
    if (child) return { t: child.since, call };
  }
  return undefined;
}
