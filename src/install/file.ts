// A settings file on disk: read as it is, replaced in one step, or not at all.
// - A link is followed: the file that it leads to is replaced, the link stays. Mode and owner stay, too.
// - Nothing is written over a version of the file that the change was not computed from.
// - What was there before is in backups/, of which a bounded number is kept.

import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { makeDirectory } from "../platform/directory.ts";

const BACKUPS_KEPT = 50;
/** A replacement takes milliseconds. */
const STALE_MS = 10_000;
const PRIVATE = 0o600;
const ANY_WRITE = 0o222;
const MODE_BITS = 0o7777;

/** A file as it was read; `text` is undefined where there is none. */
export interface Snapshot {
  /** The path that was asked for. */
  readonly path: string;
  /** Where the bytes are: the end of the links. */
  readonly target: string;
  readonly text: string | undefined;
  readonly stats: Stats | undefined;
}

/** Why a file cannot be used, in one sentence. */
export class FileTrouble extends Error {}

/** @throws FileTrouble where it is no readable UTF-8 file */
export function readSnapshot(path: string): Snapshot {
  const target = follow(path);
  try {
    const stats = statSync(target);
    if (!stats.isFile()) throw new FileTrouble(`${path} is not a file.`);
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(target));
    return { path, target, text, stats };
  } catch (error) {
    if (error instanceof FileTrouble) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { path, target, text: undefined, stats: undefined };
    if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") throw new FileTrouble(`${path} is not UTF-8 text.`);
    throw new FileTrouble(`${path} cannot be read (${code}).`);
  }
}

/**
 * Puts the text in place of the snapshot.
 * @param text the new content; undefined removes the file
 * @param mode of a file that was not there before
 * @returns false where the file is no longer what the snapshot says, or someone else is at it: nothing was written then
 * @throws FileTrouble where the file or its directory may not be written
 */
export function replace(snapshot: Snapshot, text: string | undefined, mode = PRIVATE): boolean {
  const { path, target, stats } = snapshot;
  if (stats && (stats.mode & ANY_WRITE) === 0)
    throw new FileTrouble(`${path} is read-only. Make it writable (\`chmod u+w\`), or edit what generates it.`);
  // Its name is the same for everybody, so that it also keeps two installers apart.
  const aside = join(dirname(target), `.${basename(target)}.mpm`);
  let descriptor: number | undefined;
  let renamed = false;
  try {
    descriptor = openSync(aside, "wx", PRIVATE);
    writeFileSync(descriptor, text ?? "");
    chmodSync(aside, stats ? stats.mode & MODE_BITS : mode);
    const made = statSync(aside);
    if (stats && (made.uid !== stats.uid || made.gid !== stats.gid)) chownSync(aside, stats.uid, stats.gid);
    fsyncSync(descriptor);
    if (!isCurrent(snapshot)) return false;
    if (text === undefined) rmSync(target);
    else renameSync(aside, target);
    renamed = text !== undefined;
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (descriptor === undefined && code === "EEXIST") {
      dropStale(aside);
      return false;
    }
    throw new FileTrouble(`${path} cannot be written (${code ?? error}). Nothing was changed.`);
  } finally {
    if (descriptor !== undefined) {
      closeSync(descriptor);
      if (!renamed) rmSync(aside, { force: true });
    }
  }
}

/** Removes what an installer left that was killed in its last milliseconds. */
function dropStale(aside: string): void {
  const stats = statSync(aside, { throwIfNoEntry: false });
  if (stats && Date.now() - stats.mtimeMs > STALE_MS) rmSync(aside, { force: true });
}

/** Whether the file still has the content of the snapshot. */
export function isCurrent(snapshot: Snapshot): boolean {
  try {
    const now = readSnapshot(snapshot.path);
    return now.text === snapshot.text && now.target === snapshot.target;
  } catch {
    return false;
  }
}

/** Keeps a copy of the snapshot's text. Returns the copy's path; undefined where there was no file. */
export function backUp(directory: string, scope: string, snapshot: Snapshot, now: number): string | undefined {
  if (snapshot.text === undefined) return undefined;
  makeDirectory(directory);
  const stamp = new Date(now).toISOString().replaceAll(":", "-");
  const copy = join(directory, `${stamp}.${scope}.${basename(snapshot.path)}`);
  writeFileSync(copy, snapshot.text, { mode: PRIVATE });
  const all = readdirSync(directory).sort();
  for (const name of all.slice(0, Math.max(0, all.length - BACKUPS_KEPT)))
    rmSync(join(directory, name), { force: true });
  return copy;
}

/** Makes a directory and says which ones were missing, outermost first. */
export function makeDirectories(path: string): string[] {
  if (existsSync(path)) return [];
  const made = makeDirectories(dirname(path));
  mkdirSync(path, { mode: 0o700 });
  return [...made, path];
}

/** Removes directories that are empty, innermost first. @returns those that are not */
export function removeEmpty(directories: readonly string[]): string[] {
  const left: string[] = [];
  for (const directory of directories.toReversed()) {
    try {
      rmdirSync(directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") left.unshift(directory);
    }
  }
  return left;
}

/** The end of a chain of links, which need not exist. */
function follow(path: string, depth = 0): string {
  if (existsSync(path)) return realpathSync(path);
  try {
    if (depth < 40 && lstatSync(path).isSymbolicLink())
      return follow(resolve(dirname(path), readlinkSync(path)), depth + 1);
  } catch {
    // not there at all
  }
  return path;
}
