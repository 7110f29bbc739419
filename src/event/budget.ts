// What one event may take of the processor, and who counts it.

import { spentMs } from "./spent.ts";

/** Told how much was looked at, in characters; throws OverBudget to end that. */
export type Meter = (characters: number) => void;

/** Thrown by the meter, and caught where a text can be taken out whole. */
export class OverBudget extends Error {}

export interface Budget {
  readonly meter: Meter;
  readonly isSpent: boolean;
}

/** Characters between two looks at the clock, which takes as long as a few hundred of them. */
const LOOK_AT_CLOCK = 16 * 1024;

/** A budget of this thread's processor time: a machine that is suspended or busy spends none of it. */
export function openBudget(ms: number): Budget {
  const end = spentMs() + ms;
  let work = 0;
  let isSpent = false;
  return {
    meter(characters) {
      work += characters;
      if (work < LOOK_AT_CLOCK) return;
      work = 0;
      isSpent ||= spentMs() > end;
      if (isSpent) throw new OverBudget();
    },
    get isSpent() {
      return isSpent;
    },
  };
}
