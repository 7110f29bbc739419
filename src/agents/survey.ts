// Everything that a deployment has to know, read at the same time: sources, what is deployed, and the manifest.
// - Reading touches nothing but the cache.
// - What the cache vouches for is not read; `readingOf` reads it when it is needed after all.

import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { MAX_AGENT_BYTES, type Reading, readAgent, type SourceFile, sha256 } from "./agent.ts";
import { type Cache, noCache } from "./cache.ts";
import { type Discovery, discover } from "./discover.ts";
import { type Files, NotReadable } from "./files.ts";
import { readFrontMatter } from "./frontmatter.ts";
import { type Manifest, readManifest } from "./manifest.ts";
import { type Candidate, type Present, type Resolution, resolve } from "./plan.ts";
import { type Problem, systemReason } from "./problem.ts";
import { deployedDir, tiersOf } from "./tiers.ts";

export interface Survey {
  /** The project's .claude/agents, absolute; need not exist. */
  readonly directory: string;
  readonly discovery: Discovery;
  /** In order: highest tier first, then by path. */
  readonly candidates: readonly Candidate[];
  readonly resolution: Resolution;
  /** What is in the directory, in order of paths. */
  readonly present: readonly Present[];
  readonly manifest: Manifest;
  readonly problems: readonly Problem[];
  /** The source file read and checked. */
  readingOf(source: SourceFile): Promise<Reading>;
}

/**
 * Reads what a deployment into a project (an absolute path) has to know; SYSTEM agents are those of the bundled directory.
 * `lap` is called at the end of each step, with its name.
 */
export async function survey(
  config: Config,
  project: string,
  bundled: string,
  files: Files,
  cache: Cache = noCache,
  lap: (step: string) => void = () => {},
): Promise<Survey> {
  const directory = deployedDir(project);
  const readings = new Map<string, Reading>();
  const readingOf = async (source: SourceFile) => {
    const reading = readings.get(source.path) ?? (await readSource(source.path, files, cache));
    readings.set(source.path, reading);
    return reading;
  };
  const toCandidate = async (source: SourceFile): Promise<Candidate> => {
    const stamp = cache === noCache ? undefined : await files.stamp(source.path).catch(() => undefined);
    const seen = stamp && cache.get(source.path, stamp);
    if (seen) return { source, name: seen.name, sha256: seen.sha256 };
    const { name, agent } = await readingOf(source);
    return { source, name, sha256: agent?.sha256 };
  };

  const [discovery, { manifest, problem }, { present, problems: unlisted }] = await Promise.all([
    discover(tiersOf(config, project, bundled), files),
    readManifest(directory, files),
    readPresent(directory, files, cache),
  ]);
  lap("discover");
  const candidates = await Promise.all(discovery.sources.map(toCandidate));
  const resolution = resolve(candidates, manifest.entries);
  const problems = [
    ...discovery.problems,
    ...discovery.sources.flatMap((source) => readings.get(source.path)?.problems ?? []),
    ...resolution.problems,
    ...(problem ? [problem] : []),
    ...unlisted,
  ];
  lap("validate");
  return { directory, discovery, candidates, resolution, present, manifest, problems, readingOf };
}

async function readSource(path: string, files: Files, cache: Cache): Promise<Reading> {
  try {
    const { bytes, stamp } = await files.read(path, MAX_AGENT_BYTES);
    const reading = await readAgent(path, bytes);
    const { agent, problems } = reading;
    if (agent && problems.length === 0) cache.put(path, stamp, { name: agent.name, sha256: agent.sha256 });
    return reading;
  } catch (error) {
    const expected =
      error instanceof NotReadable ? `a regular file of at most ${MAX_AGENT_BYTES} bytes` : "a readable file";
    return { problems: [{ severity: "error", path, expected, received: systemReason(error) }] };
  }
}

/** Every Markdown file in .claude/agents, and whatever else stands where one of ours could. */
async function readPresent(
  directory: string,
  files: Files,
  cache: Cache,
): Promise<{ present: Present[]; problems: Problem[] }> {
  const present: Present[] = [];
  const walk = async (dir: string, prefix: string): Promise<void> => {
    await Promise.all(
      ((await files.list(dir)) ?? []).map(async (entry) => {
        const path = join(dir, entry.name);
        const relative = prefix + entry.name;
        const markdown = entry.name.toLowerCase().endsWith(".md");
        if (markdown && entry.isFile()) present.push({ relative, ...(await inspect(path, files, cache)) });
        else if (markdown) present.push({ relative, name: "", sha256: undefined });
        else if (entry.isDirectory()) await walk(path, `${relative}/`);
      }),
    );
  };
  try {
    await walk(directory, "");
  } catch (error) {
    const received = systemReason(error);
    return { present, problems: [{ severity: "error", path: directory, expected: "a readable directory", received }] };
  }
  return { present: present.sort((a, b) => (a.relative < b.relative ? -1 : 1)), problems: [] };
}

async function inspect(path: string, files: Files, cache: Cache): Promise<Pick<Present, "name" | "sha256">> {
  try {
    const stamp = cache === noCache ? undefined : await files.stamp(path);
    const seen = stamp && cache.get(path, stamp);
    if (seen) return seen;
    const content = await files.read(path, MAX_AGENT_BYTES);
    const front = await readFrontMatter(content.bytes.toString("utf8"));
    const name = front.ok ? front.value.fields["name"] : undefined;
    const found = { name: typeof name === "string" ? name : "", sha256: sha256(content.bytes) };
    cache.put(path, content.stamp, found);
    return found;
  } catch {
    return { name: "", sha256: undefined }; // too large or not readable: not ours to judge, so it stays
  }
}
