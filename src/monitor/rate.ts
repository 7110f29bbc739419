// How often the monitor may be asked: strangers have a measure of their own, and cannot use up the user's.

/** Requests a second over a longer time, and how many may come at once. */
export const RATE = 500;
export const BURST = 1000;

/** Whether one more may ask: a stranger, or somebody known, each by themselves. */
export interface Rates {
  stranger(): boolean;
  user(name?: string): boolean;
}

/** So many are measured at a time; beyond that all begin anew. */
const MAX_MEASURED = 10_000;

/** `now` in ms. */
export function openRates(now: () => number): Rates {
  const stranger = tokenBucket(now);
  const users = new Map<string, () => boolean>();
  return {
    stranger,
    user(name = "") {
      if (users.size > MAX_MEASURED) users.clear();
      const bucket = users.get(name) ?? tokenBucket(now);
      users.set(name, bucket);
      return bucket();
    },
  };
}

/** Whether one more may come, or as many together: so many a second over a longer time, and so many at once. */
export function tokenBucket(now: () => number, perSecond = RATE, burst = BURST): (count?: number) => boolean {
  let left = burst;
  let at = now();
  return (count = 1) => {
    const time = now();
    left = Math.min(burst, left + (Math.max(0, time - at) / 1000) * perSecond);
    at = time;
    if (left < count) return false;
    left -= count;
    return true;
  };
}
