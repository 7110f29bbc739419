// Says when something may have been stored, however much is, at a price that does not disturb those who store.
// - In quiet times the kernel tells, and the directory is looked at a moment later.
// - While entries come, nobody is asked to tell: each would wake this process four times, in the middle of a hook. The
//   directory is looked at every LOOK_MS instead, until nothing new was found a few times in a row.

import { type FSWatcher, watch } from "node:fs";

/** A hook's storing shows as four file events within two milliseconds: looked at once, it is whole. */
const GATHER_MS = 5;
/** What an event waits at most while others come: a fraction of what a person sees, and several events' worth of work. */
export const LOOK_MS = 30;
const QUIET_LOOKS = 3;

export interface Arrivals {
  /** Watches again where it could not: the directory was away, or the system's limits were reached. */
  retry(): void;
  close(): void;
}

/**
 * Watches a directory; where that cannot be had, it stays silent until `retry`.
 * @param look looks for what is new. @param told the kernel said so @returns whether there was something new
 */
export function watchArrivals(dir: string, look: (told: boolean) => boolean): Arrivals {
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  let quiet = 0;

  const unwatch = () => {
    watcher?.close();
    watcher = undefined;
  };
  const attend = () => {
    try {
      watcher = watch(dir, () => {
        unwatch();
        quiet = 0;
        timer ??= setTimeout(lookAgain, GATHER_MS, true);
      });
      watcher.on("error", unwatch);
    } catch {
      watcher = undefined;
    }
  };
  const lookAgain = (told: boolean) => {
    timer = undefined;
    quiet = look(told) ? 0 : quiet + 1;
    if (quiet >= QUIET_LOOKS) {
      attend();
      // What came before the kernel was asked is not told.
      if (!look(false)) return;
      unwatch();
      quiet = 0;
    }
    timer = setTimeout(lookAgain, LOOK_MS, false);
  };
  attend();
  return {
    retry() {
      if (!watcher && !timer) lookAgain(true);
    },
    close() {
      clearTimeout(timer);
      unwatch();
    },
  };
}
