// What one event may take of the processor, and who counts it.

import { spentMs } from "./spent.ts";

/** Told how much was looked at, in characters; throws OverBudget to end that. */
export type Meter = (characters: number) => void;

/** Thrown by the meter, and caught where what is left can be taken out. */
export class OverBudget extends Error {}

/** What stands in the mark of what was taken out because it was not looked at. */
export const UNSEEN = "over_budget";

export interface Budget {
  readonly meter: Meter;
  readonly isSpent: boolean;
  /** The same as the meter, but throws nothing. */
  spend(characters: number): void;
  /** Hears of a text that is to be looked at, of so many characters. */
  grow(characters: number): void;
}

/** Processor time, ms: that of an event of any size, what each character of a larger one adds, and what none goes beyond. */
export interface Limits {
  readonly leastMs: number;
  readonly charactersPerMs: number;
  readonly mostMs: number;
}

/** Characters between two looks at the clock, which takes as long as a few hundred of them. */
const LOOK_AT_CLOCK = 16 * 1024;

/** A budget of this thread's processor time: a machine that is suspended or busy spends none of it. */
export function openBudget({ leastMs, charactersPerMs, mostMs }: Limits): Budget {
  const begun = spentMs();
  let allowedMs = leastMs;
  let size = 0;
  let work = 0;
  let isSpent = false;
  const spend = (characters: number): void => {
    work += characters;
    if (work < LOOK_AT_CLOCK) return;
    work = 0;
    isSpent ||= spentMs() - begun > allowedMs;
  };
  return {
    spend,
    meter(characters) {
      spend(characters);
      if (isSpent) throw new OverBudget();
    },
    get isSpent() {
      return isSpent;
    },
    grow(characters) {
      size += characters;
      allowedMs = Math.min(Math.max(leastMs, size / charactersPerMs), mostMs);
    },
  };
}
