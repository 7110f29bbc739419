// What deploying agents costs: `node test/bench/agents.ts`. Everything runs in this process, on the disk of os.tmpdir().
// - Eight in ten agents are Markdown with plain fields, one in ten needs the YAML library, one in ten is JSON.
// - "First" is into a project without agents, by a process that has done it before, but for the row that says "cold".
// - "Unchanged" is the same once more: the second run, which reads all that the first one wrote, and the third.
// - Latency: every call of the file system interface waits 1 ms on a timer before it runs. A call is one to five system
//   calls, so a real network file system would gain more from concurrency than is shown here.
// - The disk is most of a first run, and disks vary: next to it stands what the same files cost without us.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Deployment, deployAgents } from "../../src/agents/deploy.ts";
import { type Files, localFiles } from "../../src/agents/files.ts";
import { configFor, markdown, plant, template } from "../unit/agents/tree.ts";

const ROUNDS = 7;
const LATENCY_MS = 1;
const SETTLE_MS = 150;

interface World {
  readonly home: string;
  readonly project: string;
  readonly bundled: string;
}

function agentFile(index: number): [path: string, text: string] {
  const name = `agent-${index}`;
  const body = `You are ${name}.\n\n${"Do one thing at a time, and say what you did. ".repeat(30)}`;
  if (index % 10 === 8) return [`more/${name}.json`, template(name, { instructions: body })];
  const extra =
    index % 10 === 9 ? "skills:\n  - one # first\n  - two\n" : "tools: Read, Grep, Glob\nmodel: sonnet\ncolor: blue\n";
  return [`${index % 3 ? "" : "more/"}${name}.md`, markdown(name, extra, body)];
}

/** Agents spread over the three tiers. */
function world(count: number): World {
  const home = mkdtempSync(join(tmpdir(), "mpm-bench-"));
  const made = { home, project: join(home, "project"), bundled: join(home, "bundled") };
  const roots = [join(made.project, ".claude-mpm/agents"), join(home, ".claude-mpm/agents"), made.bundled];
  const trees = roots.map((): Record<string, string> => ({ ".keep": "" }));
  for (let index = 0; index < count; index++) {
    const [path, text] = agentFile(index);
    const tree = trees[index % trees.length];
    if (tree) tree[path] = text;
  }
  for (const [index, root] of roots.entries()) plant(root, trees[index] ?? {});
  return made;
}

function withLatency(files: Files): Files {
  const late = <A extends unknown[], R>(operation: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      await sleep(LATENCY_MS);
      return operation(...args);
    };
  };
  return {
    list: late(files.list),
    stamp: late(files.stamp),
    realpath: late(files.realpath),
    read: late(files.read),
    write: late(files.write),
    copy: late(files.copy),
    remove: late(files.remove),
    makeDir: late(files.makeDir),
  };
}

async function timed(made: World, concurrent: boolean, files?: Files): Promise<{ ms: number; result: Deployment }> {
  const { home, project, bundled } = made;
  const config = configFor(home, { MPM_USE_ASYNC: String(concurrent) });
  const start = performance.now();
  const result = await deployAgents({ config, project, bundled, ...(files && { files }) });
  const ms = performance.now() - start;
  if (!result.ok) throw new Error(JSON.stringify(result.problems[0]));
  return { ms, result };
}

/** What the disk takes for the same files, written plainly one after the other. */
function baseline(count: number, dir: string): number {
  mkdirSync(dir);
  const texts = Array.from({ length: count }, (_, index) => agentFile(index)[1]);
  const start = performance.now();
  for (const [index, text] of texts.entries()) writeFileSync(join(dir, `${index}.md`), text);
  return performance.now() - start;
}

interface Rounds {
  /** Ms of the first, second and third run of each round, and of the baseline. */
  readonly first: number[];
  readonly second: number[];
  readonly third: number[];
  readonly plain: number[];
}

/** Every round is in a new world; all are removed at the end, because removing many files slows the disk for a while. */
async function rounds(count: number, concurrent: boolean, files?: Files, times = ROUNDS): Promise<Rounds> {
  const result: Rounds = { first: [], second: [], third: [], plain: [] };
  const worlds: World[] = [];
  for (let round = 0; round < times; round++) {
    const made = world(count);
    worlds.push(made);
    // What is younger is not remembered, and agent files are usually older.
    await sleep(SETTLE_MS);
    result.plain.push(baseline(count, join(made.home, "plain")));
    result.first.push((await timed(made, concurrent, files)).ms);
    await sleep(SETTLE_MS);
    result.second.push((await timed(made, concurrent, files)).ms);
    result.third.push((await timed(made, concurrent, files)).ms);
  }
  for (const { home } of worlds) rmSync(home, { recursive: true, force: true });
  return result;
}

const sorted = (list: readonly number[]) => list.toSorted((a, b) => a - b);
const median = (list: readonly number[]) => sorted(list)[Math.floor(list.length / 2)] ?? Number.NaN;
const row = (what: string, list: readonly number[], remark = "") => {
  const [least = Number.NaN] = sorted(list);
  console.log(`| ${what} | ${least.toFixed(1)} | ${median(list).toFixed(1)} | ${remark} |`);
};
console.log("\nDeploying agents, ms\n\n| what | least | median | |\n|---|---:|---:|---|");

const cold = world(10);
const start = await timed(cold, true);
const steps = start.result.timings.map(({ step, ms }) => `${step} ${ms.toFixed(1)}`).join(", ");
row("10 agents, first, cold process", [start.ms], steps);
rmSync(cold.home, { recursive: true });

const ten = await rounds(10, true);
row("10 agents, first", ten.first, "to reach: 15");
row("10 agents, unchanged", ten.third);
const thousand = await rounds(1000, true);
row("1,000 files, writeFileSync", thousand.plain);
row("1,000 agents, first", thousand.first, "to reach: 250");
row("1,000 agents, unchanged, second run", thousand.second);
row("1,000 agents, unchanged, from the third run", thousand.third, "to reach: 60");

const ratio = (slow: readonly number[], quick: readonly number[]) => (median(slow) / median(quick)).toFixed(2);
const compare = async (count: number, where: string, files?: Files, times = ROUNDS) => {
  const together = await rounds(count, true, files, times);
  const alone = await rounds(count, false, files, times);
  for (const run of ["first", "third"] as const) {
    row(`${count} agents, ${run} run, ${where}, concurrent`, together[run]);
    row(`${count} agents, ${run} run, ${where}, one by one`, alone[run], `${ratio(alone[run], together[run])} times`);
  }
};
await compare(200, "local disk");
await compare(100, `${LATENCY_MS} ms an operation`, withLatency(localFiles), 3);
