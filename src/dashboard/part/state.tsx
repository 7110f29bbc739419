// A session's state in a sign and a word.

import type { SessionState, SessionSummary } from "../../contract/session.ts";
import { now } from "../clock.ts";
import { timer } from "../model/format.ts";
import { own } from "../model/own.ts";
import { Icon, type IconName } from "./icon.tsx";

const SIGNS: Record<SessionState, { readonly icon: IconName; readonly word: string }> = {
  waiting: { icon: "wait", word: "Waits for you" },
  working: { icon: "work", word: "Working" },
  idle: { icon: "idle", word: "Idle" },
  interrupted: { icon: "interrupted", word: "Interrupted" },
  ended: { icon: "ended", word: "Ended" },
  lost: { icon: "lost", word: "Lost" },
};

export function StateSign({ session }: { session: Pick<SessionSummary, "state"> }) {
  const { icon, word } = own(SIGNS, session.state) ?? SIGNS.lost;
  return (
    <span class={`state is-${session.state}`}>
      <Icon name={icon} />
      {word}
    </span>
  );
}

/** How long since, counting on. */
export function Timer({ since }: { since: number }) {
  return <span class="num">{timer(now.value - since)}</span>;
}
