// How `mpm agents` says what it did and found.
// - Untrusted text from agent files is shown, never obeyed by the terminal.

import { isAbsolute, relative } from "node:path";
import type { Deployment } from "../agents/deploy.ts";
import type { Action, ActionKind } from "../agents/plan.ts";
import { explain, type Problem } from "../agents/problem.ts";
import { printable } from "../platform/text.ts";
import { cut, table } from "./layout.ts";
import type { Io } from "./terminal.ts";

const MAX_DESCRIPTION_CELLS = 80;

const WORDS: Readonly<Record<ActionKind, readonly [done: string, planned: string]>> = {
  create: ["created", "would create"],
  update: ["updated", "would update"],
  replace: ["replaced", "would replace"],
  remove: ["removed", "would remove"],
  unchanged: ["unchanged", "unchanged"],
  keep: ["kept", "would keep"],
  stale: ["no longer wanted", "no longer wanted"],
  excluded: ["excluded", "excluded"],
  broken: ["not deployed", "not deployed"],
  failed: ["failed", "would fail"],
};

/** The actions on stdout, with diffs where there are any; problems and advice on stderr. */
export async function reportDeployment(io: Io, result: Deployment, dryRun: boolean): Promise<void> {
  const word = (kind: ActionKind) => WORDS[kind][dryRun ? 1 : 0];
  reportProblems(io, result.problems);
  for (const action of result.actions) {
    if (action.kind === "unchanged") continue;
    const saved = action.backup && `saved as ${shortPath(io, action.backup)}`;
    const details = [action.tier, action.reason, saved].filter(Boolean).join("; ");
    await io.out(`${colourOf(io, action)(word(action.kind))} ${printable(`${action.file} (${details})`)}\n`);
    if (action.diff) await io.out(painted(io, action.diff));
  }
  const counts = new Map<ActionKind, number>();
  for (const { kind } of result.actions) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const said = ([kind, count]: [ActionKind, number]) => {
    const planned = dryRun && WORDS[kind][0] !== WORDS[kind][1];
    return planned ? `${word(kind)} ${count}` : `${count} ${word(kind)}`;
  };
  const summary = [...counts].map(said).join(", ") || "nothing to do";
  await io.out(`mpm: ${summary} in ${printable(shortPath(io, result.directory))}.\n`);

  const has = (kind: ActionKind) => result.actions.some((action) => action.kind === kind);
  if (has("stale")) io.err("mpm: some agents are no longer wanted. `mpm agents clean` removes them.\n");
  if (has("keep")) io.err("mpm: what you wrote or edited was kept. `--force` replaces it, after a backup.\n");
}

/** A line for each step and their sum, on stderr. */
export function reportTimings(io: Io, { timings }: Deployment): void {
  const total = timings.reduce((sum, { ms }) => sum + ms, 0);
  for (const { step, ms } of [...timings, { step: "total", ms: total }])
    io.err(`${step.padEnd(10)}${ms.toFixed(1).padStart(8)} ms\n`);
}

/** A line for each problem, on stderr. */
export function reportProblems(io: Io, problems: readonly Problem[]): void {
  for (const problem of problems) {
    const colour = problem.severity === "error" ? io.errStyle.red : io.errStyle.yellow;
    io.err(`${colour(problem.severity)} ${explain(problem, (path) => shortPath(io, path))}\n`);
  }
}

export interface Row {
  readonly name: string;
  readonly tier: string;
  readonly state: string;
  /** Another tier's agent of that name is deployed instead. */
  readonly overridden: boolean;
  readonly description: string;
}

/** A table that fits the terminal; rows that do not count are dim. */
export async function reportRows(io: Io, rows: readonly Row[]): Promise<void> {
  const heading: Row = { name: "NAME", tier: "TIER", state: "STATE", overridden: false, description: "DESCRIPTION" };
  const all = [heading, ...rows];
  const cells = all.map(({ name, tier, state, description }) =>
    [name, tier, state, oneLine(description)].map(printable),
  );
  const lines = table(cells, io.columns);
  for (const [index, row] of all.entries()) {
    const style = row === heading ? io.style.bold : row.overridden ? io.style.dim : String;
    await io.out(`${style(lines[index] ?? "")}\n`);
  }
}

/** A path as the user would write it: from the working directory, or from home. */
export function shortPath({ cwd, config }: Io, path: string): string {
  const inside = relative(cwd, path);
  if (!inside.startsWith("..") && !isAbsolute(inside)) return inside || ".";
  const { userHome } = config;
  return userHome && path.startsWith(`${userHome}/`) ? `~${path.slice(userHome.length)}` : path;
}

function colourOf(io: Io, { kind }: Action): (text: string) => string {
  if (kind === "failed" || kind === "broken") return io.style.red;
  return kind === "keep" || kind === "stale" ? io.style.yellow : io.style.green;
}

function painted(io: Io, diff: string): string {
  const line = (text: string) => {
    if (text.startsWith("+")) return io.style.green(text);
    if (text.startsWith("-")) return io.style.red(text);
    return text.startsWith("@@") ? io.style.blue(text) : text;
  };
  return printable(diff).split("\n").map(line).join("\n");
}

const oneLine = (text: string) => cut(text.split(/\r?\n|\\n/, 1)[0] ?? "", MAX_DESCRIPTION_CELLS);
