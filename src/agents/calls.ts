// System calls on files, each made directly as long as they are quick, and by libuv's threads otherwise.
// - What the kernel has in its cache it answers in microseconds; handing the call to a thread and back costs ten times
//   that. On a slow disk or a network it is the other way round, and only threads let calls overlap.
// - Which of the two it is, the calls themselves show: a running average of how long they take.
// - Nobody is kept waiting: after some milliseconds of direct calls in one turn of the event loop, the others get theirs.

import * as fs from "node:fs";
import { promisify } from "node:util";

const QUICK_MS = 0.25;
/** A call counts as at most this long, and its weight is such that it takes a handful of slow ones to change the way. */
const SLOW_MS = 1;
const WEIGHT = 1 / 16;
/** While threads are used the average sinks, so that direct calls are tried again now and then. */
const DECAY = 1 - 1 / 64;
const TURN_MS = 10;

let averageMs = 0;
let turnStart: number | undefined;

type Call<A extends unknown[], R> = (...args: A) => R | Promise<R>;

export const open = adaptive<[path: string, flags: string | number, mode?: number], number>(
  fs.openSync,
  promisify(fs.open),
);
export const close = adaptive<[fd: number], void>(fs.closeSync, promisify(fs.close));
export const fstat = adaptive<[fd: number], fs.Stats>(fs.fstatSync, promisify<number, fs.Stats>(fs.fstat));
export const lstat = adaptive<[path: string], fs.Stats>(
  fs.lstatSync as (path: string) => fs.Stats,
  promisify<string, fs.Stats>(fs.lstat),
);
export const read = adaptive<[fd: number, into: Buffer, offset: number, length: number, position: number], number>(
  fs.readSync,
  (fd, into, offset, length, position) =>
    promisify(fs.read)(fd, into, offset, length, position).then(({ bytesRead }) => bytesRead),
);
export const writeAll = adaptive<[fd: number, text: string], void>(
  fs.writeFileSync,
  promisify<number, string>(fs.writeFile),
);
export const rename = adaptive<[from: string, to: string], void>(fs.renameSync, promisify(fs.rename));
export const link = adaptive<[from: string, to: string], void>(fs.linkSync, promisify(fs.link));
export const unlink = adaptive<[path: string], void>(fs.unlinkSync, promisify(fs.unlink));
export const readdir = adaptive<[dir: string], fs.Dirent[]>(
  (dir) => fs.readdirSync(dir, { withFileTypes: true }),
  (dir) => promisify(fs.readdir)(dir, { withFileTypes: true }),
);
export const realpath = adaptive<[path: string], string>(
  fs.realpathSync.native,
  promisify<string, string>(fs.realpath.native),
);
/** Waits for the disk by its nature, so never directly. */
export const fsync: (fd: number) => Promise<void> = promisify(fs.fsync);

function adaptive<A extends unknown[], R>(direct: (...args: A) => R, threaded: (...args: A) => Promise<R>): Call<A, R> {
  return (...args) => {
    const start = performance.now();
    if (turnStart === undefined) {
      turnStart = start;
      setImmediate(() => {
        turnStart = undefined;
      });
    }
    if (averageMs > QUICK_MS || start - turnStart > TURN_MS) {
      averageMs *= DECAY;
      return threaded(...args);
    }
    try {
      return direct(...args);
    } finally {
      averageMs += (Math.min(performance.now() - start, SLOW_MS) - averageMs) * WEIGHT;
    }
  };
}
