// Directories of ours: readable by their owner alone.

import { accessSync, chmodSync, constants, existsSync, lstatSync, mkdirSync, readlinkSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "./error.ts";

/**
 * Makes a directory, 0700, and those above it that are missing. Throws what the file system says.
 * Node's own `recursive` never returns where mkdir answers ENOENT below a directory that exists, as /proc does.
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST" && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    const trouble = inTheWay(path);
    if (trouble) throw new Error(trouble);
    if (code !== "ENOENT" || existsSync(dirname(path))) throw error;
    makeDirectory(dirname(path));
    makeDirectory(path); // another process may have made it meanwhile
  }
}

/** What stands where a directory should be, and what to do; undefined where nothing does, or a directory. */
export function inTheWay(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats) return stats.isDirectory() ? undefined : `${path} is no directory. Move it away.`;
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return undefined;
  return `${path} is a link to ${readlinkSync(path)}, which is not there. Make that directory, or remove the link.`;
}

/** Why no file can be made in a directory, and what to do; undefined where one can, or where it is still to be made. */
export function whyNoFiles(path: string): string | undefined {
  const trouble = inTheWay(path);
  if (trouble) return trouble;
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = errorCode(error) ?? String(error);
    if (code === "EROFS") return `${path} is on a disk that has become read-only. Make that one writable again.`;
    if (code !== "ENOENT") return `${path} takes no files (${code}). Make it writable for you.`;
  }
  return undefined;
}

/** Whether a path still leads to the directory that it leads to now: not once that was moved, replaced or removed. */
export function watchIdentity(path: string): () => boolean {
  const before = identityOf(path);
  return () => {
    const now = identityOf(path);
    return now === "unknown" || now === before;
  };
}

function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats && `${stats.dev} ${stats.ino}`;
  } catch {
    return "unknown"; // a file system that does not answer says nothing about a move
  }
}

/** Below what stands for the home of who has none, here and in Debian's list of users. */
const NOBODYS = "/nonexistent/";
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Makes $MPM_HOME, or makes sure that it is ours alone to write: who else can, decides what is run and where events go.
 * Throws an explanation where it cannot be.
 */
export function makeHome(path: string): void {
  const before = homeTrouble(path);
  if (before === undefined) makeDirectory(path);
  const trouble = before ?? homeTrouble(path);
  if (trouble !== undefined) throw new Error(trouble);
  if (process.geteuid === undefined) return; // no such modes here
  const { mode } = statSync(path);
  if ((mode & OTHERS_WRITE) !== 0) chmodSync(path, mode & 0o7777 & ~OTHERS_WRITE);
}

/** Why a directory cannot be our home, in words; undefined where it can, or is not there yet. */
export function homeTrouble(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined && path.startsWith(NOBODYS))
    return "HOME is not set, or is that of nobody: nothing is recorded. Set HOME, or MPM_HOME";
  if (stat === undefined && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    return `${path} is a link to ${readlinkSync(path)}, which is not there: nothing is recorded. Make that directory, or remove the link`;
  if (stat?.isDirectory() === false) return `${path} is no directory: nothing is recorded. Move it away`;
  const user = process.geteuid?.();
  if (stat === undefined || user === undefined) return undefined;
  const advice = "nothing is recorded there. Name a directory of your own in MPM_HOME";
  if (stat.uid !== user) return `${path} belongs to another user (${stat.uid}): ${advice}`;
  if ((stat.mode & STICKY) !== 0 && (stat.mode & OTHERS_WRITE) !== 0) return `${path} is for all users: ${advice}`;
  return undefined;
}

/** Whether a path leads to a file of this user's, and the file itself is no link. */
export function isOwnFile(path: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  const user = process.geteuid?.();
  return stats?.isFile() === true && (user === undefined || stats.uid === user);
}
