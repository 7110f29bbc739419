// A question to the monitor, asked until it is closed: once, again with news, and again when the monitor is back.
// - Nothing is told after it was closed: an answer to this question is never taken for one to the next.
// - One asking at a time: no older answer overtakes a newer one, and one that takes long is shown all the same.

import type { Result } from "../contract/result.ts";
import { type Failure, NO_ANSWER } from "./api.ts";

/** What is known of a question: the latest answer, and why the asking after it failed. */
export interface Kept<T> {
  readonly value?: T;
  readonly error?: Failure;
}

export class Asking<T> {
  readonly #question: (signal: AbortSignal) => Promise<Result<T, Failure>>;
  readonly #tell: (kept: Kept<T>) => void;
  readonly #gone = new AbortController();
  #kept: Kept<T> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isAsking = false;
  /** Whether there was news, or the monitor came back, while it was being asked. */
  #hasNews = false;
  #isBack = false;

  /** `tell` hears of every outcome. */
  constructor(question: (signal: AbortSignal) => Promise<Result<T, Failure>>, tell: (kept: Kept<T>) => void) {
    this.#question = question;
    this.#tell = tell;
  }

  /** Asks, unless it is being asked. */
  ask(): void {
    if (!this.#isAsking) void this.#askUntilCurrent();
  }

  /** Asks in so many ms, or once the present asking is over: what that answers may be older than the news. */
  askSoon(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#hasNews = this.#isAsking;
      this.ask();
    }, ms);
  }

  /** Asks again what failed because nobody answered. */
  monitorIsBack(): void {
    if (this.#isAsking) this.#isBack = true;
    else if (this.#hasNoAnswer()) this.ask();
  }

  close(): void {
    this.#gone.abort();
    clearTimeout(this.#timer);
  }

  async #askUntilCurrent(): Promise<void> {
    this.#isAsking = true;
    do {
      this.#hasNews = false;
      this.#isBack = false;
      const answer = await this.#question(this.#gone.signal);
      if (this.#gone.signal.aborted) return;
      this.#kept = answer.ok ? { value: answer.value } : { ...this.#kept, error: answer.reason };
      this.#tell(this.#kept);
    } while (this.#hasNews || (this.#isBack && this.#hasNoAnswer()));
    this.#isAsking = false;
  }

  #hasNoAnswer(): boolean {
    return this.#kept.error?.status === NO_ANSWER;
  }
}
