// What API and dashboard are given of a session: its state as it is seen at a time.

import type { SessionSummary } from "../contract/session.ts";
import { signalsOf } from "./signals.ts";
import type { Session } from "./state.ts";
import { summaryPulse } from "./tally.ts";
import { detailOf } from "./texts.ts";

/** So much of an answer stands in lists, characters. */
const MAX_ANSWER = 600;

/** What API and dashboard are given of a session; `now` is ms since 1970. */
export function summaryOf(session: Session, now: number): SessionSummary {
  const {
    version: _version,
    base: _base,
    turn,
    promptId: _promptId,
    interruption: _interruption,
    compacting: _compacting,
    left: _left,
    ended: _ended,
    over: _over,
    asked: _asked,
    told: _told,
    maxSeq: _maxSeq,
    forgotten: _forgotten,
    minute,
    pulse,
    pidns,
    reason,
    running,
    waits,
    subagents,
    watch: _watch,
    signals: _signals,
    ...rest
  } = session;
  const signals = signalsOf(session, now);
  const detail = reason && detailOf(reason);
  const answer = turn?.state === "open" ? undefined : turn?.answer?.slice(0, MAX_ANSWER);
  return {
    ...rest,
    running: [...running],
    waits: [...waits],
    subagents: [...subagents],
    ...(pidns === undefined ? {} : { pidns }),
    ...(reason === undefined ? {} : { reason }),
    ...(detail === undefined ? {} : { detail }),
    ...(answer ? { answer } : {}),
    ...(signals.length > 0 ? { signals: [...signals] } : {}),
    pulse: summaryPulse(pulse, minute, now),
  };
}
