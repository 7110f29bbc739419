// What a session is doing, derived event by event. Pure: a state and an event give the next state.
// - Any event may be the first: a session that was joined in the middle is shown as that.
// - Calls are paired by tool_use_id; what a batch, a turn or the session leaves open was denied or interrupted.
// - The end of a background call is its launch; a background subagent outlives the turn.
// - seq counts every event: what the highest number promises and the count does not show was lost.
// Source of the meanings: the hooks reference of Claude Code (host 2.1.330).

import type { EventRow, SessionState, SessionSummary } from "../protocol.ts";

const PULSE_MINUTES = 30;
const MINUTE_MS = 60_000;
const ASKS_A_PERSON = new Set(["AskUserQuestion", "ExitPlanMode"]);

/** A SessionSummary while it grows: what the store keeps of a session. */
export type Session = {
  -readonly [K in keyof Omit<SessionSummary, "running" | "subagents" | "pulse">]: SessionSummary[K];
} & {
  running: SessionSummary["running"][number][];
  subagents: { id: string; type?: string; since: number; parent?: string; background?: true }[];
  maxSeq: number;
  /** Events by minute; `minute` is that of the last element. */
  pulse: number[];
  minute: number;
};

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
}

/** The state after one more event. Changes and returns the state it is given. */
export function advance(before: Session | undefined, row: Omit<EventRow, "n">, context: Context): Session {
  const session = before ?? begin(row, context);
  count(session, row);
  session.lastAt = Math.max(session.lastAt, row.t);
  session.host = context.host;
  if (context.cwd) session.cwd = context.cwd;
  if (context.pid !== undefined) session.pid = context.pid;
  if (context.entrypoint) session.entrypoint = context.entrypoint;
  if (context.model) session.model = context.model;
  if (context.title) session.title = context.title;
  (Object.hasOwn(ON, row.event) ? (ON[row.event] ?? ignore) : ignore)(session, row, context);
  return session;
}

/** The process of the session's host is gone without a word. */
export function lose(session: Session, t: number): void {
  closeAll(session);
  enter(session, "lost", t, "Claude Code ended without saying so");
}

/** What the API and the dashboard are given. @param now ms since 1970 */
export function summaryOf(session: Session, now: number): SessionSummary {
  const { maxSeq: _maxSeq, minute, pulse, ...rest } = session;
  const late = Math.min(PULSE_MINUTES, Math.max(0, Math.floor(now / MINUTE_MS) - minute));
  return { ...rest, pulse: [...pulse.slice(late), ...new Array<number>(late).fill(0)] };
}

function begin(row: Omit<EventRow, "n">, context: Context): Session {
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
    maxSeq: 0,
    pulse: new Array<number>(PULSE_MINUTES).fill(0),
    minute: Math.floor(row.t / MINUTE_MS),
  };
}

function count(session: Session, row: Omit<EventRow, "n">): void {
  session.events++;
  session.maxSeq = Math.max(session.maxSeq, row.seq);
  session.gaps = Math.max(0, session.maxSeq - session.events);
  if (row.failed) session.failures++;
  const minute = Math.floor(row.t / MINUTE_MS);
  const ahead = Math.min(PULSE_MINUTES, minute - session.minute);
  if (ahead > 0) {
    session.pulse = [...session.pulse.slice(ahead), ...new Array<number>(ahead).fill(0)];
    session.minute = minute;
  }
  const place = PULSE_MINUTES - 1 - (session.minute - minute);
  if (place >= 0 && place < PULSE_MINUTES) session.pulse[place] = (session.pulse[place] ?? 0) + 1;
}

type Handler = (session: Session, row: Omit<EventRow, "n">, context: Context) => void;

const ignore: Handler = () => {};

const ON: Readonly<Record<string, Handler>> = {
  SessionStart(session, row) {
    if (row.kind === "compact") return; // the same turn goes on
    if (session.events > 1 && row.kind) session.origin = row.kind;
    closeAll(session);
    enter(session, "idle", row.t, row.kind);
  },
  UserPromptSubmit(session, row) {
    closeTurn(session);
    session.turns++;
    if (row.text) session.prompt = row.text;
    enter(session, "working", row.t);
  },
  PreToolUse(session, row) {
    session.toolCalls++;
    const call = row.call ?? `${row.t}`;
    session.running = session.running.filter((open) => open.call !== call);
    session.running.push({
      call,
      tool: row.tool ?? "",
      since: row.t,
      ...(row.text ? { text: row.text } : {}),
      ...(row.agent ? { agent: row.agent } : {}),
    });
    if (ASKS_A_PERSON.has(row.tool ?? ""))
      enter(
        session,
        "waiting",
        row.t,
        row.tool === "ExitPlanMode" ? "approval of its plan" : "an answer to its question",
      );
    else goOn(session, row);
  },
  PermissionRequest(session, row) {
    enter(session, "waiting", row.t, `permission for ${row.tool ?? "a tool"}`);
  },
  PermissionDenied: endCall,
  PostToolUse(session, row) {
    endCall(session, row);
    if (!row.child) return;
    let known = session.subagents.find(({ id }) => id === row.child);
    if (!known && row.background) {
      // The launch and the first sign of life come at the same time, in any order.
      known = { id: row.child, since: row.t };
      session.subagents.push(known);
    }
    if (known) {
      if (row.agent) known.parent = row.agent;
      if (row.background) known.background = true;
    }
  },
  PostToolUseFailure: endCall,
  PostToolBatch(session, row) {
    // Without an end of their own, the calls of the batch were denied or invalid.
    session.running = session.running.filter((open) => open.agent !== row.agent);
    goOn(session, row);
  },
  Notification(session, row) {
    if (row.kind === "permission_prompt") enter(session, "waiting", row.t, row.text ?? "a permission");
    else if (row.kind === "idle_prompt") enter(session, "waiting", row.t, "your next prompt");
    else if (
      row.kind === "elicitation_dialog" ||
      row.kind === "elicitation_url_dialog" ||
      row.kind === "agent_needs_input"
    )
      enter(session, "waiting", row.t, row.text ?? "your input");
  },
  Elicitation(session, row) {
    enter(session, "waiting", row.t, `an answer for ${row.kind ?? "an MCP server"}`);
  },
  ElicitationResult: goOn,
  SubagentStart(session, row) {
    if (!row.agent) return;
    const launched = session.subagents.find(({ id }) => id === row.agent);
    session.subagents = session.subagents.filter(({ id }) => id !== row.agent);
    // Until the call that started it ends, its parent is not known (PostToolUse(Agent) names it).
    session.subagents.push({
      ...launched,
      id: row.agent,
      since: row.t,
      ...(row.agentType ? { type: row.agentType } : {}),
    });
  },
  SubagentStop(session, row) {
    if (!row.agent) return;
    session.subagents = session.subagents.filter(({ id }) => id !== row.agent);
    session.running = session.running.filter((open) => open.agent !== row.agent);
  },
  Stop(session, row, context) {
    closeTurn(session);
    const tasks = context.backgroundTasks ?? 0;
    enter(session, "idle", row.t, tasks > 0 ? `${tasks} in the background` : undefined);
  },
  StopFailure(session, row) {
    closeTurn(session);
    enter(session, "idle", row.t, `the turn failed: ${row.kind ?? row.text ?? "unknown"}`);
  },
  PreCompact(session, row) {
    enter(session, "working", row.t, "compacting");
  },
  PostCompact(session, row) {
    enter(session, "working", row.t);
  },
  SessionEnd(session, row) {
    closeAll(session);
    enter(session, "ended", row.t, row.kind);
  },
};

function endCall(session: Session, row: Omit<EventRow, "n">): void {
  session.running = session.running.filter((open) => open.call !== row.call);
  goOn(session, row);
}

/** Work goes on: whatever was waited for has come. */
function goOn(session: Session, row: Omit<EventRow, "n">): void {
  if (session.state !== "working" && !(row.agent && session.state === "idle")) enter(session, "working", row.t);
}

function enter(session: Session, state: SessionState, t: number, detail?: string): void {
  if (session.state !== state || session.detail !== detail) session.since = t;
  session.state = state;
  if (detail === undefined) delete session.detail;
  else session.detail = detail.slice(0, 200);
}

/** A turn ends: foreground calls and subagents end with it. */
function closeTurn(session: Session): void {
  const staying = new Set(session.subagents.filter(({ background }) => background).map(({ id }) => id));
  session.running = session.running.filter(({ agent }) => agent !== undefined && staying.has(agent));
  session.subagents = session.subagents.filter(({ background }) => background);
}

function closeAll(session: Session): void {
  session.running = [];
  session.subagents = [];
}
