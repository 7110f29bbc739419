// npm run soak [-- --minutes N --rate N]: events at a steady rate, with kill -9 of relay and monitor now and then, and
// what each process, the disk and the way of an event cost over time; then rest, and what rest costs.
// - Latency is from the end of a real hook to the commit of its event; that around the kills is told apart.
// - Fails if an event is lost or doubled, if something grows, or if a process is left in the end.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { storeEntry } from "../../src/spool/store.ts";
import { quantile } from "../bench/table.ts";
import { HOOK, isAlive, pidsOf, until } from "../world.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, rate: { type: "string", default: "200" } },
});
const MINUTES = Number(values.minutes);
const RATE = Number(values.rate);
const TICK_MS = 50;
const KILL_EVERY_MS = 30_000;
const SAMPLE_EVERY_MS = 5000;
/** A hook runs this often, and the time from its end until its event is committed is measured. */
const PROBE_EVERY_MS = 250;
const PROBE_POLL_MS = 2;
/** After a kill, how long until figures count again. */
const UNSETTLED_MS = 13_000;
const REST_MS = 30_000;
/** In place of the ten and the thirty minutes of the defaults. */
const IDLE_MS = 60_000;
const CAUGHT_UP_WITHIN_MS = 120_000;
/** What may be larger in the second half than in the first. */
const GROWTH = 1.35;
/** The same of latency, which the rest of the machine has a say in. */
const SLOWER = 2;
const SLOWER_MS = 20;
const SESSIONS = 8;

interface Sample {
  readonly at: number;
  readonly relayMiB: number;
  readonly monitorMiB: number;
  readonly relayFiles: number;
  readonly monitorFiles: number;
  readonly pending: number;
  readonly storeBytesAnEvent: number;
  /** Of the probes since the sample before. */
  readonly p50: number;
  readonly p95: number;
}

/** One hook: when it ended, ms since the start, and how long until its event was in the store. */
interface Probe {
  readonly at: number;
  readonly ms: number;
  /** A process had been killed a moment before, or was while it waited. */
  readonly disturbed: boolean;
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
  const probes: Probe[] = [];
  const probing = new AbortController();
  const probed = probe(probes, start, () => performance.now() - killedAt > UNSETTLED_MS || kills === 0, probing.signal);
  console.log("   s  events  pending  relay MiB files  monitor MiB files  B/event  p50 ms  p95 ms");
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
      // Events go on; a process may be killed meanwhile.
      if (sampledAt - killedAt > UNSETTLED_MS)
        sampling = sampling.then(() => sample(samples, probes, seconds)).catch(() => {});
    }
    await pause(TICK_MS);
  }
  await sampling;
  probing.abort();
  await probed;
  tellLatency(probes);
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
    ...slower(probes),
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

/** Runs hooks, one after the other, and waits for each event to be committed. */
async function probe(probes: Probe[], start: number, isSettled: () => boolean, signal: AbortSignal): Promise<void> {
  let db: DatabaseSync | undefined;
  for (let count = 1; !signal.aborted; count++) {
    const settled = isSettled();
    await hook();
    const ended = performance.now();
    while (!signal.aborted && (committed() ?? 0) < count) await pause(PROBE_POLL_MS);
    if (signal.aborted) break;
    const now = performance.now();
    probes.push({ at: now - start, ms: now - ended, disturbed: !settled || !isSettled() });
    await pause(PROBE_EVERY_MS);
  }
  db?.close();

  /** Hooks' events that are in the store: read beside the monitor, which has nothing to do for it. */
  function committed(): number | undefined {
    try {
      db ??= new DatabaseSync(join(home, "monitor.db"), { readOnly: true });
      const row = db.prepare("SELECT count(*) AS count FROM event WHERE session = 'hooks'").get();
      return (row as { count: number }).count;
    } catch {
      return undefined; // there is none yet
    }
  }
}

const calm = (probes: readonly Probe[]) => probes.filter(({ disturbed }) => !disturbed).map(({ ms }) => ms);

function tellLatency(probes: readonly Probe[]): void {
  const all = calm(probes);
  const figures = [0.5, 0.95, 0.99, 1].map((q) => `${quantile(all, q).toFixed(0)} ms`);
  const worst = Math.max(...probes.map(({ ms }) => ms)).toFixed(0);
  console.log(
    `from the end of a hook to the commit: p50 ${figures[0]}, p95 ${figures[1]}, p99 ${figures[2]}, at most ${figures[3]} of ${all.length}; with the kills ${worst} ms of ${probes.length}`,
  );
}

function slower(probes: readonly Probe[]): string[] {
  const all = calm(probes);
  const [first, second] = [all.slice(0, all.length >> 1), all.slice(all.length >> 1)].map((half) =>
    quantile(half, 0.5),
  );
  const isSlower = (second as number) > (first as number) * SLOWER + SLOWER_MS;
  return isSlower ? [`latency grew from ${first} to ${second} ms`] : [];
}

async function sample(samples: Sample[], probes: readonly Probe[], seconds: number): Promise<void> {
  const [relayPid, address] = [relay(), monitor()];
  const since = (samples.at(-1)?.at ?? 0) * 1000;
  const recent = calm(probes.filter(({ at }) => at >= since));
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
    p50: quantile(recent, 0.5),
    p95: quantile(recent, 0.95),
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
    [one.p50, 8],
    [one.p95, 8],
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
