// What a directory is to git, from its files alone.

import { statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readRegular } from "./read.ts";

/** The root of the repository around a directory, the main one where that is a linked worktree; undefined where there is none. */
export function mainCheckout(directory: string): string | undefined {
  const git = join(directory, ".git");
  const stats = statSync(git, { throwIfNoEntry: false });
  if (!stats) return dirname(directory) === directory ? undefined : mainCheckout(dirname(directory));
  const read = readRegular(git, GIT_FILE_BYTES);
  const linked = read.kind === "text" ? /^gitdir: (.+)[\\/]worktrees[\\/][^\\/]+\s*$/.exec(read.text)?.[1] : undefined;
  if (linked === undefined) return directory;
  return /[\\/]\.git$/.test(linked) ? dirname(resolve(directory, linked)) : undefined;
}

/** One line with a path. */
const GIT_FILE_BYTES = 64 * 1024;
