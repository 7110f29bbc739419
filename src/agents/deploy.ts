// Agents of three tiers into .claude/agents, for `mpm agents` and, in process, for `mpm run`.
// - Everything is read before anything is written; each file is then old or new, never half.
// - A bad file, or one that cannot be written, is reported and stops nothing.
// - Two at once come to the same end: the second waits for the first, and finds nothing left to do.
// - Nothing is written where nothing has changed.

import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { apply, withDiffs } from "./apply.ts";
import { noCache, openCache } from "./cache.ts";
import { bounded, CONCURRENT_OPERATIONS, type Files, localFiles } from "./files.ts";
import { type Action, planCleaning, planDeployment } from "./plan.ts";
import type { Problem } from "./problem.ts";
import { type Survey, survey } from "./survey.ts";
import { bundledAgents, deployedDir, tiersOf } from "./tiers.ts";

export interface DeployOptions {
  readonly config: Config;
  /** The project's directory, absolute. */
  readonly project: string;
  /** Names that are not deployed this time. */
  readonly exclude?: readonly string[];
  /** Also replaces what the user wrote or edited, after a backup beside it. */
  readonly force?: boolean;
  /** Writes nothing at all, and says what would be done, with diffs. */
  readonly dryRun?: boolean;
  /** Directory of the SYSTEM agents; the bundled ones unless given. */
  readonly bundled?: string;
  /** The local file system unless given. */
  readonly files?: Files;
}

export interface CleanOptions extends DeployOptions {
  /** Removes all that we deployed, not only what is no longer wanted. */
  readonly all?: boolean;
}

export interface Deployment {
  /** The project's .claude/agents, absolute. */
  readonly directory: string;
  /** By agent name. */
  readonly actions: readonly Action[];
  readonly problems: readonly Problem[];
  /** How long each step took, ms, in order. */
  readonly timings: readonly { readonly step: string; readonly ms: number }[];
  /** No file has errors, and nothing failed. What the user keeps for himself is no failure. */
  readonly ok: boolean;
}

/** Deploys the agents of all tiers. What is wrong is in the result; only a bug throws. */
export function deployAgents(options: DeployOptions): Promise<Deployment> {
  return carryOut(options, ({ resolution, present, manifest }) => {
    const choice = { excluded: new Set(options.exclude ?? []), force: options.force === true };
    return planDeployment(resolution, present, manifest.entries, choice);
  });
}

/** Removes what was deployed and is no longer wanted. Errors in agent files are not its business. */
export async function cleanAgents(options: CleanOptions): Promise<Deployment> {
  const sources = new Set<string>();
  const result = await carryOut(options, ({ resolution, present, manifest, discovery }) => {
    for (const { path } of discovery.sources) sources.add(path);
    const choice = { all: options.all === true, force: options.force === true };
    return planCleaning(resolution, present, manifest.entries, discovery.incomplete, choice);
  });
  const problems = result.problems.filter(({ path }) => !sources.has(path));
  return { ...result, problems, ok: isOk(result.actions, problems) };
}

/** Reads everything and touches nothing. */
export function surveyAgents(options: DeployOptions): Promise<Survey> {
  return survey(options.config, options.project, options.bundled ?? bundledAgents(), filesFor(options));
}

async function carryOut(options: DeployOptions, decide: (surveyed: Survey) => Action[]): Promise<Deployment> {
  const { config, project, dryRun = false, bundled = bundledAgents() } = options;
  const files = filesFor(options);
  const timings: { step: string; ms: number }[] = [];
  let since = performance.now();
  const lap = (step: string) => {
    const now = performance.now();
    timings.push({ step, ms: now - since });
    since = now;
  };

  const tierRoots = tiersOf(config, project, bundled).map((tier) => files.realpath(tier.root).catch(() => tier.root));
  const roots = [...(await Promise.all(tierRoots)), deployedDir(project)];
  const cache = dryRun ? noCache : await openCache(join(config.paths.home, "agents.db"), roots);
  lap("lock");
  try {
    const surveyed = await survey(config, project, bundled, files, cache, lap);
    const planned = decide(surveyed);
    lap("plan");
    const { actions, problems } = dryRun
      ? { actions: await withDiffs(planned, surveyed, files), problems: [] }
      : await apply(planned, surveyed, project, files, Date.now());
    lap(dryRun ? "compare" : "write");
    const all = [...surveyed.problems, ...problems, ...withoutLock(cache.unavailable, config.paths.home)];
    return { directory: surveyed.directory, actions, problems: all, timings, ok: isOk(actions, all) };
  } finally {
    cache.close();
    lap("remember");
  }
}

function isOk(actions: readonly Action[], problems: readonly Problem[]): boolean {
  return problems.every(({ severity }) => severity === "warning") && actions.every(({ kind }) => kind !== "failed");
}

function filesFor({ config, files = localFiles }: DeployOptions): Files {
  return bounded(files, config.concurrent ? CONCURRENT_OPERATIONS : 1);
}

function withoutLock(reason: string | undefined, path: string): Problem[] {
  if (reason === undefined) return [];
  return [
    {
      severity: "warning",
      path,
      expected: "a place for agents.db, which makes the next deployment faster",
      received: reason,
    },
  ];
}
