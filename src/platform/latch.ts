// A wake-up for one who waits: it may be set by many, and is used up by the wait that it ends.

export class Latch {
  #isSet = false;
  #wake: (() => void) | undefined;

  /** Ends the wait that is under way, or else the next one at once. */
  readonly set = (): void => {
    this.#isSet = true;
    this.#wake?.();
  };

  /** Resolves once the latch has been set since the last wait, or after so many milliseconds. One may wait at a time. */
  async wait(withinMs = Number.POSITIVE_INFINITY): Promise<void> {
    if (!this.#isSet && withinMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = Number.isFinite(withinMs) ? setTimeout(resolve, withinMs) : undefined;
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
    this.#isSet = false;
  }
}
