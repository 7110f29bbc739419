// What the hook costs its host: the whole process, in pairs with the smallest shell script that stores stdin.
// - Interleaved, in random order, so that a noisy machine disturbs all alike; medians, and ratios of medians.
// - The states of the rest (relay, monitor) and the size of the event are what must make no difference.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dist, HOOK, NODE, until } from "../world.ts";
import { median, type Row, table } from "./table.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 300);
const LARGE_ROUNDS = Math.max(10, Math.floor(ROUNDS / 12));
const KEEP = 200;

/** What Claude Code gives its hooks, as far as it matters here. */
const AS_CLAUDE_CODE = { PATH: "/usr/local/bin:/usr/bin:/bin", CLAUDECODE: "1", CLAUDE_PID: String(process.pid) };
const root = mkdtempSync(join(tmpdir(), "mpm-bench-"));
const floor = join(root, "floor.sh");
writeFileSync(floor, '#!/bin/sh\ncat >"$MPM_HOME/spool/floor-$$"\n');
chmodSync(floor, 0o755);

interface Contender {
  readonly name: string;
  readonly file: string;
  readonly args?: readonly string[];
  readonly home: string;
  readonly env?: Record<string, string>;
}

function home(name: string): string {
  const dir = join(root, name);
  mkdirSync(join(dir, "spool"), { recursive: true, mode: 0o700 });
  return dir;
}

/** A home whose relay seems to run (the hook looks, and goes on), without one that empties the spool. */
function quietHome(name: string): string {
  const dir = home(name);
  symlinkSync("/proc/self", join(dir, "relay.alive"));
  return dir;
}

function once({ file, args = [], home: dir, env }: Contender, input: Buffer): number {
  const start = performance.now();
  const { status } = spawnSync(file, args, {
    input,
    env: { ...AS_CLAUDE_CODE, HOME: root, MPM_HOME: dir, ...env },
  });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
  return ms;
}

function empty(dir: string): void {
  for (const name of readdirSync(join(dir, "spool"))) {
    try {
      unlinkSync(join(dir, "spool", name));
    } catch {
      // a relay was faster
    }
  }
}

/** Times all contenders in turns. @returns milliseconds of each round, by name */
function race(contenders: readonly Contender[], input: Buffer, rounds: number): Map<string, number[]> {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds + 5; round++) {
    for (const contender of contenders.toSorted(() => Math.random() - 0.5)) {
      const ms = once(contender, input);
      if (round >= 5) times.get(contender.name)?.push(ms);
    }
    if (round % KEEP === 0) for (const { home: dir } of contenders) empty(dir);
  }
  return times;
}

const event = (bytes: number) => {
  const payload = {
    session_id: "bench",
    hook_event_name: "PostToolUse",
    tool_name: "Bash",
    tool_use_id: "toolu_1",
    tool_input: { command: "ls" },
    cwd: "/tmp",
    pad: "",
  };
  payload.pad = "x".repeat(bytes - JSON.stringify(payload).length - 1);
  return Buffer.from(`${JSON.stringify(payload)}\n`);
};

function relay(dir: string, url: string): ChildProcess {
  return spawn(NODE, [dist("relay.js")], {
    env: { HOME: root, PATH: "/usr/bin:/bin", MPM_HOME: dir, MPM_SERVER_URL: url, MPM_LOG_LEVEL: "warn" },
    stdio: "ignore",
  });
}

const children: ChildProcess[] = [];
try {
  const hung = createServer(() => {});
  await new Promise<void>((ready) => hung.listen(0, "127.0.0.1", ready));
  const hungUrl = `http://127.0.0.1:${(hung.address() as { port: number }).port}`;
  const contender = (name: string, dir: string): Contender => ({ name, file: HOOK, args: ["PostToolUse"], home: dir });

  const downHome = home("down");
  const hungHome = home("hung");
  const stoppedHome = home("stopped");
  const absentHome = home("absent"); // no node there: the relay cannot start
  mkdirSync(join(absentHome, "app"));
  writeFileSync(join(absentHome, "app/node"), "/bin/false\n");
  for (const [dir, url] of [
    [downHome, "http://127.0.0.1:9"],
    [hungHome, hungUrl],
    [stoppedHome, "http://127.0.0.1:9"],
  ] as const) {
    children.push(relay(dir, url));
    await until(() => readdirSync(dir).includes("relay.alive"));
  }
  children[2]?.kill("SIGSTOP");

  const small = race(
    [
      { name: "floor: sh, cat >file", file: floor, home: home("floor") },
      contender("hook, nothing to start", quietHome("quiet")),
      contender("hook, server down", downHome),
      contender("hook, server hung", hungHome),
      contender("hook, relay stopped", stoppedHome),
      contender("hook, relay cannot start", absentHome),
      { ...contender("hook, run by hand", quietHome("hand")), env: { CLAUDECODE: "" } },
      { name: "true", file: "/bin/true", home: home("true") },
    ],
    event(1500),
    ROUNDS,
  );
  const base = median(small.get("floor: sh, cat >file") ?? []);
  const rows: Row[] = [...small].map(([name, times]) => [
    `${name}, 1.5 kB`,
    median(times),
    "ms",
    `${(median(times) / base).toFixed(2)} of the floor`,
  ]);

  const large = race(
    [{ name: "floor", file: floor, home: home("floor-4m") }, contender("hook", quietHome("quiet-4m"))],
    event(4_000_000),
    LARGE_ROUNDS,
  );
  const largeBase = median(large.get("floor") ?? []);
  rows.push(["floor, 4 MB", largeBase, "ms", "1"]);
  rows.push([
    "hook, 4 MB",
    median(large.get("hook") ?? []),
    "ms",
    `${(median(large.get("hook") ?? []) / largeBase).toFixed(2)} of the floor (goal 2.5)`,
  ]);
  const script = join(root, "empty.mjs");
  writeFileSync(script, "");
  const inNode = race(
    [
      { name: "floor: an empty script in Node", file: NODE, args: [script], home: home("floor-node") },
      { name: "hook in Node (Windows)", file: NODE, args: [dist("hook.js"), "PostToolUse"], home: quietHome("node") },
    ],
    event(1500),
    LARGE_ROUNDS,
  );
  const nodeBase = median(inNode.get("floor: an empty script in Node") ?? []);
  for (const [name, times] of inNode)
    rows.push([`${name}, 1.5 kB`, median(times), "ms", `${(median(times) / nodeBase).toFixed(2)} of that floor`]);
  table("Hook, whole process (goal: 1.2 of the floor at 1.5 kB, whatever state the rest is in)", rows);
  hung.close();
} finally {
  for (const child of children) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
}
process.exit(0);
