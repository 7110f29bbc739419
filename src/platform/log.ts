// Logs: pino, JSON lines, one file a process kind in $MPM_HOME/log/.
// - Synchronous: what was logged before a kill is there.
// - Size-bounded: a file that has reached its limit becomes <name>.log.1 (the one before is gone).
// - A log that cannot be written is no reason to stop: the line is lost, the work goes on.

import { closeSync, constants, fchmodSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { makeDirectory } from "./directory.ts";

export const MAX_LOG_BYTES = 4 * 1024 * 1024;
/** A link in the place of the log is not written through. Absent on Windows. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);

export type Log = Logger;

export interface LogSettings {
  readonly logLevel: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  /** `log` is the directory. */
  readonly paths: { readonly log: string };
}

/** @param name the file's name without ".log": hook, relay, monitor */
export function openLog(settings: LogSettings, name: "hook" | "relay" | "monitor"): Log {
  return pino(
    { level: settings.logLevel, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    boundedFile(settings.paths.log, name),
  );
}

/** A destination that appends to <dir>/<name>.log and starts a new file when that one is full. */
function boundedFile(dir: string, name: string): { write(line: string): void } {
  const file = join(dir, `${name}.log`);
  let descriptor: number | undefined;
  let size = 0;
  const open = () => {
    makeDirectory(dir);
    descriptor = openSync(file, FLAGS, 0o600);
    size = fstatSync(descriptor).size;
    if (size === 0) fchmodSync(descriptor, 0o600);
  };
  return {
    write(line) {
      try {
        if (descriptor === undefined) open();
        if (size > MAX_LOG_BYTES && descriptor !== undefined) {
          closeSync(descriptor);
          descriptor = undefined;
          renameSync(file, `${file}.1`);
          open();
        }
        if (descriptor !== undefined) size += writeSync(descriptor, line);
      } catch {
        // full or read-only disk: see the third promise
      }
    },
  };
}
