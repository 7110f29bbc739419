// The order of storing, from names alone wherever that is possible.
// - Within one boot the uptime in the name decides: it does not jump when the clock is set. Its tick is 10 ms; hooks
//   that ran one after the other within a tick are told apart by their pids, which count up (and wrap around).
// - Entries of an earlier boot, and those whose name has no uptime (no /proc), come first, by their files' times.

import { readFileSync } from "node:fs";
import type { EntryName } from "./entry.ts";

/** How far a file's time may lie before the boot's time, by rounding, and still count as of this boot. */
const BOOT_SLACK_MS = 2000;

export interface Boot {
  /** Wall-clock time at which this boot began, ms since 1970; undefined where uptime is not to be had. */
  readonly startedAt: number | undefined;
  /** Pids count up to this and begin again. */
  readonly maxPid: number;
}

/** What the kernel says of this boot. @param now ms since 1970 */
export function readBoot(now: number): Boot {
  const read = (file: string) => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return undefined;
    }
  };
  const uptime = read("/proc/uptime");
  return {
    startedAt: uptime === undefined ? undefined : now - Number.parseFloat(uptime) * 1000,
    maxPid: Number(read("/proc/sys/kernel/pid_max") ?? 99_999),
  };
}

/**
 * Compares two entries by the time of storing.
 * @param modified the file's time in ms, asked only where the names do not suffice
 */
export function compareNames(boot: Boot, modified: (name: string) => number): (a: EntryName, b: EntryName) => number {
  const times = new Map<string, number>();
  const time = ({ name }: EntryName) => {
    let ms = times.get(name);
    if (ms === undefined) {
      ms = modified(name);
      times.set(name, ms);
    }
    return ms;
  };
  const byTime = (entry: EntryName) =>
    entry.uptime === undefined || boot.startedAt === undefined || time(entry) < boot.startedAt - BOOT_SLACK_MS;

  return (a, b) => {
    const [timedA, timedB] = [byTime(a), byTime(b)];
    if (timedA !== timedB) return timedA ? -1 : 1;
    const ahead = timedA ? time(a) - time(b) : (a.uptime as number) - (b.uptime as number);
    return ahead || byPid(a, b, boot.maxPid);
  };
}

function byPid(a: EntryName, b: EntryName, maxPid: number): number {
  const ahead = a.pid - b.pid;
  const wrapped = Math.abs(ahead) > maxPid / 2 ? -ahead : ahead;
  return wrapped || a.n - b.n || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
