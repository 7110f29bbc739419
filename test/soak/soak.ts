// npm run soak [-- --minutes N --rate N]: events at a steady rate, with kill -9 of relay and monitor now and then, and
// what each process, the disk and the way of an event cost over time; then rest, and what rest costs.
// Fails if an event is lost or doubled, if something grows, or if a process is left in the end.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { storeEntry } from "../../src/spool/store.ts";
import { HOOK, isAlive, pidsOf, until } from "../world.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, rate: { type: "string", default: "200" } },
});
const MINUTES = Number(values.minutes);
const RATE = Number(values.rate);
const TICK_MS = 50;
const KILL_EVERY_MS = 30_000;
const SAMPLE_EVERY_MS = 5000;
/** After a kill, how long until figures count again. */
const UNSETTLED_MS = 13_000;
const REST_MS = 30_000;
/** In place of the ten and the thirty minutes of the defaults. */
const IDLE_MS = 60_000;
const CAUGHT_UP_WITHIN_MS = 120_000;
/** What may be larger in the second half than in the first. */
const GROWTH = 1.35;
const SESSIONS = 8;

interface Sample {
  readonly at: number;
  readonly relayMiB: number;
  readonly monitorMiB: number;
  readonly relayFiles: number;
  readonly monitorFiles: number;
  readonly pending: number;
  readonly storeBytesAnEvent: number;
  readonly latencyMs: number;
}

const home = mkdtempSync(join(tmpdir(), "mpm-soak-"));
const env = { MPM_HOME: home, HOME: home, PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
mkdirSync(join(home, "spool"), { mode: 0o700 });
writeFileSync(
  join(home, "config.json"),
  JSON.stringify({ monitor: { port: 0, idleMs: IDLE_MS }, relay: { idleMs: IDLE_MS } }),
);
let sent = 0;
/** By Ctrl-C: it ends in good order. */
let asked = false;

async function soak(): Promise<boolean> {
  const samples: Sample[] = [];
  const start = performance.now();
  let killedAt = start;
  let sampledAt = start;
  let kills = 0;
  let sampling = Promise.resolve();
  console.log("   s  events  pending  relay MiB files  monitor MiB files  B/event  latency ms");
  while (performance.now() - start < MINUTES * 60_000 && !asked) {
    const seconds = (performance.now() - start) / 1000;
    while (sent < seconds * RATE) store();
    if (performance.now() - killedAt > KILL_EVERY_MS) {
      const pid = kills++ % 2 === 0 ? relay() : monitor()?.pid;
      if (pid && isAlive(pid)) process.kill(pid, "SIGKILL");
      killedAt = performance.now();
    }
    if (performance.now() - sampledAt > SAMPLE_EVERY_MS) {
      sampledAt = performance.now();
      await hook();
      if (sampledAt - killedAt > UNSETTLED_MS) sampling = sampling.then(() => sample(samples, seconds)).catch(() => {}); // events go on; a process may be killed meanwhile
    }
    await pause(TICK_MS);
  }
  await sampling;
  let events = 0;
  await until(
    async () => {
      await hook(); // the one that finds no relay starts one
      await pause(1000);
      events = ((await health())?.["events"] as number | undefined) ?? 0;
      return events === sent;
    },
    CAUGHT_UP_WITHIN_MS,
    "all events",
  ).catch(() => {});
  const told = await health();
  const failures = [
    ...(events === sent ? [] : [`${sent} sent, ${events} stored`]),
    ...(told?.["gaps"] === 0 ? [] : [`${told?.["gaps"]} gaps`]),
    ...growth(samples),
  ];
  console.log(`${sent} events in ${MINUTES} min, ${kills} kills: ${events} stored, ${told?.["gaps"]} gaps`);
  failures.push(...(await rest()));
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  if (failures.length === 0) console.log("nothing lost, nothing grew, nothing left");
  return failures.length === 0;
}

function store(): void {
  const payload = {
    hook_event_name: "PostToolUse",
    session_id: `s-${sent % SESSIONS}`,
    tool_name: "Bash",
    n: sent,
    tool_input: { command: "x".repeat(400) },
    tool_response: { stdout: "y ".repeat(400) },
  };
  storeEntry(join(home, "spool"), { event: "PostToolUse" }, JSON.stringify(payload));
  sent++;
}

/** A real hook. */
async function hook(): Promise<void> {
  sent++;
  const child = spawn(HOOK, ["Stop"], { env, stdio: ["pipe", "ignore", "ignore"] });
  child.stdin.end('{"hook_event_name":"Stop","session_id":"hooks"}\n');
  await once(child, "close");
}

async function sample(samples: Sample[], seconds: number): Promise<void> {
  const [relayPid, address] = [relay(), monitor()];
  const before = sent;
  const asked = performance.now();
  await until(async () => ((await health())?.["events"] as number) >= before, 10_000).catch(() => {});
  const latencyMs = performance.now() - asked;
  const stored = ((await health())?.["events"] as number | undefined) ?? 1;
  if (!relayPid || !address) return;
  const one: Sample = {
    at: seconds,
    relayMiB: rss(relayPid),
    monitorMiB: rss(address.pid),
    relayFiles: files(relayPid),
    monitorFiles: files(address.pid),
    pending: readdirSync(join(home, "spool")).length,
    storeBytesAnEvent: statSync(join(home, "monitor.db")).size / stored,
    latencyMs,
  };
  samples.push(one);
  const columns: [number, number][] = [
    [seconds, 4],
    [stored, 8],
    [one.pending, 9],
    [one.relayMiB, 11],
    [one.relayFiles, 6],
    [one.monitorMiB, 13],
    [one.monitorFiles, 6],
    [one.storeBytesAnEvent, 9],
    [latencyMs, 12],
  ];
  console.log(columns.map(([value, width]) => String(Math.round(value)).padStart(width)).join(""));
}

/** What is larger in the second half than in the first, beyond what chance explains. */
function growth(samples: readonly Sample[]): string[] {
  const half = samples.length >> 1;
  if (half < 3) return [];
  const median = (list: readonly Sample[], key: keyof Sample) =>
    list.map((one) => one[key]).sort((a, b) => a - b)[list.length >> 1] ?? 0;
  return (["relayMiB", "monitorMiB", "relayFiles", "monitorFiles", "storeBytesAnEvent"] as const).flatMap((key) => {
    const [first, second] = [median(samples.slice(0, half), key), median(samples.slice(half), key)];
    return second > first * GROWTH ? [`${key} grew from ${Math.round(first)} to ${Math.round(second)}`] : [];
  });
}

/** Wake-ups of what waits, then the end of all processes. @returns what is wrong */
async function rest(): Promise<string[]> {
  const pids = pidsOf(home);
  await pause(5000);
  const before = pids.map(switches);
  await pause(REST_MS);
  const wakes = pids.map((pid, index) => ((switches(pid) - (before[index] as number)) * 60_000) / REST_MS);
  console.log(`at rest: ${pids.map((pid, index) => `${name(pid)} ${wakes[index]} wake-ups a minute`).join(", ")}`);
  const ended = await until(() => pidsOf(home).length === 0, 3 * IDLE_MS).then(
    () => true,
    () => false,
  );
  return ended ? [] : [`still running: ${pidsOf(home)}`];
}

const pause = (ms: number) => new Promise((wake) => setTimeout(wake, ms));
const field = (pid: number, pattern: RegExp) =>
  Number(pattern.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
const rss = (pid: number) => field(pid, /VmRSS:\s+(\d+)/) / 1024;
const files = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const name = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")[0]?.trim();
/** Voluntary context switches of all threads. */
const switches = (pid: number) =>
  readdirSync(`/proc/${pid}/task`).reduce(
    (sum, task) =>
      sum +
      Number(
        /^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/task/${task}/status`, "utf8"))?.[1] ?? 0,
      ),
    0,
  );

function relay(): number | undefined {
  try {
    return Number(readFileSync(join(home, "relay.pid"), "utf8"));
  } catch {
    return undefined;
  }
}

function monitor(): { url: string; pid: number } | undefined {
  try {
    return JSON.parse(readFileSync(join(home, "monitor.json"), "utf8")) as { url: string; pid: number };
  } catch {
    return undefined;
  }
}

async function health(): Promise<Record<string, unknown> | undefined> {
  try {
    const authorization = `Bearer ${readFileSync(join(home, "token"), "utf8").trim()}`;
    const answer = await fetch(`${monitor()?.url}/health`, {
      headers: { authorization },
      signal: AbortSignal.timeout(2000),
    });
    return (await answer.json()) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

let ok = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => (asked = true));
try {
  ok = await soak();
} finally {
  for (const pid of pidsOf(home)) process.kill(pid, "SIGKILL");
  await until(() => pidsOf(home).length === 0, 5000).catch(() => {});
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
process.exitCode = ok ? 0 : 1;
