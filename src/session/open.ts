// What is open in a session: calls, questions to a person, subagents, a compaction, and the turn that they belong to.
// - Each function changes the draft and says what it changed as transitions.
// - A subagent's calls and questions end with it; what is in the background outlives the turn.
// - What is over is remembered for a while, for what comes late or begins anew.

import type { Asked, OpenCall, OpenSubagent, OpenWait, WaitReason } from "../contract/session.ts";
import type { Row } from "./input.ts";
import type { LeftCall, SessionDraft } from "./state.ts";
import type { CallOutcome, Transition, TurnOutcome, WaitOutcome } from "./transition.ts";
import { foldTurn } from "./turns.ts";

/** Calls and subagents that are remembered after they are over. */
const REMEMBERED = 32;
/**
 * Nobody reads a question and answers it in less: a rule or another hook did. The host shows its dialog while it runs hooks;
 * a script takes some 50 ms.
 */
const QUICKEST_PERSON_MS = 500;
/** A question that is open for longer is taken to be a person's: a slow hook has answered by then. */
export const SURE_MS = 1000;

const STARTS_AGENT = new Set(["Agent", "Task"]);

/** A reduction at work. */
export interface Work {
  readonly session: SessionDraft;
  readonly transitions: Transition[];
}

type Agent = string | undefined;

/** Says what was changed; the turn takes its part of it. */
export function emit({ session, transitions }: Work, transition: Transition): void {
  transitions.push(transition);
  const turn = foldTurn(session.turn, transition, session);
  if (turn) session.turn = turn;
}

/** A call's key: tool_use_id, else its time. */
export function keyOf({ call, t }: Row): string {
  return call ?? `${t}`;
}

/** More than any host runs at once: of those whose ends were never heard the oldest is left, so that a state stays small. */
const MAX_RUNNING = 500;

export function openCall(work: Work, row: Row, since: number, unseen: boolean): OpenCall {
  const { session } = work;
  const [oldest] = session.running;
  if (session.running.length >= MAX_RUNNING)
    leaveCalls(
      work,
      (call) => call === oldest,
      row.t,
      () => "interrupted",
    );
  const opened: OpenCall = {
    call: keyOf(row),
    tool: row.tool ?? "",
    since,
    ...(row.text && !unseen ? { text: row.text } : {}),
    ...(row.agent ? { agent: row.agent } : {}),
  };
  session.running = [...session.running, opened];
  session.toolCalls++;
  const { since: t, ...call } = opened;
  emit(work, { type: "callOpened", t, ...call, ...(unseen ? { unseen: true } : {}) });
  return opened;
}

/** A call that was left goes on. */
export function reopenCall(work: Work, left: LeftCall): OpenCall {
  const { session } = work;
  const { outcome, answeredAt: _answeredAt, ...call } = left;
  session.left = session.left.filter((other) => other !== left);
  session.running = [...session.running, call];
  if (outcome === "denied") session.denied--;
  const { since: t, ...rest } = call;
  emit(work, { type: "callOpened", t, ...rest, again: outcome });
  return call;
}

/** Ends a call by its own event; its question was answered when the tool began to run. */
export function endCall(work: Work, call: OpenCall, at: number, outcome: CallOutcome, ms: number | undefined): void {
  const { session } = work;
  const t = Math.max(at, call.since);
  const ran = ms !== undefined && (outcome === "done" || outcome === "failed") && !asksItself(session, call);
  endWaits(
    work,
    ({ agent, call: waiting }) => agent === call.agent && (waiting === undefined || waiting === call.call),
    ran ? Math.max(t - ms, call.since) : t,
    outcome === "denied" ? "refused" : "answered",
  );
  session.ended = remember(session.ended, call.call);
  close(work, call, t, outcome, ms);
}

/** Whether the tool itself is the question: it runs while the person thinks. */
function asksItself({ waits }: SessionDraft, { call }: OpenCall): boolean {
  return waits.some((wait) => wait.call === call && wait.for.code !== "permission");
}

/** Ends calls of which no event says how they ended: they, and their questions, may still go on. */
export function leaveCalls(
  work: Work,
  isLeft: (call: OpenCall) => boolean,
  t: number,
  outcomeOf: (call: OpenCall) => LeftCall["outcome"],
): void {
  const { session } = work;
  for (const call of session.running.filter(isLeft)) {
    const outcome = outcomeOf(call);
    const end = Math.max(t, call.since);
    const how = outcome === "denied" ? "refused" : "dropped";
    endWaits(work, (wait) => wait.call === call.call, end, how);
    session.left = remember(session.left, { ...call, outcome });
    close(work, call, end, outcome, undefined);
  }
}

function close(work: Work, call: OpenCall, t: number, outcome: CallOutcome, ms: number | undefined): void {
  const { session } = work;
  session.running = session.running.filter((open) => open !== call);
  if (outcome === "denied") session.denied++;
  const { text: _text, answeredAt: _answeredAt, ...rest } = call;
  emit(work, { type: "callEnded", t, ...rest, outcome, ...(ms === undefined ? {} : { ms }) });
}

export function openWait(
  work: Work,
  t: number,
  reason: WaitReason,
  { agent, call, asked, sure = false }: { agent?: Agent; call?: Agent; asked?: Asked | undefined; sure?: boolean } = {},
): void {
  const { session } = work;
  const wait: OpenWait = {
    id: ++session.asked,
    for: reason,
    since: t,
    ...(agent ? { agent } : {}),
    ...(call ? { call } : {}),
    ...(asked ? { asked } : {}),
    sure,
  };
  session.waits = [...session.waits, wait];
  emit(work, { type: "waitOpened", t, wait });
}

export function endWaits(work: Work, ends: (wait: OpenWait) => boolean, at: number, outcome: WaitOutcome): void {
  const { session } = work;
  if (session.waits.length === 0) return;
  const over = session.waits.filter(ends);
  if (over.length === 0) return;
  session.waits = session.waits.filter((wait) => !over.includes(wait));
  for (const wait of over) {
    const t = Math.max(at, wait.since);
    const isQuick =
      t - wait.since < QUICKEST_PERSON_MS && wait.for.code !== "prompt" && wait.for.code !== "notification";
    const how = (isQuick || wait.hooked) && (outcome === "answered" || outcome === "refused") ? "automatic" : outcome;
    emit(work, { type: "waitEnded", t, wait, outcome: how });
  }
}

/** Makes questions sure that have been open for longer than anything but a person takes. */
export function makeSure({ session }: Work, isSure: (wait: OpenWait) => boolean): void {
  if (session.waits.some((wait) => !wait.sure && isSure(wait)))
    session.waits = session.waits.map((wait) => (wait.sure || !isSure(wait) ? wait : { ...wait, sure: true }));
}

/** The hooks that were at work on questions are over, and have not answered. */
export function unhook({ session }: Work, t: number): void {
  if (session.waits.some(({ hooked, since }) => hooked && since <= t))
    session.waits = session.waits.map(({ hooked, ...wait }) => (hooked && wait.since > t ? { ...wait, hooked } : wait));
}

/** What only an agent that works does; its other events may come late. */
const SHOWS_LIFE = new Set(["SubagentStart", "PreToolUse", "PermissionRequest", "Elicitation"]);

/** Any event may be the first of a subagent; few say that one which was over goes on. */
export function showSubagent(work: Work, { event, agentType, t }: Row, agent: string): void {
  const { session } = work;
  const shown = session.subagents.find(({ id }) => id === agent);
  if (shown) {
    if (!agentType || shown.type !== undefined) return;
    const subagent = { ...shown, type: agentType };
    replaceSubagent(session, shown, subagent);
    emit(work, { type: "subagentLinked", t, subagent });
    return;
  }
  const isOver = session.over.some(({ id }) => id === agent);
  if (!isOver || SHOWS_LIFE.has(event)) startSubagent(work, agent, t, agentType);
}

export function startSubagent(work: Work, id: string, since: number, type: string | undefined): OpenSubagent {
  const { session } = work;
  const before = session.over.find((known) => known.id === id);
  const caller = before ? undefined : callerOfNext(session);
  const subagent: OpenSubagent = {
    ...before,
    ...(caller ? { call: caller.call } : {}),
    ...(caller?.agent ? { parent: caller.agent } : {}),
    ...(type ? { type } : {}),
    id,
    since,
  };
  session.subagents = [...session.subagents, subagent];
  session.over = session.over.filter((known) => known.id !== id);
  emit(work, { type: "subagentStarted", t: since, subagent, ...(before ? { again: true } : {}) });
  return subagent;
}

/** The oldest call that runs and whose subagent has not shown itself: they start in the order of the calls. */
function callerOfNext({ running, subagents, over }: SessionDraft): OpenCall | undefined {
  const claims = (call: string) => subagents.some((one) => one.call === call) || over.some((one) => one.call === call);
  return running.find(({ tool, call }) => STARTS_AGENT.has(tool) && !claims(call));
}

/** The call has named the subagent that it started: the guess is over. */
export function linkSubagent(work: Work, { child, t, agent, background }: Row, call: string): void {
  if (!child) return;
  const { session } = work;
  const isChild = ({ id }: OpenSubagent) => id === child;
  // The launch and the first sign of life, or even the end, come at the same time, in any order.
  const known =
    session.subagents.find(isChild) ?? session.over.find(isChild) ?? startSubagent(work, child, t, undefined);
  const { parent: _parent, background: _background, ...rest } = known;
  const subagent: OpenSubagent = {
    ...rest,
    call,
    ...(agent ? { parent: agent } : {}),
    ...(background || known.background ? { background: true } : {}),
  };
  replaceSubagent(session, known, subagent);
  emit(work, { type: "subagentLinked", t, subagent });
  if (!background) endSubagents(work, isChild, t, "done"); // its own end was not seen
}

function replaceSubagent(session: SessionDraft, before: OpenSubagent, after: OpenSubagent): void {
  const swap = (one: OpenSubagent) => (one === before ? after : one);
  session.subagents = session.subagents.map(swap);
  session.over = session.over.map(swap);
}

export function endSubagents(
  work: Work,
  ends: (subagent: OpenSubagent) => boolean,
  t: number,
  outcome: "done" | "interrupted",
): void {
  const { session } = work;
  const over = session.subagents.filter(ends);
  if (over.length === 0) return;
  const isOver = (agent: Agent) => over.some(({ id }) => id === agent);
  session.subagents = session.subagents.filter((subagent) => !over.includes(subagent));
  session.over = remember(
    session.over.filter(({ id }) => !isOver(id)),
    ...over,
  );
  closeAgents(work, isOver, t, () => "interrupted");
  for (const subagent of over) emit(work, { type: "subagentEnded", t: Math.max(t, subagent.since), subagent, outcome });
}

/** Closes calls and questions of some agents. */
export function closeAgents(
  work: Work,
  isOver: (agent: Agent) => boolean,
  t: number,
  outcomeOf: (call: OpenCall) => LeftCall["outcome"],
): void {
  leaveCalls(work, ({ agent }) => isOver(agent), t, outcomeOf);
  endWaits(work, ({ agent, for: { code } }) => isOver(agent) && code !== "prompt", t, "dropped");
}

/**
 * Closes the turn: foreground calls, questions and subagents end with it. A call whose question is open when its turn is
 * broken off was refused: the host takes a no to a question, and Escape in front of it, for the same.
 */
export function closeTurn(work: Work, t: number, outcome: TurnOutcome, answer?: string): void {
  const { session } = work;
  const refused = new Set(outcome === "interrupted" ? session.waits.map(({ call }) => call) : []);
  const outcomeOf = ({ call }: OpenCall) => (refused.has(call) ? "denied" : "interrupted");
  const staying = new Set<Agent>();
  for (const { id, background } of session.subagents) if (background) staying.add(id);
  for (const { id, background } of session.over) if (background) staying.add(id);
  closeAgents(work, (agent) => !staying.has(agent), t, outcomeOf);
  endSubagents(work, (subagent) => !subagent.background, t, "interrupted");
  endCompaction(work, t);
  session.promptId = undefined;
  const { turn } = session;
  if (session.base.state !== "working" || !turn) return;
  emit(work, {
    type: "turnEnded",
    t,
    number: turn.number,
    outcome,
    ...(answer === undefined ? {} : { answer }),
  });
}

/** Nothing is open any more. */
export function closeAll(work: Work, t: number): void {
  closeAgents(
    work,
    () => true,
    t,
    () => "interrupted",
  );
  closeTurn(work, t, "interrupted");
  endSubagents(work, () => true, t, "interrupted");
  endWaits(work, () => true, t, "dropped");
}

export function endCompaction(work: Work, t: number): void {
  const { session } = work;
  const since = session.compacting;
  if (since === undefined) return;
  session.compacting = undefined;
  emit(work, { type: "compactionEnded", t: Math.max(t, since), since });
}

function remember<T>(known: readonly T[], ...more: readonly T[]): readonly T[] {
  return [...known, ...more].slice(-REMEMBERED);
}
