// Sessions whose Claude Code is gone without a word: looked for on this machine from time to time.

import type { Config } from "../config/config.ts";
import { textOf } from "../contract/texts.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/port.ts";

const EVERY_MS = 30_000;
/** Open sessions that are looked at, the latest first. */
const MAX_OPEN = 1000;

export interface LostOptions {
  readonly config: Config;
  readonly store: Store;
  readonly log: Log;
  readonly now: () => number;
  readonly isAlive: (pid: number) => boolean;
}

/** Looks until the returned function is called, which resolves when no look is running any more. */
export function watchForLost(options: LostOptions): () => Promise<void> {
  const { log } = options;
  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = findLost(options).catch((error: unknown) =>
      log.warn({ err: error }, "sessions could not be looked through"),
    );
  }, EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
}

/** Marks the sessions of this machine as lost whose process is gone. */
export async function findLost({ config, store, now, isAlive }: Omit<LostOptions, "log">): Promise<void> {
  const states = ["working", "waiting", "idle", "interrupted"] as const;
  const { sessions } = await store.sessions({ states, host: config.hostName, limit: MAX_OPEN });
  const gone = sessions.filter(({ pid }) => pid !== undefined && !isAlive(pid));
  if (gone.length === 0) return;
  const trouble = await store.record(gone.map(({ id }) => ({ session: id, facts: [{ kind: "gone", t: now() }] })));
  if (trouble) throw new Error(textOf(trouble));
}
