// Carries out a plan: writes and removes files in .claude/agents, and keeps the manifest true at every moment.
// - A file is looked at again right before it is replaced or removed: what the user saved meanwhile stays.
// - Each file succeeds or fails by itself.

import { join } from "node:path";
import { unifiedDiff } from "../platform/diff.ts";
import { errorCode } from "../platform/error.ts";
import { MAX_AGENT_BYTES, sha256 } from "./agent.ts";
import { type Files, isMissing, isWithin } from "./files.ts";
import { type ManifestEntry, manifestText } from "./manifest.ts";
import type { Action } from "./plan.ts";
import { type Problem, systemReason } from "./problem.ts";
import type { Survey } from "./survey.ts";

export interface Applied {
  readonly actions: readonly Action[];
  readonly problems: readonly Problem[];
}

/** Carries out a plan within a project, an absolute path, whatever links lead out of it; the time names the backups. */
export async function apply(
  planned: readonly Action[],
  surveyed: Survey,
  project: string,
  files: Files,
  nowMs: number,
): Promise<Applied> {
  const { directory, manifest } = surveyed;
  const touching = planned.filter(isTouching);
  if (touching.length === 0) return { actions: planned, problems: [] };

  const entries = new Map(manifest.entries);
  let written = manifest.text;
  const record = async () => {
    const text = manifestText(entries);
    if (text === written) return;
    if (text === undefined) await files.remove(manifest.path);
    else await files.write(manifest.path, text, "durable");
    written = text;
  };
  const fail = (path: string, expected: string, error: unknown): Applied => {
    const received = systemReason(error);
    const actions = planned.map((action): Action => {
      return isTouching(action) ? { ...action, kind: "failed", reason: received } : action;
    });
    return { actions, problems: [{ severity: "error", path, expected, received }] };
  };

  try {
    await ensureWithin(directory, project, files);
  } catch (error) {
    return fail(directory, "a directory within the project that can be written", error);
  }
  const prepared = await Promise.all(touching.map((action) => prepare(action, surveyed)));
  for (const { name, announced } of prepared) if (announced) entries.set(name, announced);
  try {
    await record();
  } catch (error) {
    return fail(manifest.path, "a file that can be written", error);
  }

  const context = { directory, files, nowMs, entries: manifest.entries };
  const done = new Map(
    await Promise.all(prepared.map(async (step) => [step.name, await carryOut(step, context)] as const)),
  );
  for (const [name, { kind }] of done) {
    const announced = entries.get(name);
    const former = manifest.entries.get(name);
    if (kind === "remove" || (kind === "keep" && !former)) entries.delete(name);
    else if (kind === "keep" && former) entries.set(name, former);
    else if (kind !== "failed" && announced) entries.set(name, { ...announced, sha256: announced.sha256.slice(0, 1) });
  }
  const actions = planned.map((action) => done.get(action.name) ?? action);
  try {
    await record();
  } catch (error) {
    const received = systemReason(error);
    const problem = { path: manifest.path, expected: "a file that can be written", received } as const;
    return { actions, problems: [{ severity: "error", ...problem }] };
  }
  return { actions, problems: [] };
}

/** The plan with a diff for everything that would change. */
export async function withDiffs(planned: readonly Action[], surveyed: Survey, files: Files): Promise<Action[]> {
  return Promise.all(
    planned.map(async (action) => {
      if (!isTouching(action)) return action;
      const path = join(surveyed.directory, action.file);
      const shown = `.claude/agents/${action.file}`;
      const { text = "" } = await prepare(action, surveyed);
      const before = await files.read(path, MAX_AGENT_BYTES).catch(() => undefined);
      const [from, to] = [before ? `a/${shown}` : "/dev/null", action.kind === "remove" ? "/dev/null" : `b/${shown}`];
      return { ...action, diff: unifiedDiff(before?.bytes.toString("utf8") ?? "", text, from, to) };
    }),
  );
}

interface Step extends Action {
  /** What is to be written; absent for a removal, and where the source is no longer what it was. */
  readonly text?: string;
  /** What the manifest says while the step is under way. */
  readonly announced?: ManifestEntry;
}

function isTouching({ kind }: Action): boolean {
  return kind === "create" || kind === "update" || kind === "replace" || kind === "remove";
}

async function prepare(action: Action, { resolution, manifest, readingOf }: Survey): Promise<Step> {
  const source = resolution.winners.get(action.name)?.source;
  if (action.kind === "remove" || !source) return action;
  const { agent } = await readingOf(source);
  if (agent?.name !== action.name) return { ...action, kind: "failed", reason: "its file was changed meanwhile" };
  const former = manifest.entries.get(action.name)?.sha256.filter((sum) => sum !== agent.sha256) ?? [];
  const announced = { sha256: [agent.sha256, ...former], tier: source.tier, source: source.relative };
  return { ...action, text: agent.text, announced };
}

interface Context {
  readonly directory: string;
  readonly files: Files;
  readonly nowMs: number;
  /** As they were before. */
  readonly entries: ReadonlyMap<string, ManifestEntry>;
}

async function carryOut({ text, announced, ...action }: Step, context: Context): Promise<Action> {
  const { directory, files, nowMs } = context;
  const path = join(directory, action.file);
  try {
    if (action.kind === "create") await files.write(path, text ?? "", "new");
    if (action.kind === "create" || action.kind === "failed") return action;

    const there = await currentContent(path, files);
    const ours = context.entries.get(action.name)?.sha256 ?? [];
    const untouched = there === undefined || there === "" || ours.includes(sha256(there)) || there === text;
    if (!untouched && !action.forced) return { ...action, kind: "keep", reason: "you have edited it" };
    const backup = untouched ? undefined : await backUp(path, nowMs, files);
    if (action.kind === "remove") await files.remove(path);
    else await files.write(path, text ?? "", "any");
    return { ...action, ...(backup && { backup }) };
  } catch (error) {
    if (action.kind === "create" && errorCode(error) === "EEXIST")
      return { ...action, kind: "keep", reason: "it is yours" };
    return { ...action, kind: "failed", reason: systemReason(error) };
  }
}

/** Copies a file beside itself, to the path that it returns. No earlier copy has that: two may be of one second. */
async function backUp(path: string, nowMs: number, files: Files): Promise<string> {
  for (let number = 1; ; number++) {
    const backup = `${path}.${timestamp(nowMs)}${number > 1 ? `-${number}` : ""}.bak`;
    try {
      await files.copy(path, backup);
      return backup;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}

async function currentContent(path: string, files: Files): Promise<string | undefined> {
  try {
    return (await files.read(path, MAX_AGENT_BYTES)).bytes.toString("utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Makes the directory where it is missing, one step at a time, so that no link leads the way out of the project. */
async function ensureWithin(directory: string, project: string, files: Files): Promise<void> {
  const base = await files.realpath(project);
  for (const dir of [join(directory, ".."), directory]) {
    const real = await files.realpath(dir).catch(async (error) => {
      if (!isMissing(error)) throw error;
      await files.makeDir(dir);
      return files.realpath(dir);
    });
    if (!isWithin(real, base)) throw new Error(`a link out of it, to ${real}`);
  }
}

/** 20261124T022201Z */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, "");
}
