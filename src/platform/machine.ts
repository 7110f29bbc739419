// Which machine this is, whatever it is called, and in which namespace its pids count: a number means nothing elsewhere.

import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { uptime } from "node:os";

export interface Machine {
  /** The same for all processes of a machine; absent where the system does not say. */
  readonly machine?: string;
  /** The pid namespace, as `pid:[4026531836]`; absent where there are none. */
  readonly pidns?: string;
}

const ID_CHARS = 32;

/** This process's machine and pid namespace. */
export function thisMachine(): Machine {
  known ??= look();
  return known;
}

/** What Claude Code calls the same in its session files (host 2.1.330); undefined where the system does not say. */
export function pidDomain(): string | undefined {
  const id = read("/etc/machine-id");
  const { pidns } = thisMachine();
  return id && pidns ? `linux:${id}:${pidns}` : undefined;
}

/** When this machine was started, ms since 1970; `now` likewise. */
export function bootedAt(now: number): number {
  return now - uptime() * 1000;
}

/** Whether a pid that was written down there can be looked up here; what older versions wrote counts as from here. */
export function isHere({ machine, pidns }: { machine?: string | undefined; pidns?: string | undefined }): boolean {
  const own = thisMachine();
  return (machine === undefined || machine === own.machine) && (pidns === undefined || pidns === own.pidns);
}

/** The namespace that this process's pid counts in; undefined where there are none. */
export const pidNamespace = (): string | undefined => link("/proc/self/ns/pid");

let known: Machine | undefined;

/** machine-id(5) asks that the id itself be given to nobody. A container often has none: then it is the boot. */
function look(): Machine {
  const id = read("/etc/machine-id") || read("/proc/sys/kernel/random/boot_id");
  const pidns = pidNamespace();
  return {
    ...(id ? { machine: createHash("sha256").update(`mpm-hook ${id}`).digest("hex").slice(0, ID_CHARS) } : {}),
    ...(pidns ? { pidns } : {}),
  };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}

function link(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
