// The schedule of attempts to reach a server: 250 ms, doubling, 30 s at most, full jitter, by exponential-backoff.

import { backOff } from "exponential-backoff";

export const FIRST_DELAY_MS = 250;
export const MAX_DELAY_MS = 30_000; // longer, and a relay that waits looks dead on the dashboard
const MULTIPLE = 2;

export class Backoff {
  readonly #onDue: () => void;
  /** Present while the library waits for the outcome of the attempt that is due. */
  #fail: (() => void) | undefined;
  #failures = 0;
  /** The library's timer cannot be cleared: a schedule that is not the current one ends when its timer does. */
  #current = Symbol();

  /** Begins the schedule; `onDue` is called whenever an attempt becomes due. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
    this.#begin();
  }

  /** Whether the wait after the last failure is over. */
  get due(): boolean {
    return this.#fail !== undefined;
  }

  /** How long the wait after the last failure lasts at most, ms. */
  get longestMs(): number {
    return Math.min(FIRST_DELAY_MS * MULTIPLE ** Math.max(0, this.#failures - 1), MAX_DELAY_MS);
  }

  /** Says that an attempt failed: the next wait begins, unless the last one is not over, as after an early attempt. */
  failed(): void {
    if (!this.#fail) return;
    this.#failures++;
    this.#fail();
    this.#fail = undefined;
  }

  /** Says that a server took events: an attempt is due at once, and the waits after it are short again. */
  succeeded(): void {
    this.#begin();
  }

  #begin(): void {
    const schedule = Symbol();
    this.#current = schedule;
    this.#failures = 0;
    this.#fail = undefined;
    const attempt = () =>
      new Promise<void>((resolve, reject) => {
        if (schedule !== this.#current) return resolve();
        this.#fail = () => reject(new Error("the attempt failed"));
        this.#onDue();
      });
    void backOff(attempt, {
      startingDelay: FIRST_DELAY_MS,
      timeMultiple: MULTIPLE,
      maxDelay: MAX_DELAY_MS,
      jitter: "full",
      numOfAttempts: Number.POSITIVE_INFINITY,
    });
  }
}
