// How often the monitor may be asked: strangers have a measure of their own, and cannot use up the user's.

/** Requests a second over a longer time, and how many may come at once. */
export const RATE = 500;
export const BURST = 1000;

/** Whether one more may ask. */
export type Rates = Readonly<Record<"user" | "stranger", () => boolean>>;

/** Two measures; `now` in ms. */
export function openRates(now: () => number): Rates {
  return { user: tokenBucket(now), stranger: tokenBucket(now) };
}

function tokenBucket(now: () => number): () => boolean {
  let left = BURST;
  let at = now();
  return () => {
    const time = now();
    left = Math.min(BURST, left + (Math.max(0, time - at) / 1000) * RATE);
    at = time;
    if (left < 1) return false;
    left--;
    return true;
  };
}
