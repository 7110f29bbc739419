// Says when something may have been stored, however much is, at a price that does not disturb those who store.
// - In quiet times the kernel tells, and the directory is looked at a moment later.
// - While entries come, nobody is asked to tell: each would wake this process four times, in the middle of a hook. The
//   directory is looked at every so often instead, until nothing new was found a few times in a row.

import { type FSWatcher, watch } from "node:fs";

/** A hook's storing shows as four file events within two milliseconds: looked at once, it is whole. */
const SETTLE_MS = 5;
/** What an event waits at most while others come, unless told otherwise: a fraction of what a person sees. */
export const LOOK_MS = 30;
const QUIET_LOOKS = 3;

export class Arrivals {
  readonly #dir: string;
  readonly #look: (told: boolean) => boolean;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Whether the look that the timer is for was asked for by the kernel. */
  #told = false;
  /** Looks in a row at which nothing was new. */
  #quiet = 0;
  #gatherMs = LOOK_MS;

  /**
   * Watches a directory; where that cannot be had, it stays silent until `retry`. `look` looks for what is new, and says
   * whether there was something; `told`: the kernel said so.
   */
  constructor(dir: string, look: (told: boolean) => boolean) {
    this.#dir = dir;
    this.#look = look;
    this.#watch();
  }

  /** Lets what is stored wait for so long from now on, to be found together with what comes meanwhile. */
  gather(ms: number): void {
    const isSooner = ms < this.#gatherMs;
    this.#gatherMs = ms;
    if (!isSooner || !this.#timer) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#lookAgain, 0);
  }

  /** Watches again where it could not: the directory was away, or the system's limits were reached. */
  retry(): void {
    if (this.#watcher || this.#timer) return;
    this.#told = true;
    this.#lookAgain();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#unwatch();
  }

  #watch(): void {
    try {
      this.#watcher = watch(this.#dir, () => {
        this.#unwatch();
        this.#quiet = 0;
        this.#told = true;
        this.#timer ??= setTimeout(this.#lookAgain, this.#gatherMs > LOOK_MS ? this.#gatherMs : SETTLE_MS);
      });
      this.#watcher.on("error", () => this.#unwatch());
    } catch {
      this.#watcher = undefined;
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  readonly #lookAgain = (): void => {
    this.#timer = undefined;
    const told = this.#told;
    this.#told = false;
    this.#quiet = this.#look(told) ? 0 : this.#quiet + 1;
    if (this.#quiet >= QUIET_LOOKS) {
      this.#watch();
      // What came before the kernel was asked is not told.
      if (!this.#look(false)) return;
      this.#unwatch();
      this.#quiet = 0;
    }
    this.#timer = setTimeout(this.#lookAgain, this.#gatherMs);
  };
}
