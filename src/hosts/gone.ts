// Sessions whose Claude Code is gone without a word: looked for on this machine from time to time.
// - A pid is judged only where it counts: in the namespace that relay or host have named, if that is the monitor's own.
// - What was running before this machine was started is gone, wherever its pid counted.

import type { SessionSummary } from "../contract/session.ts";
import { textOf } from "../contract/texts.ts";
import type { Log } from "../platform/log.ts";
import type { Machine } from "../platform/machine.ts";
import type { Store } from "../store/port.ts";
import type { SessionFile } from "./session-file.ts";

const EVERY_MS = 30_000;
/** Open sessions that are looked at, the latest first. */
const MAX_OPEN = 1000;
/** Between the clock and the kernel's count since its start. */
const SLACK_MS = 60_000;

export interface Here extends Machine {
  /** What this machine is called. */
  readonly name: string;
  /** What Claude Code calls machine and pid namespace in its session files; undefined where the system does not say. */
  readonly pidDomain: string | undefined;
  /** When it was started, ms since 1970. */
  readonly bootedAt: number;
  readonly isAlive: (pid: number) => boolean;
  /** Field `starttime` of /proc/<pid>/stat. */
  readonly startTicks: (pid: number) => number | undefined;
}

/** Whether the process of a session is gone. `file` is what the host has written of it, if it has. */
export function isGone(
  { pid, pidns, machine, host, lastAt }: Pick<SessionSummary, "pid" | "pidns" | "machine" | "host" | "lastAt">,
  file: SessionFile | undefined,
  here: Here,
): boolean {
  if (pid === undefined) return false;
  // What an earlier relay has sent names a machine by its name, and no namespace.
  if (machine === undefined) return host === here.name && !here.isAlive(pid);
  if (machine !== here.machine) return false;
  if (lastAt < here.bootedAt - SLACK_MS) return true;
  if (file?.pidDomain !== undefined && here.pidDomain !== undefined) {
    if (file.pidDomain !== here.pidDomain) return false;
    const isAnother = file.procStart !== undefined && here.startTicks(pid) !== Number(file.procStart);
    return !here.isAlive(pid) || isAnother;
  }
  return pidns !== undefined && pidns === here.pidns && !here.isAlive(pid);
}

export interface GoneOptions {
  readonly store: Store;
  readonly here: Here;
  readonly now: () => number;
  /** What a session's host has written of it. */
  readonly fileOf: (session: SessionSummary) => Promise<SessionFile | undefined>;
}

/** Looks until the returned function is called, which resolves when no look is running any more. */
export function watchForGone(options: GoneOptions, log: Log): () => Promise<void> {
  let looking: Promise<void> | undefined;
  const timer = setInterval(() => {
    looking ??= findGone(options)
      .catch((error: unknown) => log.warn({ err: error }, "sessions could not be looked through"))
      .finally(() => {
        looking = undefined; // a store that is slow is not asked again meanwhile
      });
  }, EVERY_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
}

/** Marks the sessions of this machine as lost whose process is gone. */
export async function findGone({ store, here, now, fileOf }: GoneOptions): Promise<void> {
  const states = ["working", "waiting", "idle", "interrupted"] as const;
  const { sessions } = await store.sessions({ states, limit: MAX_OPEN });
  const gone: string[] = [];
  for (const session of sessions) if (isGone(session, await fileOf(session), here)) gone.push(session.id);
  if (gone.length === 0) return;
  const trouble = await store.record(gone.map((session) => ({ session, facts: [{ kind: "gone", t: now() }] })));
  if (trouble) throw new Error(textOf(trouble));
}
