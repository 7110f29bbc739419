// What is kept of a session between two events, and what of it is shown.
// - Counts every event in its minute, and by seq what never came.
// - A session that an earlier version kept is read as one of this.

import type { EventRow } from "../contract/row.ts";
import type { SessionState, SessionSummary } from "../contract/session.ts";

const PULSE_MINUTES = 30;
const MINUTE_MS = 60_000;

/** Where a turn stands, apart from questions and compactions that hold it up. */
export interface Base {
  state: SessionState;
  since: number;
  detail?: string;
}

/** Something that only a person can answer. */
export interface Wait {
  readonly since: number;
  readonly detail: string;
  /** Absent: the main agent. */
  readonly agent?: string;
  /** Absent where no open call was found for it. */
  readonly call?: string;
  /** Known from a notification only: the next event of any kind says that it is over. */
  readonly hinted?: true;
}

/** The user has broken a turn off: a line of the transcript. */
export interface Interruption {
  /** ms since 1970 */
  readonly t: number;
  /** prompt_id of the turn; hosts before 2.1.196 have none. */
  readonly prompt?: string;
}

export interface Subagent {
  readonly id: string;
  type?: string;
  since: number;
  parent?: string;
  background?: true;
}

/** What is kept of a session and not shown. */
interface Hidden {
  base: Base;
  waits: Wait[];
  /** Since when it is compacting. */
  compacting?: number;
  /** prompt_id of the turn. */
  promptId?: string;
  interruption?: Interruption;
  /** Calls that a session left open when it ended: a deferred one is announced again when it is resumed. */
  left: string[];
  /** Calls whose end came without their beginning: it may come late, and opens nothing then. */
  ended: string[];
  /** Subagents that are over: one that goes on is in the background still, if it was. */
  over: Subagent[];
  maxSeq: number;
  /** Minute of the pulse's last element. */
  minute: number;
}

/** A SessionSummary while it grows: what the store keeps of a session. */
export type Session = {
  -readonly [K in keyof Omit<SessionSummary, "running" | "subagents" | "pulse">]: SessionSummary[K];
} & {
  running: SessionSummary["running"][number][];
  subagents: Subagent[];
  /** Events by minute. */
  pulse: number[];
} & Hidden;

/** What the envelope's head knows besides the row. */
export interface Context {
  readonly project: string;
  readonly cwd?: string;
  readonly host: string;
  readonly pid?: number;
  readonly entrypoint?: string;
  readonly model?: string;
  readonly title?: string;
  /** background_tasks of a Stop: what goes on after the turn. */
  readonly backgroundTasks?: number;
  /** session_crons of a Stop: prompts that come by themselves. */
  readonly scheduled?: number;
}

export type Row = Omit<EventRow, "n">;

export function begin(row: Row, context: Context): Session {
  return {
    id: row.session,
    project: context.project,
    host: context.host,
    state: "idle",
    since: row.t,
    firstAt: row.t,
    lastAt: row.t,
    origin: row.event === "SessionStart" ? (row.kind ?? "startup") : "joined",
    events: 0,
    failures: 0,
    turns: 0,
    toolCalls: 0,
    gaps: 0,
    running: [],
    subagents: [],
    base: { state: "idle", since: row.t },
    waits: [],
    left: [],
    ended: [],
    over: [],
    maxSeq: 0,
    pulse: new Array<number>(PULSE_MINUTES).fill(0),
    minute: Math.floor(row.t / MINUTE_MS),
  };
}

export function count(session: Session, row: Row): void {
  session.events++;
  session.maxSeq = Math.max(session.maxSeq, row.seq);
  session.gaps = Math.max(0, session.maxSeq - session.events);
  if (row.failed) session.failures++;
  const minute = Math.floor(row.t / MINUTE_MS);
  if (session.minute - minute >= PULSE_MINUTES) {
    // The clock was ahead, and is set right.
    session.pulse = new Array<number>(PULSE_MINUTES).fill(0);
    session.minute = minute;
  }
  const ahead = Math.min(PULSE_MINUTES, minute - session.minute);
  if (ahead > 0) {
    session.pulse = [...session.pulse.slice(ahead), ...new Array<number>(ahead).fill(0)];
    session.minute = minute;
  }
  const place = PULSE_MINUTES - 1 - (session.minute - minute);
  session.pulse[place] = (session.pulse[place] ?? 0) + 1;
}

/** A state that an earlier version kept, with what it did not know. */
export function complete(session: Session): Session {
  const { state, since, detail } = session;
  session.base ??= { state, since, ...(detail === undefined ? {} : { detail }) };
  session.waits ??= [];
  session.left ??= [];
  session.ended ??= [];
  session.over ??= [];
  return session;
}

/** What the API and the dashboard are given. @param now ms since 1970 */
export function summaryOf(session: Session, now: number): SessionSummary {
  const { base, waits, compacting, promptId, interruption, left, ended, over, maxSeq, minute, pulse, ...rest } =
    session;
  const late = Math.min(PULSE_MINUTES, Math.max(0, Math.floor(now / MINUTE_MS) - minute));
  return { ...rest, pulse: [...pulse.slice(late), ...new Array<number>(late).fill(0)] };
}
