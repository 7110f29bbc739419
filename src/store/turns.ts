// Turns as every store keeps and tells them: each when the next one begins, the latest as part of its session's state.

import type { Tokens } from "../contract/session.ts";
import type { Turn } from "../contract/turn.ts";
import type { Step } from "../session/reduce.ts";
import { lastBegun } from "../session/search.ts";
import type { Session, TurnRecord } from "../session/state.ts";
import { foldTurn, turnOf } from "../session/turns.ts";
import type { TurnStretch } from "./port.ts";

/** Nothing is open any more in a turn that another has followed. */
const NOTHING_OPEN = { running: [], waits: [], subagents: [], over: [] };

/** The turns that a step of the reducer has left behind: what a store is to keep. */
export function leftTurns(before: Session | undefined, { session, transitions }: Step): TurnRecord[] {
  if (!transitions.some(({ type }) => type === "turnStarted")) return [];
  const left: TurnRecord[] = [];
  let turn = before?.turn;
  for (const transition of transitions) {
    const next = foldTurn(turn, transition, session);
    if (turn && next && next.number !== turn.number) left.push(turn);
    turn = next;
  }
  return left;
}

/** What of a turn tells when it began. */
export type TurnStart = Pick<Turn, "number" | "startedAt">;

/** When the turns of a session began, those that are kept and the latest. */
export function turnStarts(kept: readonly TurnStart[], { turn }: Session): readonly TurnStart[] {
  const before = kept.filter(({ number }) => number !== turn?.number);
  return turn ? [...before, { number: turn.number, startedAt: turn.startedAt }] : before;
}

/** Which kept turns are read for a stretch: one more than it has, which takes the answers that came after its last one. */
export function keptFor({ limit, last }: TurnStretch): { readonly limit: number | undefined; readonly last: number } {
  return {
    limit: limit === undefined || last === undefined ? limit : limit + 1,
    last: last === undefined ? Number.MAX_SAFE_INTEGER : last + 1,
  };
}

/** From when on answers fall into these turns, which are `limit` at most, ms since 1970. */
export function sinceOf(kept: readonly TurnStart[], limit: number | undefined): number {
  return kept.length === limit ? (kept[0]?.startedAt ?? 0) : 0;
}

/** The turns of a stretch in order, each with the tokens of the answers that fell into it; `now` is ms since 1970. */
export function toldTurns(
  kept: readonly TurnRecord[],
  session: Session,
  answers: readonly { readonly t: number; readonly tokens: Tokens }[],
  now: number,
  { limit, last = Number.MAX_SAFE_INTEGER }: TurnStretch = {},
): Turn[] {
  const { turn } = session;
  const turns = kept
    .filter(({ number }) => number !== turn?.number)
    .map((record) => turnOf(record, NOTHING_OPEN, record.latest));
  if (turn && turn.number <= last + 1) turns.push(turnOf(turn, session, now));
  const sums = new Map<number, Tokens>();
  const turnAt = turnsAt(turns);
  for (const { t, tokens } of answers) {
    const of = turnAt(t);
    if (!of) continue;
    const before = sums.get(of.number);
    sums.set(of.number, before ? sumOf(before, tokens) : tokens);
  }
  const asked = turns.filter(({ number }) => number <= last);
  return asked.slice(limit === undefined ? 0 : -limit).map((one) => {
    const tokens = sums.get(one.number);
    return tokens ? { ...one, tokens } : one;
  });
}

/** Tells the turn that an answer belongs to: the last one that began before it. */
export function turnsAt<T extends { readonly startedAt: number }>(turns: readonly T[]): (t: number) => T | undefined {
  const begun = lastBegun(turns);
  return (t) => begun(t) ?? turns[0];
}

export function sumOf(a: Tokens, b: Tokens): Tokens {
  const hour = (a.cacheWriteHour ?? 0) + (b.cacheWriteHour ?? 0);
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    ...(hour > 0 ? { cacheWriteHour: hour } : {}),
  };
}
