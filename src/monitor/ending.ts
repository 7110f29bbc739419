// When a monitor ends by itself: its home was moved, its store is damaged, or nothing is to be done.

import type { Config } from "../config/config.ts";
import { watchIdentity } from "../platform/directory.ts";
import type { Log } from "../platform/log.ts";
import type { Live } from "./live.ts";

/** Why a monitor ends by itself: nothing to do, a damaged store, or a home that is no longer where it was. */
export type Ending = "idle" | "damaged" | "moved";

const IDLE_LOOK_MS = 30_000;
const HOME_LOOK_MS = 5000;

/** Ends the monitor when its home was moved away; the answer tells whether the home is where it was. */
export function endWhenMoved(
  { paths }: Config,
  log: Log,
  ending: PromiseWithResolvers<Ending>,
  opened: AsyncDisposableStack,
): () => boolean {
  const isHome = watchIdentity(paths.home);
  const timer = setInterval(() => {
    if (isHome()) return;
    log.warn({ home: paths.home }, "the home was moved or replaced: the monitor ends");
    ending.resolve("moved");
  }, HOME_LOOK_MS);
  timer.unref();
  opened.defer(() => clearInterval(timer));
  return isHome;
}

export function endWhenIdle(
  config: Config,
  /** When something was last taken in or passed on, by the clock that does not jump. */
  lastAt: () => number,
  live: Live,
  ending: PromiseWithResolvers<Ending>,
  opened: AsyncDisposableStack,
): void {
  let busyAt = performance.now();
  const look = () => {
    if (live.clients > 0) busyAt = performance.now();
    if (performance.now() - Math.max(busyAt, lastAt()) >= config.monitorIdleMs) ending.resolve("idle");
  };
  const timer = setInterval(look, Math.min(config.monitorIdleMs / 4, IDLE_LOOK_MS));
  opened.defer(() => clearInterval(timer));
}
