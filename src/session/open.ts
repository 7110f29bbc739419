// What is open in a session: calls, questions to a person, subagents.
// - A subagent's calls and questions end with it; what is in the background outlives the turn.
// - What is over is remembered for a while, for what comes late or begins anew.

import type { Row, Session, Subagent } from "./kept.ts";

/** Calls and subagents that are remembered after they were left. */
const REMEMBERED = 32;

export function wait(session: Session, { t, agent }: Row, detail: string, call: string | undefined): void {
  session.waits.push({ since: t, detail, ...(agent ? { agent } : {}), ...(call ? { call } : {}) });
}

/** A notification comes late, and for what is known already. */
export function hint(session: Session, { t }: Row, detail: string): void {
  if (session.waits.length === 0) session.waits.push({ since: t, detail, hinted: true });
}

/** One that no call was found for ends with the next of its agent that does. */
export function endWaits(session: Session, agent: string | undefined, call: string | undefined): void {
  session.waits = session.waits.filter(
    (open) => open.agent !== agent || (open.call !== undefined && open.call !== call),
  );
}

/** Any event may be the first of a subagent; only its start and its calls say that one which was over goes on. */
export function showsItself(session: Session, { event, agentType, t }: Row, agent: string): void {
  const isOver = session.over.some(({ id }) => id === agent);
  const begins = event === "SubagentStart" || event === "PreToolUse";
  if (isOver && !begins) return;
  const shown = session.subagents.find(({ id }) => id === agent) ?? startSubagent(session, agent, t);
  if (agentType) shown.type ??= agentType;
}

export function startSubagent(session: Session, id: string, since: number): Subagent {
  const before = session.over.find((known) => known.id === id);
  const subagent: Subagent = { id, since, ...(before?.background ? { background: true as const } : {}) };
  session.subagents.push(subagent);
  return subagent;
}

export function endSubagents(session: Session, ends: (subagent: Subagent) => boolean): void {
  const over = session.subagents.filter(ends);
  const ids = new Set(over.map(({ id }) => id));
  session.subagents = session.subagents.filter((subagent) => !ends(subagent));
  session.over = remember(
    session.over.filter(({ id }) => !ids.has(id)),
    ...over,
  );
}

/** Closes calls and questions of all agents but some. */
export function closeAgents(session: Session, goesOn: (agent: string | undefined) => boolean): void {
  session.running = session.running.filter(({ agent }) => goesOn(agent));
  session.waits = session.waits.filter(({ agent }) => goesOn(agent));
}

/** A turn ends: foreground calls and subagents end with it. */
export function closeTurn(session: Session): void {
  const background = [...session.subagents, ...session.over].filter((subagent) => subagent.background);
  const staying = new Set<string | undefined>(background.map(({ id }) => id));
  endSubagents(session, (subagent) => !subagent.background);
  closeAgents(session, (agent) => staying.has(agent));
  delete session.compacting;
  delete session.promptId;
}

export function closeAll(session: Session): void {
  session.left = remember(session.left, ...session.running.map(({ call }) => call));
  closeTurn(session);
  endSubagents(session, () => true);
  closeAgents(session, () => false);
}

export function remember<T>(known: readonly T[], ...more: readonly T[]): T[] {
  return [...known, ...more].slice(-REMEMBERED);
}
