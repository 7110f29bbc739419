// How quickly events get from the spool into the store, and what the relay needs for it: `node test/bench/relay.ts`, or one part
// of it behind that: drain, warm, cold.
// - Real processes: dist/relay.js, started as the hook starts it, and dist/monitor.js, which the relay starts.
// - Memory is the kernel's own peak (VmHWM) of the relay.
// - The machine is shared: a backlog is drained by bare-backlog.ts before and after, too, which does what cannot be left out.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";
import type { EventRow } from "../../src/contract/row.ts";
import { fill } from "../unit/relay/fill.ts";
import { dist, HOOK, killThoseOf, NODE, until } from "../world.ts";
import { median, quantile, type Row, table } from "./table.ts";

const BACKLOG = Number(process.env["EVENTS"] ?? 50_000);
const EVENT_BYTES = 2000;
const SESSIONS = 20;
const WARM_EVENTS = 200;
const COLD_STARTS = 7;
const TRICKLE_EVENTS = 120;
const TRICKLE_EVERY_MS = 250;
const FLAGS = ["--max-semi-space-size=8"]; // as hooks/mpm-node has them

interface Home {
  readonly dir: string;
  readonly env: Record<string, string>;
}

async function withHome<T>(work: (home: Home) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "mpm-bench-"));
  mkdirSync(join(dir, "spool"), { mode: 0o700 });
  writeFileSync(join(dir, "config.json"), '{"monitor":{"port":0}}');
  try {
    return await work({ dir, env: { HOME: dir, PATH: "/usr/local/bin:/usr/bin:/bin", MPM_HOME: dir } });
  } finally {
    await killThoseOf(dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Text as tools give it: words and lines, not one letter over and over, which an index would have for nothing. */
function words(index: number, bytes: number): string {
  const parts: string[] = [];
  for (let length = 0, at = index * 7919; length < bytes; at = (at * 1_103_515_245 + 12_345) % 2 ** 31) {
    const word = at % 5 === 0 ? `src/part-${at % 997}/file-${at % 89}.ts` : `word${at % 4999}`;
    parts.push(word);
    length += word.length + 1;
  }
  return parts.join(" ").slice(0, bytes);
}

const payload = (index: number) => ({
  cwd: "/home/user/project",
  transcript_path: "/home/user/.claude/projects/project/session.jsonl",
  tool_input: { command: `npm test -- file-${index}`, description: "Run the tests" },
  tool_response: { stdout: words(index, EVENT_BYTES - 500), stderr: "", interrupted: false },
  duration_ms: index % 1000,
});

const peakMiB = (pid: number) =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
const TICKS_A_SECOND = 100;
/** Processor time of a process so far, seconds. */
const processorSeconds = (pid: number) => {
  const [utime, stime] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ").slice(11, 13) ?? [];
  return (Number(utime) + Number(stime)) / TICKS_A_SECOND;
};
/** The same of all its threads, as its scheduler counts them: nanoseconds, but without those that have ended. */
const threadSeconds = (pid: number) =>
  readdirSync(`/proc/${pid}/task`)
    .map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]))
    .reduce((sum, nanoseconds) => sum + nanoseconds / 1e9, 0);
const program = ({ env }: Home, name: string): ChildProcess =>
  spawn(NODE, [...FLAGS, dist(`${name}.js`)], { env, stdio: "ignore" });
const pending = ({ dir }: Home) => readdirSync(join(dir, "spool")).length;

/** Of an event, microseconds of processor time; and how many are drained in a second. */
interface Drained {
  readonly relay: number;
  readonly monitor: number;
  readonly perSecond: number;
}

/** The same backlog, drained by programs that do what cannot be left out, and nothing else. */
function drainBare(): Promise<Drained> {
  return withHome(async (home) => {
    fill(home.dir, BACKLOG, { sessions: SESSIONS, payload });
    const bare = (...args: string[]) =>
      spawn(NODE, [...FLAGS, join(import.meta.dirname, "bare-backlog.ts"), ...args], {
        env: home.env,
        stdio: ["ignore", "pipe", "inherit"],
      });
    const monitor = bare("monitor", join(home.dir, "monitor.db"));
    const lines = createInterface({ input: monitor.stdout })[Symbol.asyncIterator]();
    const { value: url } = await lines.next();
    const begun = performance.now();
    const relay = bare("relay", join(home.dir, "spool"), String(url));
    const relayUsed = Number(await text(relay.stdout));
    const perSecond = BACKLOG / ((performance.now() - begun) / 1000);
    monitor.kill("SIGTERM");
    const { value: monitorUsed } = await lines.next();
    return { relay: relayUsed, monitor: Number(monitorUsed), perSecond };
  });
}

const BARE = "a program that does what cannot be left out";

/** A backlog is drained into a store that is empty, between two that are drained by who does the least. */
async function drain(): Promise<Row[]> {
  const before = await drainBare();
  const ours = await drainOurs();
  const after = await drainBare();
  const floor = (of: keyof Drained) => (before[of] + after[of]) / 2;
  const beside = (of: keyof Drained, unit: string) =>
    `${(ours[of] / floor(of)).toFixed(2)} of ${floor(of).toFixed(0)} ${unit}, ${BARE}`;
  return [
    [
      `${BACKLOG} events of 2 kB, from the start of the relay`,
      ours.perSecond,
      "events/s",
      `goal 8000; ${beside("perSecond", "events/s")}`,
    ],
    ["the same, processor time of the relay", ours.relay, "µs/event", `goal 110; ${beside("relay", "µs")}`],
    ["the same, processor time of the monitor", ours.monitor, "µs/event", `goal 100; ${beside("monitor", "µs")}`],
    [
      "relay, peak of its memory",
      ours.peak,
      "MiB",
      `goal 110; ${ours.middle.toFixed(0)} when half of the time was over`,
    ],
    ["monitor, peak of its memory", ours.monitorPeak, "MiB", ""],
  ];
}

interface Ours extends Drained {
  /** MiB: the relay's peak, the same when half of the time was over, the monitor's. */
  readonly peak: number;
  readonly middle: number;
  readonly monitorPeak: number;
}

function drainOurs(): Promise<Ours> {
  return withHome(async (home) => {
    fill(home.dir, BACKLOG, { sessions: SESSIONS, payload });
    // Looked for instead of counting: listing a large directory over and over would be half of what is measured.
    const newest = readdirSync(join(home.dir, "spool")).reduce((a, b) =>
      Number.parseFloat(a) > Number.parseFloat(b) ? a : b,
    );
    const monitor = program(home, "monitor");
    await until(() => existsSync(join(home.dir, "monitor.json")), 20_000, "the monitor");
    const begun = performance.now();
    const relay = program(home, "relay");
    let peak = 0;
    let used = 0;
    const half: number[] = [];
    await until(
      () => {
        if (relay.pid !== undefined && relay.exitCode === null && existsSync(join(home.dir, "relay.alive"))) {
          peak = peakMiB(relay.pid);
          used = processorSeconds(relay.pid);
        }
        half.push(peak);
        return !existsSync(join(home.dir, "spool", newest)) && pending(home) === 0;
      },
      600_000,
      "an empty spool",
    );
    const seconds = (performance.now() - begun) / 1000;
    const monitorPeak = peakMiB(monitor.pid as number);
    const monitorUsed = processorSeconds(monitor.pid as number);
    const db = new DatabaseSync(join(home.dir, "monitor.db"), { readOnly: true });
    const { count } = db.prepare("SELECT count(*) AS count FROM event").get() as { count: number };
    db.close();
    if (count !== BACKLOG) throw new Error(`${count} of ${BACKLOG} events are stored`);
    return {
      perSecond: BACKLOG / seconds,
      relay: (used / BACKLOG) * 1e6,
      monitor: (monitorUsed / BACKLOG) * 1e6,
      peak,
      middle: half[Math.floor(half.length / 2)] ?? Number.NaN,
      monitorPeak,
    };
  });
}

const EVENT = (index: number) =>
  `${JSON.stringify({ hook_event_name: "PostToolUse", session_id: "bench", tool_name: "Bash", tool_use_id: `t${index}`, ...payload(index), index })}\n`;

/** From the hook's exit until a client of /live is told of the commit. */
function warm(): Promise<Row[]> {
  return withHome(async (home) => {
    program(home, "monitor");
    await until(() => existsSync(join(home.dir, "monitor.json")), 20_000, "the monitor");
    program(home, "relay");
    await until(() => existsSync(join(home.dir, "relay.alive")), 20_000, "the relay");
    const { url } = JSON.parse(readFileSync(join(home.dir, "monitor.json"), "utf8")) as { url: string };
    const token = readFileSync(join(home.dir, "token"), "utf8").trim();
    const live = io(`${url}/live`, { auth: { token }, transports: ["websocket"] });
    const arrived: number[] = [];
    live.on("rows", ({ rows }: { rows: EventRow[] }) => {
      const now = performance.now();
      for (const { seq } of rows) arrived[seq - 1] = now;
    });
    await new Promise<void>((resolve) => live.once("connect", () => resolve()));
    await live.emitWithAck("subscribe", {});
    const times: number[] = [];
    for (let index = 0; index < WARM_EVENTS + 20; index++) {
      const hook = spawn(HOOK, ["PostToolUse"], { env: home.env, stdio: ["pipe", "ignore", "ignore"] });
      const exit = once(hook, "exit");
      hook.stdin.end(EVENT(index));
      await exit;
      const left = performance.now();
      await until(() => arrived[index] !== undefined, 20_000, "the commit");
      if (index >= 20) times.push(Math.max(0, (arrived[index] as number) - left));
      await new Promise((wake) => setTimeout(wake, 20 + (index % 7) * 10));
    }
    live.close();
    return [
      ["warm: hook's exit to committed, median", median(times), "ms", ""],
      ["warm: hook's exit to committed, p95", quantile(times, 0.95), "ms", "goal 50"],
    ];
  });
}

/** What an event takes of relay and monitor where few come and nobody looks: ms of processor time. */
function trickle(): Promise<Row[]> {
  return withHome(async (home) => {
    const monitor = program(home, "monitor");
    await until(() => existsSync(join(home.dir, "monitor.json")), 20_000, "the monitor");
    const relay = program(home, "relay");
    const send = async (from: number, count: number): Promise<void> => {
      for (let index = from; index < from + count; index++) {
        spawnSync(HOOK, ["PostToolUse"], { env: home.env, input: EVENT(index) });
        await new Promise((wake) => setTimeout(wake, TRICKLE_EVERY_MS));
      }
      await until(() => pending(home) === 0, 20_000, "an empty spool");
    };
    await send(0, TRICKLE_EVENTS / 4); // until both are warm
    const used = () => [relay, monitor].map(({ pid }) => threadSeconds(pid as number) * 1000);
    const before = used();
    await send(TRICKLE_EVENTS, TRICKLE_EVENTS);
    const [ofRelay = 0, ofMonitor = 0] = used().map((now, index) => (now - (before[index] ?? 0)) / TRICKLE_EVENTS);
    const each = `relay ${ofRelay.toFixed(2)}, monitor ${ofMonitor.toFixed(2)} ms; goal 1.4`;
    return [
      [
        `${1000 / TRICKLE_EVERY_MS} events a second, nobody looks: processor time`,
        ofRelay + ofMonitor,
        "ms/event",
        each,
      ],
    ];
  });
}

/** From the hook's exit until the event is in the store, with neither relay nor monitor running. */
async function cold(): Promise<Row[]> {
  const times: number[] = [];
  for (let round = 0; round < COLD_STARTS; round++)
    times.push(
      await withHome(async (home) => {
        spawnSync(HOOK, ["PostToolUse"], { env: home.env, input: EVENT(0) });
        const left = performance.now();
        await until(() => pending(home) === 0, 30_000, "the commit");
        return performance.now() - left;
      }),
    );
  return [
    ["cold: neither relay nor monitor, hook's exit to acknowledged, median", median(times), "ms", ""],
    ["the same, slowest", Math.max(...times), "ms", `of ${COLD_STARTS}; goal 1500`],
  ];
}

/** What `npm run bench` prints of relay and monitor. */
export async function relayRows(): Promise<Row[]> {
  return [...(await drain()), ...(await trickle()), ...(await warm()), ...(await cold())];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const one = { drain, trickle, warm, cold }[process.argv[2] ?? ""];
  table("Relay and monitor", one ? await one() : await relayRows());
  process.exit(0);
}
