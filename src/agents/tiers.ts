// Where agent files come from, and the project that they go to.
// - PROJECT <project>/.claude-mpm/agents wins over USER $MPM_HOME/agents, which wins over SYSTEM, the bundled ones.
// - The project is the repository around the working directory, else the working directory; never a parent by chance.

import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import type { TierName } from "./agent.ts";

export interface Tier {
  readonly name: TierName;
  /** Absolute; need not exist. */
  readonly root: string;
  /** The root may be a symbolic link, but not out of here. */
  readonly within?: string;
}

/** The three tiers, highest first. */
export function tiersOf(config: Config, project: string, bundled: string = bundledAgents()): Tier[] {
  return [
    { name: "project", root: join(project, ".claude-mpm", "agents"), within: project },
    { name: "user", root: join(config.paths.home, "agents") },
    { name: "system", root: bundled },
  ];
}

/** Where Claude Code reads a project's agents. */
export function deployedDir(project: string): string {
  return join(project, ".claude", "agents");
}

/**
 * The repository around an absolute working directory, else that directory. The user's home is never the project of a
 * directory in it, even where it is a repository, and by whatever links or mounts it is named.
 */
export function projectOf(cwd: string, userHome: string): string {
  const home = identityOf(userHome);
  for (let dir = cwd; ; dir = dirname(dir)) {
    if (dir !== cwd && (dir === userHome || (home !== undefined && identityOf(dir) === home))) return cwd;
    if (existsSync(join(dir, ".git"))) return dir;
    if (dirname(dir) === dir) return cwd;
  }
}

/** Device and inode of what a path leads to; undefined where nothing can be seen. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/** `agents/` beside a package.json above this file: in the sources, in dist/ and in the installed copy. */
export function bundledAgents(from: string = import.meta.dirname): string {
  for (let dir = resolve(from); ; dir = dirname(dir)) {
    if (existsSync(join(dir, "package.json")) && existsSync(join(dir, "agents"))) return join(dir, "agents");
    if (dirname(dir) === dir) return join(from, "agents");
  }
}
