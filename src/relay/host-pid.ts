// In which namespace the pid counts that a hook names: in this relay's, if Claude Code is seen to live here under it.
// - A hook in a sandbox or a container with the same home stores into the same spool; its pids are none of ours.
// - Said only where it was seen: the process is ours, has one number only, and is older than the event that it made.

import { readFileSync, statSync } from "node:fs";
import { isAlive, startTicks, TICK_MS } from "../platform/process.ts";

/** Processes that are remembered, and for how long what was seen of one holds, ms. */
const MAX_KNOWN = 1000;
const HOLDS_MS = 10_000;
/** Between the kernel's clock and that of the file system. */
const SLACK_MS = 1000;

export interface HostPids {
  /** The namespace of the pid of an event that was stored at a time, ms since 1970; undefined where that is not known. */
  namespaceOf(pid: number | undefined, storedAt: number): string | undefined;
}

/** `pidns` is this process's own; `bootedAt` and `now` are ms since 1970. */
export function openHostPids(pidns: string | undefined, bootedAt: number, now: () => number): HostPids {
  const known = new Map<number, { readonly until: number; readonly since: number | undefined }>();
  return {
    namespaceOf(pid, storedAt) {
      if (pid === undefined || pidns === undefined) return undefined;
      let seen = known.get(pid);
      if (!seen || seen.until < now()) {
        seen = { until: now() + HOLDS_MS, since: startOf(pid, bootedAt) };
        known.delete(pid);
        known.set(pid, seen);
        const [oldest] = known.keys();
        if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
      }
      return seen.since !== undefined && seen.since <= storedAt + SLACK_MS ? pidns : undefined;
    },
  };
}

/** When a process of this user and this namespace was started, ms since 1970; undefined where there is none. */
function startOf(pid: number, bootedAt: number): number | undefined {
  if (process.platform !== "linux") return isAlive(pid) ? Number.NEGATIVE_INFINITY : undefined;
  try {
    const ticks = startTicks(pid);
    if (ticks === undefined || statSync(`/proc/${pid}`).uid !== process.getuid?.()) return undefined;
    const numbers = /^NSpid:\s+(.+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]?.trim();
    const isNested = numbers !== undefined && /\s/.test(numbers);
    return isNested ? undefined : bootedAt + ticks * TICK_MS;
  } catch {
    return undefined; // it is gone, or elsewhere
  }
}
