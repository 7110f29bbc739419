// What is counted of a session's events: how many, in which minute, and by seq what never came.

import type { Row } from "./input.ts";
import { MINUTE_MS, PULSE_MINUTES, type SessionDraft } from "./state.ts";

/** Counts one more event; the answer is how many numbers before it are missing that were not known to be. */
export function count(session: SessionDraft, row: Row): number {
  session.events++;
  if (row.failed) session.failures++;
  if (row.source === "transcript") {
    countTold(session, row);
    return 0;
  }
  const missing = Math.max(0, row.seq - session.maxSeq - 1);
  session.maxSeq = Math.max(session.maxSeq, row.seq);
  session.gaps = Math.max(0, session.maxSeq - (session.events - session.told) - (session.forgotten ?? 0));
  session.lastAt = Math.max(session.lastAt, row.t);
  beat(session, Math.floor(row.t / MINUTE_MS));
  return missing;
}

/** A transcript may be read long after what it tells of: it has no numbers, and no beat where that is long ago. */
function countTold(session: SessionDraft, { t }: Row): void {
  session.told++;
  session.firstAt = Math.min(session.firstAt, t);
  session.lastAt = Math.max(session.lastAt, t);
  const minute = Math.floor(t / MINUTE_MS);
  if (session.minute - minute < PULSE_MINUTES) beat(session, minute);
}

function beat(session: SessionDraft, minute: number): void {
  if (session.minute - minute >= PULSE_MINUTES) {
    // The clock was ahead, and is set right.
    session.pulse = new Array<number>(PULSE_MINUTES).fill(0);
    session.minute = minute;
  }
  const ahead = Math.max(0, minute - session.minute);
  const pulse = shifted(session.pulse, ahead);
  session.minute += ahead;
  const place = PULSE_MINUTES - 1 - (session.minute - minute);
  pulse[place] = (pulse[place] ?? 0) + 1;
  session.pulse = pulse;
}

/** The pulse as it is seen at a time; ms since 1970. */
export function summaryPulse(pulse: readonly number[], minute: number, now: number): number[] {
  return shifted(pulse, Math.max(0, Math.floor(now / MINUTE_MS) - minute));
}

function shifted(pulse: readonly number[], by: number): number[] {
  const ahead = Math.min(PULSE_MINUTES, by);
  return ahead === 0 ? pulse.slice() : [...pulse.slice(ahead), ...new Array<number>(ahead).fill(0)];
}
