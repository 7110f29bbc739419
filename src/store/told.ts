// A session told anew from the events that are still there, for what an earlier version did not know of it.

import type { Envelope } from "../contract/envelope.ts";
import { reduce, type Step } from "../session/reduce.ts";
import type { Session } from "../session/state.ts";
import { extract, headOf } from "./extract.ts";

/** A longer one stays as it was: to tell it would hold up events. */
export const MAX_TOLD = 20_000;

/** What its events make of a session; `onStep` hears what each has changed. */
export function tellAnew(
  kept: readonly Envelope[],
  onStep: (before: Session | undefined, step: Step) => void = () => {},
): Session | undefined {
  let session: Session | undefined;
  for (const envelope of kept) {
    const { row, project } = extract(envelope, 0);
    const step = reduce(session, { kind: "event", row, head: headOf(envelope, project) });
    onStep(session, step);
    session = step.session;
  }
  return session;
}

/**
 * A session with the signals of what was told anew. That counts its turns from the first event that is still there; the
 * session counts from its beginning.
 */
export function withSignals(before: Session, { signals, watch, turns }: Session): Session {
  const earlier = before.turns - turns;
  const number = <T extends { readonly number: number }>(one: T) => ({ ...one, number: one.number + earlier });
  return {
    ...before,
    ...(signals ? { signals: signals.map((one) => ({ ...one, turn: one.turn + earlier })) } : {}),
    ...(watch ? { watch: { ...watch, turns: watch.turns.map(number) } } : {}),
  };
}
