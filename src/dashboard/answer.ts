// What the monitor answers, kept for as long as it is shown.

import type { ReadonlySignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import type { Result } from "../contract/result.ts";
import type { EventRow } from "../contract/row.ts";
import type { Failure } from "./api.ts";
import { Asking, type Kept } from "./asking.ts";
import { now } from "./clock.ts";
import { onRows, returns } from "./live.ts";

/** When a question is asked, beyond at once. */
export interface When {
  /** How long it waits first, ms: what is typed is another question with every letter. */
  readonly pauseMs?: number;
  /** How often it is asked again, ms, where it is due; not while nobody looks at the page. */
  readonly everyMs?: number;
  readonly isDue?: () => boolean;
  /** Rows that change the answer, after which it is asked again in `afterMs`. */
  readonly rows?: { readonly afterMs: number; readonly change: (row: EventRow) => boolean };
}

type Ask<T> = (signal: AbortSignal) => Promise<Result<T, Failure>>;

/**
 * What is known of a question. It is asked at once, as `when` says, and when the monitor is back. What was answered to the
 * one before stays until something is known of this one, so that nothing flickers. `question` names all that `ask` depends
 * on but the time; undefined: nothing is asked, and nothing known.
 */
export function useAnswer<T>(question: string | undefined, ask: Ask<T>, when: When = {}): Kept<T> {
  const [kept, setKept] = useState<Kept<T>>({});
  useEffect(() => {
    if (question === undefined) setKept({});
  }, [question]);
  useAsking(question, ask, setKept, when);
  return kept;
}

/** The same for whoever keeps the answers: `tell` hears of every one to the question of now, and of no other. */
export function useAsking<T>(
  question: string | undefined,
  ask: Ask<T>,
  tell: (kept: Kept<T>) => void,
  { pauseMs = 0, everyMs, isDue = () => true, rows }: When,
): void {
  useEffect(() => {
    if (question === undefined) return;
    const asking = new Asking(ask, tell);
    if (pauseMs > 0) asking.askSoon(pauseMs);
    else asking.ask();
    const stops = [
      onCount(returns, () => asking.monitorIsBack()),
      everyMs === undefined ? undefined : onRound(everyMs, () => isDue() && asking.ask()),
      rows && onRows((news) => news.some(rows.change) && asking.askSoon(rows.afterMs)),
      () => asking.close(),
    ];
    return () => {
      for (const stop of stops) stop?.();
    };
  }, [question]);
}

/** Calls back whenever a count goes up. */
function onCount(count: ReadonlySignal<number>, then: () => void): () => void {
  const before = count.peek();
  return count.subscribe((value) => value > before && then());
}

/** Calls back every so many ms of the page's clock, which rests while nobody looks. */
function onRound(everyMs: number, then: () => void): () => void {
  const roundOf = (time: number) => Math.floor(time / everyMs);
  let round = roundOf(now.peek());
  return now.subscribe((time) => {
    if (roundOf(time) === round) return;
    round = roundOf(time);
    then();
  });
}
