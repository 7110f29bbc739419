// A settings file on disk: read as it is, replaced in one step, or not at all.
// - A link is followed: the file that it leads to is replaced, the link stays. Mode and owner stay, too.
// - A file that cannot be exchanged, as one that is mounted by itself, is written in place, with the new text on disk beside it.
// - Nothing is written over a version of the file that the change was not computed from.
// - What was there before is in backups/, of which a bounded number is kept.

import { isUtf8 } from "node:buffer";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { inTheWay, makeDirectory } from "../platform/directory.ts";
import { errorCode } from "../platform/error.ts";
import { explainRead, readRegular } from "../platform/read.ts";

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
  const read = readRegular(target);
  if (read.kind === "missing") {
    if (target !== path && !existsSync(dirname(target)))
      throw new FileTrouble(
        `${path} is a link to ${target}, whose directory is not there. Make the directory, or remove the link.`,
      );
    return { path, target, text: undefined, stats: undefined };
  }
  if (read.kind !== "text") throw new FileTrouble(`${path} ${explainRead(read)}.`);
  if (!isUtf8(read.bytes)) throw new FileTrouble(`${path} is not UTF-8 text.`);
  return { path, target, text: read.text, stats: read.stats };
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
    const now = currentStats(snapshot);
    // The last look is a single call: what is written between it and the exchange would be lost.
    if (now === undefined || !isSameFile(now.stats, statSync(target, { throwIfNoEntry: false }))) return false;
    if (text === undefined) {
      removeOrEmpty(target);
      return true;
    }
    renamed = moveInto(aside, target);
    if (!renamed) writeInPlace(target, text);
    return true;
  } catch (error) {
    const code = errorCode(error);
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

/** Puts a file in the place of another. @returns false where that one cannot be exchanged: it is mounted by itself */
function moveInto(aside: string, target: string): boolean {
  try {
    renameSync(aside, target);
    return true;
  } catch (error) {
    if (isMounted(error)) return false;
    throw error;
  }
}

/** A file that is mounted by itself cannot be removed, either: then it holds nothing. */
function removeOrEmpty(target: string): void {
  try {
    rmSync(target);
  } catch (error) {
    if (!isMounted(error)) throw error;
    writeInPlace(target, "{}\n");
  }
}

function isMounted(error: unknown): boolean {
  return ["EBUSY", "EXDEV"].includes(errorCode(error) ?? "");
}

/** Not in one step: who reads it meanwhile may see half of it. */
function writeInPlace(target: string, text: string): void {
  const descriptor = openSync(target, "r+");
  try {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, at);
    ftruncateSync(descriptor, bytes.length);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Removes what an installer left that was killed in its last milliseconds. */
function dropStale(aside: string): void {
  const stats = statSync(aside, { throwIfNoEntry: false });
  if (stats && Date.now() - stats.mtimeMs > STALE_MS) rmSync(aside, { force: true });
}

/** Whether the file still has the content of the snapshot. */
export function isCurrent(snapshot: Snapshot): boolean {
  return currentStats(snapshot) !== undefined;
}

/** The state of the file as it still has the content of the snapshot; undefined where it has not. */
function currentStats(snapshot: Snapshot): Pick<Snapshot, "stats"> | undefined {
  try {
    const now = readSnapshot(snapshot.path);
    return now.text === snapshot.text && now.target === snapshot.target ? now : undefined;
  } catch {
    return undefined;
  }
}

function isSameFile(a: Stats | undefined, b: Stats | undefined): boolean {
  return a?.dev === b?.dev && a?.ino === b?.ino && a?.size === b?.size && a?.ctimeMs === b?.ctimeMs;
}

/** The name of a copy: its time, the scope of the settings and their file's name. */
export const BACKUP_NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.[a-z]+\../;

/** Keeps a copy of the snapshot's text. Returns the copy's path; undefined where there was no file. */
export function backUp(directory: string, scope: string, snapshot: Snapshot, now: number): string | undefined {
  if (snapshot.text === undefined) return undefined;
  makeDirectory(directory);
  const stamp = new Date(now).toISOString().replaceAll(":", "-");
  const copy = join(directory, `${stamp}.${scope}.${basename(snapshot.path)}`);
  writeFileSync(copy, snapshot.text, { mode: PRIVATE });
  const all = readdirSync(directory)
    .filter((name) => BACKUP_NAME.test(name))
    .sort();
  for (const name of all.slice(0, Math.max(0, all.length - BACKUPS_KEPT)))
    rmSync(join(directory, name), { force: true });
  return copy;
}

/** Makes a directory and says which ones were missing, outermost first. @throws FileTrouble where something is in the way */
export function makeDirectories(path: string): string[] {
  const trouble = inTheWay(path);
  if (trouble) throw new FileTrouble(trouble);
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
      if (errorCode(error) !== "ENOENT") left.unshift(directory);
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
