// Turns from transitions: what was asked and answered, how long it took, and how that time splits.
// - A turn's time is spent waiting for a person while a question is open that holds it up; else running tools while the
//   main agent has a call open, overlaps counted once; else in the model. The three add up to the whole.
// - A subagent in the background holds nothing up: its questions are none of the turn's, its calls are counted.

import type { Turn } from "../contract/turn.ts";
import type { Session, Span, TurnRecord } from "./state.ts";
import type { Transition, TransitionOf } from "./transition.ts";

/** The turn after one change; the same object where that is none of it. */
export function foldTurn(
  turn: TurnRecord | undefined,
  transition: Transition,
  session: Pick<Session, "subagents" | "over">,
): TurnRecord | undefined {
  if (turn) return next(turn, transition, session);
  return transition.type === "turnStarted" ? begun(transition) : undefined;
}

/** The turn with its ended spans summed up, once nothing is open that may overlap with them. */
export function settleTurn(turn: TurnRecord, session: Open): TurnRecord {
  if (turn.spans.length === 0 || hasOpen(session)) return turn;
  const { tools, waiting } = split(turn.spans, turn.settledAt, turn.latest);
  return { ...turn, settledAt: turn.latest, tools: turn.tools + tools, waiting: turn.waiting + waiting, spans: [] };
}

function begun({ number, id, prompt, t }: TransitionOf<"turnStarted">): TurnRecord {
  return {
    number,
    ...(id === undefined ? {} : { id }),
    state: "open",
    prompt,
    startedAt: t,
    latest: t,
    settledAt: t,
    calls: 0,
    failed: 0,
    denied: 0,
    tools: 0,
    waiting: 0,
    spans: [],
  };
}

function next(turn: TurnRecord, transition: Transition, session: Pick<Session, "subagents" | "over">): TurnRecord {
  if (transition.type === "turnStarted") return transition.again ? reopened(turn, transition.t) : begun(transition);
  // What goes on after it, in the background, is none of it.
  if (turn.state !== "open") return turn;
  switch (transition.type) {
    case "turnEnded": {
      const endedAt = Math.max(transition.t, turn.latest);
      const { answer, outcome } = transition;
      return { ...turn, state: outcome, endedAt, latest: endedAt, ...(answer === undefined ? {} : { answer }) };
    }
    case "callOpened":
      return withBeginning(turn, transition);
    case "callEnded":
      return withEnd(turn, transition);
    case "waitEnded": {
      const { wait, outcome, t } = transition;
      if (outcome === "automatic" || !isOfTurn(wait, session)) return turn;
      return withSpan(turn, { from: wait.since, to: t, waiting: true });
    }
    default:
      return turn;
  }
}

function withBeginning(turn: TurnRecord, { t, again }: TransitionOf<"callOpened">): TurnRecord {
  if (again === "denied") return { ...turn, denied: Math.max(0, turn.denied - 1) };
  return again ? turn : { ...turn, calls: turn.calls + 1, latest: Math.max(turn.latest, t) };
}

function reopened(turn: TurnRecord, t: number): TurnRecord {
  const { endedAt: _endedAt, answer: _answer, ...rest } = turn;
  return { ...rest, state: "open", latest: Math.max(turn.latest, t) };
}

function withEnd(
  before: TurnRecord,
  { call, tool, agent, outcome, since, t, ms }: TransitionOf<"callEnded">,
): TurnRecord {
  const turn = agent === undefined ? withSpan(before, { from: since, to: t }) : { ...before };
  if (outcome === "failed") turn.failed++;
  if (outcome === "denied") turn.denied++;
  const took = ms ?? t - since;
  const ran = outcome !== "denied" && outcome !== "launched";
  return ran && took > (turn.slowest?.ms ?? -1) ? { ...turn, slowest: { call, tool, ms: took } } : turn;
}

/** Spans of one turn that are kept apart while something is open that began before them. */
const MAX_SPANS = 1000;

function withSpan(turn: TurnRecord, span: Span): TurnRecord {
  const spans = [...turn.spans, span];
  return {
    ...turn,
    spans: spans.length > MAX_SPANS ? fewer(spans) : spans,
    latest: Math.max(turn.latest, span.to),
  };
}

/** At most half as many: what overlaps becomes one, which loses nothing; then the shortest gaps are closed. */
function fewer(spans: readonly Span[]): Span[] {
  const joined = join(spans, 0);
  const excess = joined.length - MAX_SPANS / 2;
  if (excess <= 0) return joined;
  const gaps = joined.flatMap((span, index) => gapBetween(joined[index - 1], span) ?? []);
  return join(joined, gaps.toSorted((a, b) => a - b)[excess] ?? 0);
}

/** Spans of one kind that overlap or have no larger gap between them become one. */
function join(spans: readonly Span[], gap: number): Span[] {
  const joined: Span[] = [];
  const inOrder = spans.toSorted((a, b) => Number(a.waiting ?? 0) - Number(b.waiting ?? 0) || a.from - b.from);
  for (const span of inOrder) {
    const last = joined.at(-1);
    if (last && (gapBetween(last, span) ?? Number.POSITIVE_INFINITY) <= gap)
      joined[joined.length - 1] = { ...last, to: Math.max(last.to, span.to) };
    else joined.push(span);
  }
  return joined;
}

/** ms; undefined between spans of different kinds. */
function gapBetween(before: Span | undefined, span: Span): number | undefined {
  return before && before.waiting === span.waiting ? span.from - before.to : undefined;
}

/** A question that holds the turn up. */
function isOfTurn(
  wait: { readonly for: { readonly code: string }; readonly agent?: string },
  { subagents, over }: Pick<Session, "subagents" | "over">,
): boolean {
  if (wait.for.code === "prompt") return false;
  const agent = wait.agent === undefined ? undefined : [...subagents, ...over].find(({ id }) => id === wait.agent);
  return !agent?.background;
}

type Open = Pick<Session, "running" | "waits" | "subagents" | "over">;

function hasOpen(session: Open): boolean {
  return (
    session.running.some(({ agent }) => agent === undefined) || session.waits.some((wait) => isOfTurn(wait, session))
  );
}

/** The turn as API and page know it; what is open in the session counts until `now`, ms since 1970. */
export function turnOf(
  { latest, settledAt, tools, waiting, spans, ...turn }: TurnRecord,
  session: Open,
  now: number,
): Turn {
  const end = turn.endedAt ?? Math.max(now, latest);
  const open: readonly Span[] =
    turn.state === "open"
      ? [
          ...session.running
            .filter(({ agent }) => agent === undefined)
            .map(({ since }): Span => ({ from: since, to: end })),
          ...session.waits
            .filter((wait) => wait.sure && isOfTurn(wait, session))
            .map(({ since }): Span => ({ from: since, to: end, waiting: true })),
        ]
      : [];
  const unsettled = split([...spans, ...open], settledAt, end);
  const total = end - turn.startedAt;
  const ms = { tools: tools + unsettled.tools, waiting: waiting + unsettled.waiting };
  return { ...turn, ms: { total, model: Math.max(0, total - ms.tools - ms.waiting), ...ms } };
}

function split(spans: readonly Span[], from: number, to: number): { tools: number; waiting: number } {
  const waiting = union(
    spans.filter((span) => span.waiting),
    from,
    to,
  );
  return { waiting, tools: union(spans, from, to) - waiting };
}

/** How much of a time is covered by spans, overlaps once. */
function union(spans: readonly Span[], from: number, to: number): number {
  let covered = 0;
  let until = from;
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const end = Math.min(span.to, to);
    if (end <= until) continue;
    covered += end - Math.max(span.from, until);
    until = end;
  }
  return covered;
}
