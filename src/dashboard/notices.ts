// Notifications, only when asked for: a session waits for you, a long turn ended, failures in a burst.
// - What was so when the page opened is not news.
// - One notification a session and kind: a newer one replaces it.

import { computed, effect, signal } from "@preact/signals";
import { projectName } from "../contract/project.ts";
import type { SessionSummary } from "../contract/session.ts";
import { onRows, sessions } from "./live.ts";
import { duration, plural } from "./model/format.ts";
import { notify } from "./preferences.ts";
import { linkTo } from "./route.ts";
import { askedCall } from "./view/card.tsx";

const LONG_TURN_MS = 60_000;
const BURST = 5;
const BURST_MS = 60_000;

const permission = signal(typeof Notification === "undefined" ? "denied" : Notification.permission);
export const noticesState = computed(() =>
  permission.value === "denied"
    ? "blocked by the browser"
    : notify.value && permission.value === "granted"
      ? "on"
      : "off",
);

/** Whoever has pressed the bell in vain is told why. */
export const saysBlocked = signal(false);

export async function toggleNotices(): Promise<void> {
  if (noticesState.value === "on") {
    notify.value = false;
    return;
  }
  if (permission.value !== "granted" && typeof Notification !== "undefined")
    permission.value = await Notification.requestPermission();
  notify.value = permission.value === "granted";
  saysBlocked.value = permission.value === "denied";
}

export interface Notice {
  readonly session: string;
  readonly kind: "waiting" | "turn" | "failures";
  readonly title: string;
  readonly body: string;
}

/** What is news between two states of a session. */
function noticeOf(before: SessionSummary | undefined, after: SessionSummary): Notice | undefined {
  if (!before || before.state === after.state) return undefined;
  const name = projectName(after) || "A session";
  const base = { session: after.id, body: after.prompt ?? after.title ?? "" };
  if (after.state === "waiting")
    return {
      ...base,
      kind: "waiting",
      title: `${name} waits for you`,
      body: askedCall(after)?.text ?? after.detail ?? "",
    };
  const lasted = after.since - before.since;
  if (before.state === "working" && after.state === "idle" && lasted >= LONG_TURN_MS)
    return { ...base, kind: "turn", title: `${name} is done after ${duration(lasted)}` };
  return undefined;
}

export function startNotices(): void {
  let known: ReadonlyMap<string, SessionSummary> = new Map();
  effect(() => {
    const current = sessions.value;
    if (known.size > 0)
      for (const [id, session] of current) {
        const notice = known.get(id) === session ? undefined : noticeOf(known.get(id), session);
        if (notice) show(notice);
      }
    known = current;
  });
  const failures = new Map<string, number[]>();
  onRows((rows) => {
    for (const row of rows) {
      if (!row.failed) continue;
      const recent = [...(failures.get(row.session) ?? []).filter((t) => row.t - t < BURST_MS), row.t];
      failures.set(row.session, recent.length >= BURST ? [] : recent);
      if (recent.length < BURST) continue;
      const session = sessions.peek().get(row.session);
      const name = projectName(session ?? {}) || "A session";
      show({
        session: row.session,
        kind: "failures",
        title: `${plural(recent.length, "failure")} in a minute: ${name}`,
        body: row.text ?? "",
      });
    }
  });
}

function show(notice: Notice): void {
  if (noticesState.peek() !== "on") return;
  const shown = new Notification(notice.title, {
    body: notice.body.slice(0, 160),
    tag: `${notice.kind}:${notice.session}`,
  });
  shown.onclick = () => {
    focus();
    location.hash = linkTo("session", notice.session);
    shown.close();
  };
}
