// What is to happen to each agent: decided from what is wanted and what is there, before anything is touched.
// - A file that the user wrote or edited stays, unless forced; forced, it is backed up first.
// - An agent whose own file has errors keeps what was last deployed; no other tier's steps in for it unasked.

import type { SourceFile, TierName } from "./agent.ts";
import type { ManifestEntry } from "./manifest.ts";
import { fileOf } from "./name.ts";
import type { Problem } from "./problem.ts";

/** A source file with what reading it gave. */
export interface Candidate {
  readonly source: SourceFile;
  /** The agent's name; also known for many a file with errors. */
  readonly name: string | undefined;
  /** Of what it deploys; undefined where it has errors. */
  readonly sha256: string | undefined;
}

export type ActionKind =
  | "create"
  | "update"
  | "unchanged"
  | "replace"
  | "keep"
  | "remove"
  | "stale"
  | "excluded"
  | "broken"
  | "failed";

export interface Action {
  readonly name: string;
  readonly kind: ActionKind;
  readonly tier?: TierName;
  /** Absolute path of the source. */
  readonly source?: string;
  /** File name within .claude/agents. */
  readonly file: string;
  /** Why, where that is not plain from the kind. */
  readonly reason?: string;
  /** What the user wrote is in the way, and goes, after a backup. */
  readonly forced?: true;
  /** Absolute path of the copy that a forced replacement or removal made. */
  readonly backup?: string;
  /** What would change, as a unified diff; in a dry run. */
  readonly diff?: string;
}

/** A file in .claude/agents. */
export interface Present {
  /** Within .claude/agents, with slashes. */
  readonly relative: string;
  /** Undefined for what is no readable regular file. */
  readonly sha256: string | undefined;
  /** The agent's name in it, "" where it has none. */
  readonly name: string;
}

export interface Resolution {
  /** The candidate that counts, by agent name. */
  readonly winners: ReadonlyMap<string, Candidate>;
  /** The name of the winner's tier, by the path of each file that counts less. */
  readonly overridden: ReadonlyMap<string, TierName>;
  readonly problems: readonly Problem[];
}

/**
 * Decides which candidate counts for each name: the first, as they come, highest tier first and then by path. A second
 * file in one tier with the same name is a problem. A file without a readable name stands for the agent that was last
 * deployed from it.
 */
export function resolve(candidates: readonly Candidate[], deployed: ReadonlyMap<string, ManifestEntry>): Resolution {
  const formerName = new Map([...deployed].map(([name, { tier, source }]) => [`${tier}/${source}`, name]));
  const winners = new Map<string, Candidate>();
  const overridden = new Map<string, TierName>();
  const problems: Problem[] = [];
  for (const candidate of candidates) {
    const { source } = candidate;
    const former = formerName.get(`${source.tier}/${source.relative}`);
    const name = candidate.name ?? (candidate.sha256 === undefined ? former : undefined);
    if (name === undefined) continue;
    const winner = winners.get(name);
    if (!winner) winners.set(name, candidate);
    else if (winner.source.tier !== source.tier) overridden.set(source.path, winner.source.tier);
    else
      problems.push({
        severity: "error",
        path: source.path,
        field: "name",
        expected: "a name of its own within the tier",
        received: `"${name}", as in ${winner.source.relative}, which counts`,
      });
  }
  return { winners, overridden, problems };
}

export interface Choice {
  readonly excluded: ReadonlySet<string>;
  readonly force: boolean;
}

const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** One action for each agent that is wanted, and for each that was deployed and is no longer; by name. */
export function planDeployment(
  { winners }: Resolution,
  present: readonly Present[],
  deployed: ReadonlyMap<string, ManifestEntry>,
  { excluded, force }: Choice,
): Action[] {
  const files = new Map(present.map((file) => [file.relative, file]));
  const ours = new Set([...deployed.keys()].map(fileOf));
  const ownNames = new Map<string, string>();
  for (const { name, relative } of present) if (name && !ours.has(relative)) ownNames.set(name, relative);
  const actions: Action[] = [];
  for (const [name, { source, sha256 }] of winners) {
    const base = { name, tier: source.tier, source: source.path, file: fileOf(name) };
    const own = ownNames.get(name);
    if (excluded.has(name)) actions.push({ ...base, kind: "excluded" });
    else if (sha256 === undefined) actions.push({ ...base, kind: "broken", reason: "its file has errors" });
    else if (own !== undefined && own !== base.file)
      actions.push({ ...base, kind: "keep", reason: `${own}, which is yours, has that name` });
    else actions.push({ ...base, ...judge(sha256, files.get(base.file), deployed.get(name), force) });
  }
  for (const [name, { tier }] of deployed)
    if (!winners.has(name) && files.has(fileOf(name)))
      actions.push({ name, tier, kind: "stale", file: fileOf(name), reason: "its source is gone" });
  return actions.sort(byName);
}

function judge(
  wanted: string,
  there: Present | undefined,
  entry: ManifestEntry | undefined,
  force: boolean,
): Pick<Action, "kind" | "forced" | "reason"> {
  if (!there) return { kind: "create" };
  // An equal file that the manifest does not list may be the user's own: it becomes ours only if forced.
  if (there.sha256 === wanted) return { kind: entry || !force ? "unchanged" : "update" };
  if (entry && isOurs(there, entry)) return { kind: "update" };
  const reason = entry ? "you have edited it" : "it is yours";
  return force && there.sha256 !== undefined ? { kind: "replace", forced: true, reason } : { kind: "keep", reason };
}

/** As we wrote it, or empty: that is what a power cut can leave of a file that was just created. */
function isOurs({ sha256 }: Present, entry: ManifestEntry): boolean {
  return sha256 !== undefined && (entry.sha256.includes(sha256) || sha256 === EMPTY_SHA256);
}

/**
 * Decides what `clean` removes: what we deployed and nobody edited, if it is no longer wanted, or all of it. What came
 * from an incomplete tier, which could not be read whole, is not taken for unwanted.
 */
export function planCleaning(
  { winners }: Resolution,
  present: readonly Present[],
  deployed: ReadonlyMap<string, ManifestEntry>,
  incomplete: ReadonlySet<TierName>,
  { all, force }: { readonly all: boolean; readonly force: boolean },
): Action[] {
  const files = new Map(present.map((file) => [file.relative, file]));
  const actions: Action[] = [];
  for (const [name, entry] of deployed) {
    const there = files.get(fileOf(name));
    const base = { name, tier: entry.tier, file: fileOf(name) };
    if (!there) {
      if (all || !winners.has(name)) actions.push({ ...base, kind: "remove", reason: "it was gone already" });
    } else if (!all && winners.has(name)) continue;
    else if (!all && incomplete.has(entry.tier))
      actions.push({ ...base, kind: "keep", reason: `the ${entry.tier} tier could not be read whole` });
    else if (isOurs(there, entry)) actions.push({ ...base, kind: "remove" });
    else if (force && there.sha256 !== undefined)
      actions.push({ ...base, kind: "remove", forced: true, reason: "you have edited it" });
    else actions.push({ ...base, kind: "keep", reason: "you have edited it" });
  }
  return actions.sort(byName);
}

function byName(a: Action, b: Action): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
