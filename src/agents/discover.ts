// All agent files of all tiers.
// - Directories are listed at the same time, and what is found comes in one order: by tier, then by path.
// - A symbolic link counts if it stays within its tier; one that leads out is refused and reported.
// - What cannot be listed is reported, and its tier is known to be incomplete.

import type { Dirent } from "node:fs";
import { join } from "node:path";
import type { SourceFile, TierName } from "./agent.ts";
import { type Files, isMissing, isWithin } from "./files.ts";
import { type Problem, systemReason } from "./problem.ts";
import type { Tier } from "./tiers.ts";

const MAX_ENTRIES = 10_000;
const AGENT_FILE = /\.(?:md|json)$/i;

export interface Discovery {
  readonly sources: readonly SourceFile[];
  readonly problems: readonly Problem[];
  /** Tiers that may have more than was found. */
  readonly incomplete: ReadonlySet<TierName>;
}

/** Lists the agent files of the tiers, given highest first. A directory that is two tiers counts as the higher. */
export async function discover(tiers: readonly Tier[], files: Files): Promise<Discovery> {
  const found = await Promise.all(tiers.map((tier) => walkTier(tier, files)));
  const sources: SourceFile[] = [];
  const problems: Problem[] = [];
  const incomplete = new Set<TierName>();
  const seen = new Set<string>();
  for (const [index, { tree, root }] of found.entries()) {
    const name = tiers[index]?.name ?? "system";
    if (tree.problems.length > 0) incomplete.add(name);
    problems.push(...tree.problems);
    if (root === undefined || seen.has(root)) continue;
    seen.add(root);
    for (const file of tree.files) {
      if (seen.has(file.path)) continue; // two links to one file
      seen.add(file.path);
      sources.push({ tier: name, ...file });
    }
  }
  return { sources, problems, incomplete };
}

interface Tree {
  /** In order of their paths. */
  readonly files: { readonly path: string; readonly relative: string }[];
  readonly problems: Problem[];
}

async function walkTier(tier: Tier, files: Files): Promise<{ tree: Tree; root: string | undefined }> {
  const tree: Tree = { files: [], problems: [] };
  const fail = (expected: string, received: string) => {
    tree.problems.push({ severity: "error", path: tier.root, expected, received });
    return { tree, root: undefined };
  };
  let root: string;
  try {
    root = await files.realpath(tier.root);
    if (tier.within !== undefined && !isWithin(root, await files.realpath(tier.within)))
      return fail("a directory within the project", `a symbolic link to ${root}`);
  } catch (error) {
    if (isMissing(error)) return { tree, root: undefined };
    return fail("a readable directory", systemReason(error));
  }
  const budget = { left: MAX_ENTRIES };
  await walk(root, root, "", files, tree, budget);
  if (budget.left < 0) {
    tree.files.length = 0;
    return fail(`at most ${MAX_ENTRIES} files and directories`, "more");
  }
  const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0);
  tree.files.sort((a, b) => (a.relative < b.relative ? -1 : a.relative > b.relative ? 1 : 0));
  tree.problems.sort(byPath);
  return { tree, root };
}

async function walk(root: string, dir: string, prefix: string, files: Files, tree: Tree, budget: { left: number }) {
  const refuse = (path: string, expected: string, received: string) =>
    void tree.problems.push({ severity: "error", path, expected, received });
  let entries: Dirent[] | undefined;
  try {
    entries = await files.list(dir);
  } catch (error) {
    return refuse(dir, "a readable directory", systemReason(error));
  }
  if (!entries) return prefix === "" ? refuse(dir, "a directory", "something else") : undefined;
  budget.left -= entries.length;
  if (budget.left < 0) return undefined;

  await Promise.all(
    entries.map(async (entry) => {
      const { name } = entry;
      if (name.startsWith(".") || name === "node_modules") return;
      const path = join(dir, name);
      const relative = prefix + name;
      if (entry.isDirectory()) return walk(root, path, `${relative}/`, files, tree, budget);
      if (entry.isSymbolicLink()) {
        try {
          const target = await files.realpath(path);
          if (!isWithin(target, root)) return refuse(path, "a link that stays within the tier", `one to ${target}`);
          // A directory within the tier is walked where it really is.
          if (AGENT_FILE.test(name) && AGENT_FILE.test(target)) tree.files.push({ path: target, relative });
        } catch (error) {
          refuse(path, "a link to a file", systemReason(error));
        }
        return;
      }
      if (!AGENT_FILE.test(name)) return;
      if (entry.isFile()) tree.files.push({ path, relative });
      else refuse(path, "a regular file", "something else");
    }),
  );
}
