// What a session is doing, derived event by event. Pure: a state and an event give the next state.
// - Any event may be the first: a session that was joined in the middle is shown as that.
// - Calls are paired by tool_use_id; what a batch, a turn or the session leaves open was denied or interrupted.
// - The end of a background call is its launch; a background subagent outlives the turn.
// - A session waits for a person until the next event of that very call, whatever else goes on meanwhile.
// - No event says that the user interrupted: the transcript does. An event of that turn that is newer takes it back.
// - seq counts every event: what the highest number promises and the count does not show was lost.
// Source of the meanings: the hooks reference of Claude Code (host 2.1.330).

import type { SessionState, SessionSummary } from "../contract/session.ts";
import {
  type Base,
  begin,
  type Context,
  complete,
  count,
  type Interruption,
  type Row,
  type Session,
  type Subagent,
} from "./kept.ts";
import {
  closeAgents,
  closeAll,
  closeTurn,
  endSubagents,
  endWaits,
  hint,
  remember,
  showsItself,
  startSubagent,
  wait,
} from "./open.ts";

const ASKS_A_PERSON = new Set(["AskUserQuestion", "ExitPlanMode"]);

const YOUR_NEXT_PROMPT = "your next prompt";

/** The state after one more event. Changes and returns the state it is given. */
export function advance(before: Session | undefined, row: Row, context: Context): Session {
  const session = before ? complete(before) : begin(row, context);
  count(session, row);
  session.lastAt = Math.max(session.lastAt, row.t);
  session.host = context.host;
  // A subagent may work in a worktree of its own.
  if (context.cwd && (!row.agent || !session.cwd)) session.cwd = context.cwd;
  if (context.pid !== undefined) session.pid = context.pid;
  if (context.entrypoint) session.entrypoint = context.entrypoint;
  if (context.model) session.model = context.model;
  if (context.title) session.title = context.title;
  if (row.agent) showsItself(session, row, row.agent);
  if (row.event !== "Notification") session.waits = session.waits.filter(({ hinted }) => !hinted);
  (Object.hasOwn(ON, row.event) ? (ON[row.event] ?? ignore) : ignore)(session, row, context);
  if (row.prompt && !row.agent) session.promptId = row.prompt;
  if (session.interruption && row.t > session.interruption.t && !row.agent && isInTurn(session))
    delete session.interruption;
  settle(session);
  return session;
}

/** The process of the session's host is gone without a word. */
export function lose(session: Session, t: number): void {
  closeAll(complete(session));
  enter(session, "lost", t, "Claude Code ended without saying so");
  settle(session);
}

/** The transcript says that the user broke a turn off; its events may be still to come. */
export function interrupt(session: Session, interruption: Interruption): void {
  complete(session).interruption = interruption;
  settle(session);
}

/** A turn is open, as far as its events say. */
function isInTurn({ base }: Session): boolean {
  return base.state === "working";
}

/** A turn that the user can break off without an event. */
export function isInterruptible({ state, detail }: Pick<SessionSummary, "state" | "detail">): boolean {
  return state === "working" || (state === "waiting" && detail !== YOUR_NEXT_PROMPT);
}

/** What is shown follows from the turn, and from what holds it up. */
function settle(session: Session): void {
  const { base, interruption } = session;
  if (interruption && isInTurn(session) && isOfTurn(session, interruption)) breakOff(session, interruption.t);
  const [wait] = session.waits;
  const shown: Base = wait
    ? { state: "waiting", since: wait.since, detail: wait.detail }
    : session.compacting !== undefined
      ? { state: "working", since: session.compacting, detail: "compacting" }
      : base;
  session.state = shown.state;
  session.since = shown.since;
  if (shown.detail === undefined) delete session.detail;
  else session.detail = shown.detail.slice(0, 200);
}

function breakOff(session: Session, t: number): void {
  const [wait] = session.waits;
  const call = session.running.find(({ agent }) => agent === undefined);
  closeTurn(session);
  enter(session, "interrupted", t, wait ? `while it waited for ${wait.detail}` : call && `while ${call.tool} ran`);
}

function isOfTurn({ promptId, base }: Session, { prompt, t }: Interruption): boolean {
  return prompt === undefined || promptId === undefined ? t >= base.since : prompt === promptId;
}

type Handler = (session: Session, row: Row, context: Context) => void;

const ignore: Handler = () => {};

const ON: Readonly<Record<string, Handler>> = {
  SessionStart(session, row) {
    if (row.kind === "compact") return; // the same turn goes on
    if (session.events > 1 && row.kind) session.origin = row.kind;
    closeAll(session);
    enter(session, "idle", row.t, row.kind);
  },
  UserPromptSubmit(session, row) {
    // What is handed to a turn that runs (the end of a background task) has the prompt_id of that turn.
    if (isInTurn(session) && row.prompt !== undefined && row.prompt === session.promptId) return;
    closeTurn(session);
    session.turns++;
    if (row.text && !row.text.startsWith("<task-notification>")) session.prompt = row.text;
    enter(session, "working", row.t);
  },
  PreToolUse(session, row) {
    const call = row.call ?? `${row.t}`;
    goOn(session, row);
    const again = session.running.some((open) => open.call === call);
    if (!again && !session.left.includes(call)) session.toolCalls++;
    if (again || session.ended.includes(call)) return;
    session.running.push({
      call,
      tool: row.tool ?? "",
      since: row.t,
      ...(row.text ? { text: row.text } : {}),
      ...(row.agent ? { agent: row.agent } : {}),
    });
    if (ASKS_A_PERSON.has(row.tool ?? ""))
      wait(session, row, row.tool === "ExitPlanMode" ? "approval of its plan" : "an answer to its question", call);
  },
  PermissionRequest(session, row) {
    // It has no tool_use_id: it belongs to the newest open call of that tool that nobody was asked about yet.
    const asked = new Set(session.waits.map(({ call }) => call));
    const found = session.running.findLast(
      ({ call, tool, agent }) => tool === row.tool && agent === row.agent && !asked.has(call),
    );
    goOn(session, row);
    wait(session, row, `permission for ${row.tool ?? "a tool"}`, found?.call);
  },
  PermissionDenied: endCall,
  PostToolUse(session, row) {
    endCall(session, row);
    if (!row.child) return;
    const isChild = ({ id }: { id: string }) => id === row.child;
    if (!row.background) {
      endSubagents(session, isChild); // its own end was not seen
      return;
    }
    // The launch and the first sign of life, or even the end, come at the same time, in any order.
    const known: Subagent =
      session.subagents.find(isChild) ?? session.over.find(isChild) ?? startSubagent(session, row.child, row.t);
    known.background = true;
    if (row.agent) known.parent = row.agent;
  },
  PostToolUseFailure: endCall,
  PostToolBatch(session, row) {
    // Without an end of their own, the calls of the batch were denied or invalid.
    closeAgents(session, (agent) => agent !== row.agent);
    goOn(session, row);
  },
  Notification(session, row) {
    switch (row.kind) {
      case "idle_prompt":
        delete session.compacting;
        // There was no Stop: the user broke the turn off.
        if (isInTurn(session)) breakOff(session, row.t);
        else if (session.base.state === "idle") enter(session, "waiting", row.t, YOUR_NEXT_PROMPT);
        break;
      case "permission_prompt":
        hint(session, row, row.text ?? "a permission");
        break;
      case "elicitation_dialog":
      case "elicitation_url_dialog":
      case "agent_needs_input":
        hint(session, row, row.text ?? "your input");
        break;
    }
  },
  Elicitation(session, row) {
    wait(session, row, `an answer for ${row.kind ?? "an MCP server"}`, undefined);
  },
  ElicitationResult(session, row) {
    endWaits(session, row.agent, undefined);
    goOn(session, row);
  },
  SubagentStart(session, row) {
    const started = session.subagents.find(({ id }) => id === row.agent);
    // Until the call that started it ends, its parent is not known (PostToolUse(Agent) names it).
    if (started) Object.assign(started, { since: row.t, ...(row.agentType ? { type: row.agentType } : {}) });
  },
  SubagentStop(session, row) {
    if (!row.agent) return;
    endSubagents(session, ({ id }) => id === row.agent);
    closeAgents(session, (agent) => agent !== row.agent);
  },
  Stop(session, row, context) {
    closeTurn(session);
    const { backgroundTasks: tasks = 0, scheduled = 0 } = context;
    const going = [tasks > 0 ? `${tasks} in the background` : "", scheduled > 0 ? `${scheduled} scheduled` : ""];
    enter(session, "idle", row.t, going.filter(Boolean).join(", ") || undefined);
  },
  StopFailure(session, row) {
    closeTurn(session);
    enter(session, "idle", row.t, `the turn failed: ${row.kind ?? row.text ?? "unknown"}`);
  },
  PreCompact(session, row) {
    // By /compact between turns, it is no turn.
    if (row.kind !== "manual") goOn(session, row);
    session.compacting = row.t;
  },
  PostCompact(session) {
    delete session.compacting;
  },
  SessionEnd(session, row) {
    closeAll(session);
    enter(session, "ended", row.t, row.kind);
  },
};

function endCall(session: Session, row: Row): void {
  const begun = session.running.some((open) => open.call === row.call);
  if (!begun && row.call !== undefined) session.ended = remember(session.ended, row.call);
  session.running = session.running.filter((open) => open.call !== row.call);
  endWaits(session, row.agent, row.call);
  goOn(session, row);
}

/** Work goes on. A subagent's says nothing about the turn: it may be in the background. */
function goOn(session: Session, row: Row): void {
  const { state } = session.base;
  if (state === "working") return;
  if (row.agent && state !== "ended" && state !== "lost") return;
  enter(session, "working", row.t);
}

function enter({ base }: Session, state: SessionState, t: number, detail?: string): void {
  if (base.state !== state || base.detail !== detail) base.since = t;
  base.state = state;
  if (detail === undefined) delete base.detail;
  else base.detail = detail;
}
