// What V8 has made of our programs, kept for their next start: Node's compile cache, in a directory of the home.
// - It is code that V8 runs as it is: it is read only where home and directory are this user's, and nobody else can write there.
// - It is of one version: the first start of another one removes what was kept before.
// - Without it all runs the same, later. docs/decisions/start.md has the figures.

import { lstatSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { VERSION } from "./version.ts";

const OTHERS_WRITE = 0o022;
const ALL_OF_OTHERS = 0o077;

interface Place {
  readonly home: string;
  /** The directory, within the home. */
  readonly compiled: string;
}

/** From now on what is loaded is taken from there where it is there, and is kept there when the process ends. */
export function keepCompiled({ home, compiled }: Place): void {
  try {
    if (!isOurs(`${home}/.`, OTHERS_WRITE)) return;
    const directory = join(compiled, VERSION);
    if (make(directory, compiled)) dropOthers(compiled);
    if (isOurs(compiled, ALL_OF_OTHERS)) enableForUs(directory);
  } catch {
    // no home yet, a full or a read-only disk
  }
}

/** Node makes a directory within, and files in it: for nobody else. */
function enableForUs(directory: string): void {
  const umask = process.umask(ALL_OF_OTHERS);
  try {
    enableCompileCache(directory);
  } finally {
    process.umask(umask);
  }
}

/** Makes the directory; false where it is there. */
function make(directory: string, parent: string): boolean {
  try {
    mkdirSync(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (codeOf(error) !== "ENOENT") throw error;
    mkdirSync(parent, { mode: 0o700 });
    return make(directory, parent);
  }
}

function dropOthers(compiled: string): void {
  for (const name of readdirSync(compiled))
    if (name !== VERSION) rmSync(join(compiled, name), { recursive: true, force: true });
}

/** Whether a directory, and not what a link leads to, is this user's, and others may not do that. Windows has no such modes: its homes are. */
function isOurs(path: string, others: number): boolean {
  const stats = lstatSync(path);
  const user = process.geteuid?.();
  return stats.isDirectory() && (user === undefined || (stats.uid === user && (stats.mode & others) === 0));
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
