// Time between attempts: 250 ms, doubling, 30 s at most, full jitter; cut short by a wake-up or by the end.

import { backOff } from "exponential-backoff";

export const FIRST_DELAY_MS = 250;
export const MAX_DELAY_MS = 30_000; // longer, and a relay that waits looks dead on the dashboard
/** However many events come, an early attempt is made at most this often. */
export const EARLY_EVERY_MS = 1000;

export interface Persistence {
  readonly signal: AbortSignal;
  /** Calls back when something new is there to be sent; returns its own undo. */
  readonly onWake: (wake: () => void) => () => void;
  /** @param waitedMs since the end of the attempt before; 0 for the first */
  readonly onFailure: (reason: string, attempt: number, waitedMs: number) => void;
}

/**
 * Attempts until one succeeds.
 * @param attempt resolves with undefined for success, or with the reason why not
 * @returns when it has succeeded, or the signal has been aborted
 */
export async function persist(
  attempt: () => Promise<string | undefined>,
  { signal, onWake, onFailure }: Persistence,
): Promise<void> {
  let over = signal.aborted;
  let attempts = 0;
  let running: Promise<string | undefined> | undefined;
  let lastEnd = Number.NEGATIVE_INFINITY;
  let early: NodeJS.Timeout | undefined;

  const once = (): Promise<string | undefined> => {
    if (running) return running;
    const waited = attempts === 0 ? 0 : Math.round(performance.now() - lastEnd);
    running = attempt().then((reason) => {
      running = undefined;
      lastEnd = performance.now();
      attempts++;
      if (reason !== undefined && !over) onFailure(reason, attempts, waited);
      return reason;
    });
    return running;
  };

  await new Promise<void>((resolve) => {
    const finish = () => {
      over = true;
      clearTimeout(early);
      unwake();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const unwake = onWake(() => {
      if (over || running || early) return;
      const wait = Math.max(0, lastEnd + EARLY_EVERY_MS - performance.now());
      early = setTimeout(async () => {
        early = undefined;
        if (!over && (await once()) === undefined) finish();
      }, wait);
    });
    signal.addEventListener("abort", finish, { once: true });
    if (over) finish();
    // The library waits in a timer that nothing can end; what it does after the end is nothing.
    void backOff(
      async () => {
        if (over) return;
        const reason = await once();
        if (reason !== undefined && !over) throw new Error(reason);
        finish();
      },
      {
        startingDelay: FIRST_DELAY_MS,
        timeMultiple: 2,
        maxDelay: MAX_DELAY_MS,
        jitter: "full",
        numOfAttempts: Number.POSITIVE_INFINITY,
        retry: () => !over,
      },
    ).catch(() => {});
  });
}
