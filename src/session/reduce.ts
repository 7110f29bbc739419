// What a session is doing, and what hooks mean, said once: a state and an input give the next state and what changed.
//
//     const { session, transitions } = reduce(before, { kind: "event", row, head });      // before: undefined at first
//     const { session, transitions } = reduce(before, { kind: "gone", t });               // a fact from elsewhere
//
// - Pure: the state that is given is not changed, so that a transaction that fails leaves nothing behind. It is plain JSON
//   (`readSession` in state.ts reads it back and migrates older ones); `summaryOf` makes what API and page are given.
// - Each event is given once, in the order of the store; repeats have been left out.
// - Any event may be the first: a session that was joined in the middle is shown as that.
// - Calls are paired by tool_use_id. What a batch leaves open did not run; what a turn or the session leaves open was
//   interrupted, or refused where its question was open. An end that comes later takes that back.
// - The end of a background call is its launch; a background subagent outlives the turn, until it ends, a Stop no longer
//   lists it, or the session ends.
// - A session waits for a person until the next event of that very call, or until a fact says that it was answered. What a
//   rule or another hook answers at once was no wait.
// - No event says that the user interrupted: the transcript does. An event of that turn that is newer takes it back.
// - seq counts every event that a hook heard: what the highest number promises and the count does not show was lost.
// - What a transcript tells of a session that has no hooks is folded as theirs would be; beside hooks it is counted.
// Source of the meanings: the hooks reference of Claude Code (host 2.1.330), and that host itself.

import type { OpenWait, StateReason } from "../contract/session.ts";
import type { EventInput, Fact, Head, Input, Row } from "./input.ts";
import { isTaskNews } from "./news.ts";
import {
  closeAgents,
  closeAll,
  closeTurn,
  emit,
  endCall,
  endCompaction,
  endSubagents,
  endWaits,
  keyOf,
  leaveCalls,
  linkSubagent,
  makeSure,
  openCall,
  openWait,
  reopenCall,
  SURE_MS,
  showSubagent,
  startSubagent,
  unhook,
  type Work,
} from "./open.ts";
import { foldSignals } from "./signals.ts";
import { type Base, begin, type Session, type SessionDraft } from "./state.ts";
import { count } from "./tally.ts";
import type { CallOutcome, Transition } from "./transition.ts";
import { settleTurn } from "./turns.ts";

export interface Step {
  readonly session: Session;
  readonly transitions: readonly Transition[];
}

/** The state after one more input, and what changed. A fact is of a session that has had an event. */
export function reduce(before: Session | undefined, input: EventInput): Step;
export function reduce(before: Session, input: Input): Step;
export function reduce(before: Session | undefined, input: Input): Step {
  if (input.kind === "event") {
    const work: Work = { session: { ...(before ?? begin(input)) }, transitions: [] };
    const isHeard = onEvent(work, input.row, input.head);
    return finish(before, work, input.row.t, isHeard ? input : undefined);
  }
  if (!before) throw new TypeError("a fact about a session that has had no event");
  const work: Work = { session: { ...before }, transitions: [] };
  onFact(work, input);
  return finish(before, work, input.t);
}

/** Whether the event is one of what goes on: a transcript tells of what is over, too. */
function onEvent(work: Work, row: Row, head: Head): boolean {
  const { session } = work;
  const isLate = row.source === "transcript" && session.events > session.told && row.t < session.lastAt;
  const missing = count(session, row);
  if (missing > 0) emit(work, { type: "gap", t: row.t, missing });
  if (row.event === MESSAGE || isLate) {
    onTold(work, row, head);
    return false;
  }
  takeHead(session, row, head);
  makeSure(work, ({ since, hooked }) => !hooked && row.t - since >= SURE_MS);
  if (row.agent) showSubagent(work, row, row.agent);
  if (row.event !== "Notification") endWaits(work, isHinted, row.t, "answered");
  if (session.base.state === "lost" && row.t > session.base.since) enter(work, "idle", row.t);
  if (Object.hasOwn(ON, row.event)) ON[row.event]?.(work, row, head);
  if (row.prompt && !row.agent && isInTurn(session)) session.promptId = row.prompt;
  const { interruption } = session;
  if (interruption && row.t > interruption.t && !row.agent && isInTurn(session)) session.interruption = undefined;
  return true;
}

/** What the model says; only a transcript tells of it. */
const MESSAGE = "AssistantMessage";

/**
 * What a transcript tells beside hooks changes nothing of what is open: it may be read a second or a year after it was
 * written.
 */
function onTold({ session }: Work, row: Row, head: Head): void {
  if (head.title) session.title = head.title;
  if (row.event === "PreToolUse") session.toolCalls++;
  if (row.event === "UserPromptSubmit" && row.text && row.t <= session.firstAt) session.firstPrompt = row.text;
}

function onFact(work: Work, fact: Fact): void {
  const { session } = work;
  switch (fact.kind) {
    case "interrupted":
      session.interruption = { t: fact.t, ...(fact.prompt === undefined ? {} : { prompt: fact.prompt }) };
      return;
    case "gone":
      if (session.base.state === "ended" || session.base.state === "lost") return;
      closeAll(work, fact.t);
      emit(work, { type: "lost", t: fact.t });
      enter(work, "lost", fact.t, { code: "process_gone" });
      return;
    case "asked":
      if (!fact.beside) unhook(work, fact.t);
      makeSure(work, ({ since }) => since <= fact.t);
      return;
    case "hooked":
      session.waits = session.waits.map((wait) =>
        fact.waits.includes(wait.id) ? { ...wait, sure: false, hooked: true } : wait,
      );
      return;
    case "answered": {
      const { t, call } = fact;
      const isAnswered = (wait: OpenWait) =>
        wait.for.code !== "prompt" && wait.since < t && (call === undefined || wait.call === call);
      const answered = new Set(session.waits.filter(isAnswered).map((wait) => wait.call));
      session.running = session.running.map((open) => (answered.has(open.call) ? { ...open, answeredAt: t } : open));
      endWaits(work, isAnswered, t, "answered");
      return;
    }
    case "unasked":
      endWaits(work, ({ since, sure }) => !sure && since <= fact.t, fact.t, "automatic");
      return;
    case "branch":
      session.branch = fact.branch;
      return;
    case "waiting":
      makeSure(work, ({ since }) => since <= fact.t);
      if (isInTurn(session) && session.waits.length === 0) hint(work, fact.t, fact.text);
  }
}

function takeHead(session: SessionDraft, row: Row, head: Head): void {
  if (head.project && !session.project) session.project = head.project;
  if (head.repository) session.repository = head.repository;
  if (head.host) session.host = head.host;
  if (head.machine) session.machine = head.machine;
  // A subagent may work in a worktree of its own.
  if (head.cwd && (!row.agent || !session.cwd)) session.cwd = head.cwd;
  if (head.pid !== undefined && (head.pid !== session.pid || head.pidns !== session.pidns)) {
    session.pid = head.pid;
    session.pidns = head.pidns;
  }
  if (head.entrypoint) session.entrypoint = head.entrypoint;
  if (head.shared) session.shared = head.shared;
  if (head.model) session.model = head.model;
  if (head.title) session.title = head.title;
}

/** What is shown follows from the turn and from what holds it up; then what changed is counted and said. */
function finish(before: Session | undefined, work: Work, t: number, heard?: EventInput): Step {
  const { session, transitions } = work;
  const { interruption } = session;
  if (interruption && isInTurn(session) && isOfTurn(session, interruption)) breakOff(work, interruption.t);
  if (session.turn) session.turn = settleTurn(session.turn, session);
  foldSignals(before, session, transitions, heard);
  const shown = shownOf(session);
  const changed =
    !before || before.state !== shown.state || before.since !== shown.since || isOther(before.reason, shown.reason);
  if (changed) {
    session.state = shown.state;
    session.since = shown.since;
    session.reason = shown.reason;
    const { state: to, reason } = shown;
    emit(work, { type: "stateChanged", t, from: before?.state, to, ...(reason ? { reason } : {}) });
  }
  return { session, transitions };
}

function isOther(before: StateReason | undefined, after: StateReason | undefined): boolean {
  return before !== after && JSON.stringify(before) !== JSON.stringify(after);
}

interface Shown {
  readonly state: Session["state"];
  readonly since: number;
  readonly reason?: StateReason;
}

function shownOf({ waits, compacting, base }: SessionDraft): Shown {
  const wait = waits.find(({ sure, for: { code } }) => sure && code !== "prompt");
  if (wait) return waitingFor(wait);
  if (compacting !== undefined) return { state: "working", since: compacting, reason: { code: "compacting" } };
  const prompt = base.state === "idle" ? waits.find(({ for: { code } }) => code === "prompt") : undefined;
  return prompt ? waitingFor(prompt) : base;
}

function waitingFor({ since, for: reason }: OpenWait): Shown {
  return { state: "waiting", since, reason: { code: "waiting", for: reason } };
}

function isInTurn({ base }: SessionDraft): boolean {
  return base.state === "working";
}

function breakOff(work: Work, t: number): void {
  const { session } = work;
  const wait = session.waits.find(({ for: { code } }) => code !== "prompt");
  const call = session.running.find(({ agent }) => agent === undefined);
  const what = wait ? { waitingFor: wait.for } : call ? { tool: call.tool } : {};
  closeTurn(work, t, "interrupted");
  emit(work, { type: "interrupted", t, ...what });
  enter(work, "interrupted", t, { code: "interrupted", ...what });
}

function isOfTurn({ promptId, base }: SessionDraft, { prompt, t }: NonNullable<Session["interruption"]>): boolean {
  return prompt === undefined || promptId === undefined ? t >= base.since : prompt === promptId;
}

/** Known from a notification or from the host's own word only: the next event of any kind says that it is over. */
function isHinted(wait: OpenWait): boolean {
  return wait.for.code === "notification";
}

function hint(work: Work, t: number, text: string | undefined): void {
  openWait(work, t, { code: "notification", ...(text === undefined ? {} : { text }) }, { sure: true });
}

type Handler = (work: Work, row: Row, head: Head) => void;

const ON: Readonly<Record<string, Handler>> = {
  SessionStart(work, row) {
    if (row.kind === "compact") {
      endCompaction(work, row.t); // the same turn goes on
      return;
    }
    // A host that starts anew has nothing open any more.
    if (work.session.events > 1 && row.kind) work.session.origin = row.kind;
    closeAll(work, row.t);
    enter(work, "idle", row.t, { code: "started", ...(row.kind ? { source: row.kind } : {}) });
  },
  UserPromptSubmit(work, row, head) {
    const { session } = work;
    // What is handed to a turn that runs (the end of a background task) has the prompt_id of that turn.
    if (isInTurn(session) && row.prompt !== undefined && row.prompt === session.promptId) return;
    closeTurn(work, row.t, "interrupted");
    endWaits(work, ({ for: { code } }) => code === "prompt", row.t, "answered");
    if (row.text && !isTaskNews(row.text)) {
      session.prompt = row.text;
      session.firstPrompt ??= row.text;
    }
    startTurn(work, row, { prompt: head.prompt ?? row.text ?? "" });
  },
  PreToolUse(work, row, { asked }) {
    const { session } = work;
    const key = keyOf(row);
    goOn(work, row);
    if (session.ended.includes(key) || session.running.some(({ call }) => call === key)) return;
    const left = session.left.find(({ call }) => call === key);
    // A deferred call is announced again when the session is resumed: the same one goes on.
    const { call } = left ? reopenCall(work, left) : openCall(work, row, row.t, false);
    const asks = ASKS[row.tool ?? ""];
    if (asks) openWait(work, row.t, { code: asks }, { agent: row.agent, call, asked });
  },
  PermissionRequest(work, row, { asked }) {
    goOn(work, row);
    const { waits, running } = work.session;
    // The host asks for the permission of a tool that is itself the question, too.
    if (
      ASKS[row.tool ?? ""] &&
      waits.some(({ agent, for: { code } }) => agent === row.agent && code === ASKS[row.tool ?? ""])
    )
      return;
    // It has no tool_use_id: it belongs to an open call of that tool that nobody was asked about yet, to the newest of those
    // with the same input, else to the newest.
    const open = running.filter(
      ({ call, tool, agent }) => tool === row.tool && agent === row.agent && !waits.some((wait) => wait.call === call),
    );
    const call = (open.findLast(({ text }) => text === row.text) ?? open.at(-1))?.call;
    const reason = { code: "permission", ...(row.tool ? { tool: row.tool } : {}) } as const;
    openWait(work, row.t, reason, { agent: row.agent, call, asked });
  },
  PermissionDenied: onEnd,
  PostToolUse: onEnd,
  PostToolUseFailure: onEnd,
  PostToolBatch(work, row) {
    // Without an end of their own, the calls of the batch were denied or invalid.
    leaveCalls(
      work,
      ({ agent }) => agent === row.agent,
      row.t,
      () => "denied",
    );
    endWaits(work, ({ agent, for: { code } }) => agent === row.agent && code !== "prompt", row.t, "answered");
    goOn(work, row, true);
  },
  Notification(work, row) {
    const { session } = work;
    switch (row.kind) {
      case "idle_prompt":
        endCompaction(work, row.t);
        // There was no Stop: the user broke the turn off.
        if (isInTurn(session)) breakOff(work, row.t);
        else if (session.base.state === "idle" && !session.waits.some(({ for: { code } }) => code === "prompt"))
          openWait(work, row.t, { code: "prompt" }, { sure: true });
        break;
      case "permission_prompt":
      case "elicitation_dialog":
      case "elicitation_url_dialog":
      case "agent_needs_input": {
        // It comes late, and for what is known already.
        makeSure(work, () => true);
        const isKnown = session.waits.some(({ for: { code } }) => code !== "prompt");
        if (!isKnown) hint(work, row.t, row.text ?? (row.kind === "permission_prompt" ? "a permission" : undefined));
        break;
      }
      case "elicitation_complete":
        endWaits(work, ({ for: { code } }) => code === "elicitation", row.t, "answered");
        break;
    }
  },
  Elicitation(work, row, { asked }) {
    openWait(
      work,
      row.t,
      { code: "elicitation", ...(row.kind ? { server: row.kind } : {}) },
      { agent: row.agent, asked },
    );
  },
  ElicitationResult(work, row) {
    endWaits(work, ({ agent, call }) => agent === row.agent && call === undefined, row.t, "answered");
    goOn(work, row);
  },
  SubagentStop(work, row) {
    endSubagents(work, ({ id }) => id === row.agent, row.t, "done");
    if (row.agent)
      closeAgents(
        work,
        (agent) => agent === row.agent,
        row.t,
        () => "interrupted",
      );
  },
  Stop(work, row, head) {
    const { backgroundTasks: tasks = 0, scheduled = 0 } = head;
    if (head.backgroundAgents) keepBackground(work, new Set(head.backgroundAgents), row.t);
    closeTurn(work, row.t, "done", head.answer ?? row.text);
    enter(work, "idle", row.t, tasks + scheduled > 0 ? { code: "background", tasks, scheduled } : undefined);
  },
  Interrupted(work, row) {
    if (isInTurn(work.session)) breakOff(work, row.t);
  },
  StopFailure(work, row) {
    closeTurn(work, row.t, "failed");
    const error = row.kind ?? row.text;
    enter(work, "idle", row.t, { code: "turn_failed", ...(error === undefined ? {} : { error }) });
  },
  PreCompact(work, row) {
    // By /compact between turns, it is no turn.
    if (row.kind !== "manual") goOn(work, row);
    endCompaction(work, row.t);
    work.session.compacting = row.t;
    emit(work, { type: "compactionStarted", t: row.t });
  },
  PostCompact(work, row) {
    endCompaction(work, row.t);
  },
  SessionEnd(work, row) {
    closeAll(work, row.t);
    enter(work, "ended", row.t, { code: "ended", ...(row.kind ? { reason: row.kind } : {}) });
  },
};

/** Tools that are themselves a question to a person. */
const ASKS: Readonly<Record<string, "question" | "plan">> = Object.assign(Object.create(null), {
  AskUserQuestion: "question",
  ExitPlanMode: "plan",
});

function onEnd(work: Work, row: Row): void {
  const { session } = work;
  const key = keyOf(row);
  if (!session.ended.includes(key)) {
    const left = session.left.find(({ call }) => call === key);
    const call =
      session.running.find((open) => open.call === key) ??
      (left ? reopenCall(work, left) : openCall(work, row, Math.max(row.t - (row.ms ?? 0), session.firstAt), true));
    endCall(work, call, row.t, outcomeOf(row), row.ms);
  }
  goOn(work, row, true);
  if (!row.child) return;
  if (row.tool === "TaskStop") endSubagents(work, ({ id }) => id === row.child, row.t, "interrupted");
  else linkSubagent(work, row, key);
}

/** How an end leaves its call. */
export function outcomeOf({ event, failed, background }: Pick<Row, "event" | "failed" | "background">): CallOutcome {
  if (event === "PermissionDenied") return "denied";
  if (failed) return "failed";
  return background ? "launched" : "done";
}

/** What a Stop lists goes on in the background, and no other subagent does. */
function keepBackground(work: Work, listed: ReadonlySet<string>, t: number): void {
  const { session } = work;
  for (const id of listed)
    if (!session.subagents.some((one) => one.id === id) && !session.over.some((one) => one.id === id))
      startSubagent(work, id, t, undefined);
  session.subagents = session.subagents.map((one) =>
    listed.has(one.id) && !one.background ? { ...one, background: true } : one,
  );
  endSubagents(work, ({ id, background }) => background === true && !listed.has(id), t, "interrupted");
}

/**
 * Work goes on. A subagent's says nothing about the turn: it may be in the background. The end of a call, come late, is no
 * sign that a turn which has said that it is over goes on.
 */
function goOn(work: Work, row: Row, isEnd = false): void {
  const { session } = work;
  const { state } = session.base;
  if (state === "working") return;
  if (row.agent && state !== "ended" && state !== "lost") return;
  const { turn } = session;
  if (isEnd && state === "idle" && turn?.state !== "open" && turn?.state !== "interrupted" && turn) return;
  endWaits(work, ({ for: { code } }) => code === "prompt", row.t, "answered");
  const isSame = turn && (row.prompt === undefined || turn.id === undefined || turn.id === row.prompt);
  if (isSame && state !== "ended") startTurn(work, row, { prompt: turn.prompt, number: turn.number, again: true });
  else startTurn(work, row, { prompt: "", unseen: true });
}

interface Begin {
  readonly prompt: string;
  readonly number?: number;
  readonly again?: true;
  readonly unseen?: true;
}

function startTurn(work: Work, { t, prompt: id }: Row, begin: Begin): void {
  const { session } = work;
  const number = begin.number ?? ++session.turns;
  emit(work, { type: "turnStarted", t, ...begin, number, ...(id === undefined ? {} : { id }) });
  enter(work, "working", t);
}

function enter({ session }: Work, state: Base["state"], t: number, reason?: StateReason): void {
  const { base } = session;
  const isSame = base.state === state && !isOther(base.reason, reason);
  session.base = { state, since: isSame ? base.since : t, ...(reason ? { reason } : {}) };
}
