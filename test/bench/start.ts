// What starts cost: `node test/bench/start.ts`. `mpm status`, `mpm statusline`, `mpm run` and the hook in Node as a whole, with
// the monitor running, by the clock and by processor time, which says more on a machine that others use; the monitor until it
// listens; and `mpm run` before Claude Code runs:
// - From just before its own exec to the first thing that a stand-in for `claude` does, which is to make a file: its time
//   is the kernel's, and up to 4 ms early. Agents and hooks are in place, as at every start but the first.
// - Warm: this home's monitor runs. Cold: nothing of this home runs. "Not installed": hooks are given for the run.
// - An empty Node, in the same rounds, says how fast the machine was meanwhile.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dist, killThoseOf, mpm, NODE, run, until } from "../world.ts";
import { median, type Row, table } from "./table.ts";

const ROUNDS = 15;
const COLD_ROUNDS = 7;
const WHOLE_ROUNDS = 25;

/** Milliseconds until `claude` runs, median and least of the rounds, by how it is started. */
export async function startRows(): Promise<Row[]> {
  const home = mkdtempSync(join(tmpdir(), "mpm-bench-"));
  try {
    const bin = join(home, "bin");
    const mpmHome = join(home, ".claude-mpm");
    const cwd = join(home, "project");
    const mark = join(home, "mark");
    for (const dir of [bin, mpmHome, cwd]) mkdirSync(dir, { mode: 0o700 });
    writeFileSync(join(bin, "claude"), `#!/bin/sh\n: >'${mark}'\n`);
    chmodSync(join(bin, "claude"), 0o755);
    writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"port":0}}');
    const env = { HOME: home, MPM_HOME: mpmHome, MPM_NO_BROWSER: "1", PATH: `${bin}:/usr/bin:/bin` };
    const untilClaude = async (...args: string[]): Promise<number> => {
      rmSync(mark, { force: true });
      const began = Date.now();
      const { status, stderr } = await run(NODE, [dist("cli.js"), "run", ...args], { env, cwd });
      if (status !== 0) throw new Error(stderr);
      return statSync(mark).mtimeMs - began;
    };
    const node: number[] = [];
    const rounds = async (times: number, before: () => Promise<unknown>, ...args: string[]): Promise<number[]> => {
      const taken: number[] = [];
      for (let round = 0; round < times; round++) {
        await before();
        node.push((await run(NODE, ["-e", "0"], { env, cwd })).ms);
        taken.push(await untilClaude(...args));
      }
      return taken;
    };
    const asIs = async () => {};

    await untilClaude(); // deploys the agents
    const given = await rounds(ROUNDS, asIs);
    await mpm(["install"], { env, cwd });
    const plain = await rounds(ROUNDS, asIs);
    const cold = await rounds(COLD_ROUNDS, () => killThoseOf(home), "--monitor");
    const warm = await rounds(ROUNDS, asIs, "--monitor");
    const row = (what: string, times: number[], goal: string): Row => {
      return [what, median(times), "ms", `least ${Math.round(Math.min(...times))}${goal}`];
    };
    return [
      row("an empty Node", node, ""),
      row("`mpm run`", plain, "; goal 150"),
      row("`mpm run`, hooks not installed", given, "; goal 150"),
      row("`mpm run --monitor`, warm", warm, "; goal 300"),
      row("`mpm run --monitor`, cold", cold, "; goal 1500"),
    ];
  } finally {
    await killThoseOf(home);
    rmSync(home, { recursive: true, force: true });
  }
}

/** Milliseconds of a clock tick in /proc. */
const TICK_MS = 10;
const NS_A_MS = 1e6;

/** Processor time of all children that have ended, ms: fields cutime and cstime of proc_pid_stat(5). */
function childrenMs(): number {
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

/** Processor time of a process so far, ms, by the scheduler's own count. */
function spentMs(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const ns = tasks.map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]));
  return ns.reduce((sum, each) => sum + each, 0) / NS_A_MS;
}

/**
 * Whole processes, and how often as long as an empty Node in the same rounds each takes: by the least of them, and by their
 * processor time on average. Each has run before, so that what V8 compiles is kept.
 */
export async function wholeRows(): Promise<Row[]> {
  const home = mkdtempSync(join(tmpdir(), "mpm-bench-"));
  try {
    const mpmHome = join(home, ".claude-mpm");
    mkdirSync(mpmHome, { mode: 0o700 });
    writeFileSync(join(home, "claude"), "#!/bin/sh\n", { mode: 0o755 });
    const env = { HOME: home, MPM_HOME: mpmHome, MPM_NO_BROWSER: "1", PATH: `${home}:/usr/bin:/bin` };
    const { status, stderr } = await mpm(["monitor", "start", "--port", "0"], { env });
    if (status !== 0) throw new Error(stderr);
    const programs = [
      { what: "an empty Node", args: ["-e", "0"], remark: "" },
      { what: "`mpm status`", args: [dist("cli.js"), "status"], remark: "; goal 1.5" },
      { what: "`mpm statusline`", args: [dist("cli.js"), "statusline"], remark: "" },
      { what: "`mpm --version`", args: [dist("cli.js"), "--version"], remark: "" },
      { what: "`mpm run --no-agents`", args: [dist("cli.js"), "run", "--no-agents"], remark: "" },
      { what: "the hook in Node", args: [dist("hook.js"), "Stop"], remark: "" },
    ].map((program) => ({ ...program, taken: [] as number[], processor: 0 }));
    for (let round = -2; round < WHOLE_ROUNDS; round++)
      for (const program of programs) {
        const before = childrenMs();
        const { ms } = await run(NODE, program.args, { env, cwd: home, input: "{}" });
        if (round < 0) continue;
        program.taken.push(ms);
        program.processor += (childrenMs() - before) / WHOLE_ROUNDS;
      }
    const least = (taken: readonly number[]) => Math.min(...taken);
    const [empty] = programs;
    return programs.map(({ what, taken, processor, remark }) => {
      const times = (least(taken) / least(empty?.taken ?? [])).toFixed(2);
      const share = (processor / (empty?.processor ?? 1)).toFixed(2);
      return [
        what,
        least(taken),
        "ms",
        `${times} of an empty Node; processor ${processor.toFixed(0)} ms, ${share}${remark}`,
      ];
    });
  } finally {
    await killThoseOf(home);
    rmSync(home, { recursive: true, force: true });
  }
}

/** Processor time of a monitor until it listens, least of the rounds: with nothing kept of earlier starts, and with that. */
export async function monitorRows(): Promise<Row[]> {
  const home = mkdtempSync(join(tmpdir(), "mpm-bench-"));
  const env = { HOME: home, MPM_HOME: home, PATH: "/usr/bin:/bin" };
  try {
    const first: number[] = [];
    const later: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rmSync(join(home, "compiled"), { recursive: true, force: true });
      for (const taken of [first, later]) {
        writeFileSync(join(home, "config.json"), '{"monitor":{"port":0}}');
        const monitor: ChildProcess = spawn(NODE, ["--max-semi-space-size=8", dist("monitor.js")], {
          env,
          stdio: "ignore",
        });
        await until(() => existsSync(join(home, "monitor.json")), 20_000, "the monitor");
        taken.push(spentMs(monitor.pid ?? 0));
        monitor.kill("SIGTERM");
        await once(monitor, "exit");
      }
    }
    return [
      ["the monitor until it listens, processor time", Math.min(...later), "ms", `least of ${ROUNDS}`],
      ["the same, after an upgrade", Math.min(...first), "ms", ""],
    ];
  } finally {
    await killThoseOf(home);
    rmSync(home, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  table("Whole processes, least of the rounds", await wholeRows());
  table("Services", await monitorRows());
  table("Until Claude Code runs", await startRows());
}
