// Sessions that were imported while they might go on: once their last line is old enough, their transcript is read to its end.
// - Hooks name a session's process, and that says when it is over (hosts/gone.ts): here are those that no hook has reported.
// - Where there is no transcript any more, or it says no more, the session is over as of its last event.

import { textOf } from "../contract/texts.ts";
import type { Log } from "../platform/log.ts";
import { thisMachine } from "../platform/machine.ts";
import type { Store } from "../store/port.ts";
import { findTranscripts } from "../transcripts/find.ts";
import { MAY_GO_ON_MS } from "../transcripts/import.ts";
import type { Reading } from "./import.ts";

const EVERY_MS = 60_000;
/** Open sessions that are looked at, the latest first. */
const MAX_OPEN = 1000;
const OPEN = ["working", "waiting", "idle", "interrupted"] as const;

export interface OverOptions {
  readonly store: Store;
  /** Where transcripts lie. */
  readonly places: readonly string[];
  /** ms since 1970 */
  readonly now: () => number;
  /** Imports these files. */
  readonly read: (paths: readonly string[]) => Reading;
}

/** Looks from time to time, until it is closed. */
export function watchForOver(options: OverOptions & { readonly log: Log }): { close(): Promise<void> } {
  let reading: Reading | undefined;
  let looking: Promise<void> | undefined;
  let isClosed = false;
  const read = (paths: readonly string[]) => {
    reading = options.read(paths);
    if (isClosed) void reading.stop(); // the look was under way
    return reading;
  };
  const timer = setInterval(() => {
    looking ??= endImported({ ...options, read })
      .catch((error: unknown) => {
        if (!isClosed) options.log.warn({ err: error }, "imported sessions could not be looked through");
      })
      .finally(() => {
        looking = undefined;
      });
  }, EVERY_MS);
  timer.unref();
  return {
    async close() {
      isClosed = true;
      clearInterval(timer);
      await reading?.stop();
      await looking;
    },
  };
}

/** Ends those of this machine's imported sessions that are over by now. */
export async function endImported({ store, places, now, read }: OverOptions): Promise<void> {
  const before = now() - MAY_GO_ON_MS;
  const open = (await store.sessions({ states: OPEN, limit: MAX_OPEN })).sessions.filter(
    ({ pid, machine, lastAt }) => pid === undefined && machine === thisMachine().machine && lastAt < before,
  );
  const silent: string[] = [];
  for (const { id } of open) {
    const [first] = await store.rows({ session: id }, { after: 0, limit: 1 });
    if (first?.source === "transcript") silent.push(id);
  }
  if (silent.length === 0) return;
  const files = (await findTranscripts(places)).filter(({ session }) => session && silent.includes(session));
  if (files.length > 0) await read(files.map(({ path }) => path)).ended;
  const growing = new Set(files.filter(({ modifiedAt }) => modifiedAt >= before).map(({ session }) => session));
  const left = await store.sessions({ states: OPEN, ids: silent.filter((id) => !growing.has(id)), limit: MAX_OPEN });
  const facts = left.sessions.map(({ id, lastAt }) => ({
    session: id,
    facts: [{ kind: "gone", t: lastAt } as const],
  }));
  const trouble = facts.length > 0 ? await store.record(facts) : undefined;
  if (trouble) throw new Error(textOf(trouble));
}
