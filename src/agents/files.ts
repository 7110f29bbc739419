// The file system as agents need it, and how much of it at the same time.
// - A file is read only if it is a regular one, within a size; a pipe or a device never blocks the reader.
// - A file is written whole: a reader, and a crash of the process, sees the old one or the new one.
// - Callers ask for everything at once; `bounded` lets so many operations through. One at a time is the same program.

import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../platform/error.ts";
import { close, fstat, fsync, link, lstat, open, read, readdir, realpath, rename, unlink, writeAll } from "./calls.ts";

/** Ends the name of a file that is being written; the host scans *.md only. */
const UNFINISHED = ".mpm-tmp";
/** Operations in flight: several for each of libuv's four threads, and enough to hide a network's latency. */
export const CONCURRENT_OPERATIONS = 32;

export interface FileContent {
  readonly bytes: Buffer;
  readonly stamp: Stamp;
}

/** Changes whenever the file does, but for a change within the clock's granularity (see `settledBefore`). */
export interface Stamp {
  readonly text: string;
  /** When content or attributes last changed, ms since 1970. */
  readonly changedMs: number;
}

export class NotReadable extends Error {}

export interface Files {
  /** Entries of a directory; undefined where there is none. */
  list(dir: string): Promise<fs.Dirent[] | undefined>;
  /** Of a regular file, not following a link; undefined where there is none. */
  stamp(path: string): Promise<Stamp | undefined>;
  realpath(path: string): Promise<string>;
  /** Reads a file whole. Throws NotReadable where it is no regular one or too large. */
  read(path: string, maxBytes: number): Promise<FileContent>;
  /**
   * Writes a file whole: "new" only where nothing is (else it throws EEXIST), "any" also over what is there, "durable"
   * so that it survives a power cut too.
   */
  write(path: string, text: string, how: "new" | "any" | "durable"): Promise<void>;
  /** Copies to a path that must not exist yet. */
  copy(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  makeDir(dir: string): Promise<void>;
}

// Without a meaning on Windows, where both are undefined.
const READ_FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0);

export const localFiles: Files = {
  async list(dir) {
    try {
      return await readdir(dir);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async stamp(path) {
    try {
      const stats = await lstat(path);
      return stats.isFile() ? stampOf(stats) : undefined;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
  async realpath(path) {
    return realpath(path);
  },
  async read(path, maxBytes) {
    const descriptor = await open(path, READ_FLAGS);
    try {
      const stats = await fstat(descriptor);
      if (!stats.isFile()) throw new NotReadable("something that is no regular file");
      if (stats.size > maxBytes) throw new NotReadable(`${stats.size} bytes`);
      const bytes = Buffer.allocUnsafe(stats.size);
      let filled = 0;
      while (filled < bytes.length) {
        const count = await read(descriptor, bytes, filled, bytes.length - filled, filled);
        if (count === 0) break;
        filled += count;
      }
      return { bytes: bytes.subarray(0, filled), stamp: stampOf(stats) };
    } finally {
      await close(descriptor);
    }
  },
  async write(path, text, how) {
    const unfinished = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}${UNFINISHED}`);
    const descriptor = await open(unfinished, "wx", 0o666); // the project's files: the user's umask decides
    try {
      try {
        await writeAll(descriptor, text);
        if (how === "durable") await fsync(descriptor);
      } finally {
        await close(descriptor);
      }
      if (how !== "new" || !(await linkNew(unfinished, path))) await rename(unfinished, path);
    } catch (error) {
      await localFiles.remove(unfinished).catch(() => {});
      throw error;
    }
  },
  copy: (from, to) => copyFile(from, to, fs.constants.COPYFILE_EXCL),
  async remove(path) {
    try {
      await unlink(path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  },
  async makeDir(dir) {
    await mkdir(dir, { recursive: true });
  },
};

/** The same files with at most `limit` operations in flight; with 1, one after the other. */
export function bounded(files: Files, limit: number): Files {
  const pass = gate(limit);
  return {
    list: (dir) => pass(() => files.list(dir)),
    stamp: (path) => pass(() => files.stamp(path)),
    realpath: (path) => pass(() => files.realpath(path)),
    read: (path, maxBytes) => pass(() => files.read(path, maxBytes)),
    write: (path, text, how) => pass(() => files.write(path, text, how)),
    copy: (from, to) => pass(() => files.copy(from, to)),
    remove: (path) => pass(() => files.remove(path)),
    makeDir: (dir) => pass(() => files.makeDir(dir)),
  };
}

export function isMissing(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** True if `inner` is `outer` or lies below it; both real and absolute. */
export function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(outer.endsWith("/") ? outer : `${outer}/`);
}

/** Gives the finished file its name, unless that is taken; false where the file system has no links. */
async function linkNew(unfinished: string, path: string): Promise<boolean> {
  try {
    await link(unfinished, path);
  } catch (error) {
    if (errorCode(error) === "EEXIST") throw error;
    return false;
  }
  await unlink(unfinished);
  return true;
}

function gate(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let active = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (active < limit) active++;
    else await new Promise<void>((turn) => waiting.push(turn));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else active--;
    }
  };
}

function stampOf(stats: fs.Stats): Stamp {
  return {
    text: `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`,
    changedMs: Math.max(stats.mtimeMs, stats.ctimeMs),
  };
}
