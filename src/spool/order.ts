// The order of storing, from names alone wherever that is possible.
// - Within one boot the uptime in the name decides: it does not jump when the clock is set. Its tick is 10 ms; hooks
//   that ran one after the other within a tick are told apart by their pids, which count up (and wrap around).
// - Entries of an earlier boot, and those whose name has no uptime (no /proc), come first, by their files' times.

import { readFileSync, writeFileSync } from "node:fs";
import { readText } from "../platform/read.ts";
import type { EntryName } from "./entry.ts";

/** How far a file's time may lie before the boot's time, by rounding, and still count as of this boot. */
const BOOT_SLACK_MS = 2000;

export interface Boot {
  /** Wall-clock time at which this boot began, ms since 1970; undefined where uptime is not to be had. */
  readonly startedAt: number | undefined;
  /** Pids count up to this and begin again. */
  readonly maxPid: number;
  /** No entry is of an earlier boot, and no file's time need be asked: all were looked at, or the spool was empty once. */
  readonly clean: boolean;
  /** To be called when the spool is seen empty. */
  markClean(): void;
  /** To be called with the time of the oldest entry (ms since 1970) of all that are there. */
  oldestIs(at: number): void;
}

/** Seconds since boot, to a hundredth, as hooks put it into names; undefined where it is not to be had. */
export function uptime(): number | undefined {
  try {
    return Number.parseFloat(readFileSync("/proc/uptime", "utf8"));
  } catch {
    return undefined;
  }
}

/** What the kernel says of this boot. `memo`: a file that keeps the last boot that was clean; `now`: ms since 1970. */
export function readBoot(memo: string, now: number): Boot {
  const seconds = uptime();
  const id = readText("/proc/sys/kernel/random/boot_id");
  let clean = id !== undefined && readText(memo) === id;
  const startedAt = seconds === undefined ? undefined : now - seconds * 1000;
  const markClean = () => {
    if (clean || id === undefined) return;
    clean = true;
    try {
      writeFileSync(memo, id, { mode: 0o600 });
    } catch {
      clean = false; // a full disk: the files' times are asked again then
    }
  };
  return {
    startedAt,
    maxPid: Number(readText("/proc/sys/kernel/pid_max") ?? 99_999),
    get clean() {
      return clean;
    },
    oldestIs(at) {
      if (startedAt !== undefined && at >= startedAt - BOOT_SLACK_MS) markClean();
    },
    markClean,
  };
}

/** Compares two entries by the time of storing. `modified`: the file's time in ms, asked only where names do not suffice. */
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
    entry.uptime === undefined ||
    boot.startedAt === undefined ||
    (!boot.clean && time(entry) < boot.startedAt - BOOT_SLACK_MS);

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
