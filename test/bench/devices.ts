// A team on two cores with everything on them: DEVICES connected machines, two monitors, haproxy, PostgreSQL with fsync.
// - The floor, first, with the monitors idle: what bare clients reach that only insert such rows with the same index.
// - RATE events a second of 2 kB for SECONDS, from all machines; the time of this process, which makes them, is given apart.
// - Where that is more than is taken in time, the highest rate that is: an overloaded run says nothing of how long one waits.
// - Then SLOW_RATE, and how long an event takes from being sent to another person's page.
// - Then the balancer is cut: how long until each machine has had one more event acknowledged.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { io } from "socket.io-client";
import type { Envelope } from "../../src/contract/envelope.ts";
import { LiveRows } from "../../src/contract/live.ts";
import { Backoff } from "../../src/relay/backoff.ts";
import type { Connection } from "../../src/relay/connection.ts";
import { connect } from "../../src/relay/uplink.ts";
import { openPostgres } from "../../src/store/postgres/store.ts";
import { invite, join as joinTeam } from "../../src/team/codes.ts";
import { random } from "../browser/story.ts";
import { startBalancer, startServer } from "../process/store/server.ts";
import { signInBy } from "../process/team/team.ts";
import { envelope } from "../process/trust/monitor.ts";
import { dist, NODE } from "../world.ts";
import { connectBare, insertByBlocks, insertEach } from "./bare.ts";
import { quantile, table } from "./table.ts";

const DEVICES = Number(process.env["DEVICES"] ?? 1000);
const RATE = Number(process.env["RATE"] ?? 2000);
const SLOW_RATE = 200;
const SECONDS = Number(process.env["SECONDS"] ?? 60);
const TEXT_WORDS = 200;
const TEXTS = 5000;
const TICK_MS = 20;
/** What is acknowledged so soon is in time. */
const IN_TIME_MS = 1000;
const TRY_SECONDS = 15;
const MOST_OF_RATE = 1.25;
/** Of the floor. */
const BARE_CLIENTS = 2;
const BARE_GROUP = 250;
const BARE_EVENTS = Number(process.env["BARE_EVENTS"] ?? 30_000);

const run = promisify(execFile);
const pick = random(7);
/** Texts with words of which some are in most and some in few; each event has one of them, and a word of its own. */
const texts = Array.from({ length: TEXTS }, () =>
  Array.from({ length: TEXT_WORDS }, () => `word${Math.floor(pick() ** 2 * 9973)}`).join(" "),
);

const server = await startServer(undefined, ["shared_buffers = 256MB", "max_wal_size = 2GB"]);
const homes: string[] = [];
const monitors: { readonly url: string; readonly pid: number; end(): Promise<void> }[] = [];

async function monitor(name: string): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), `mpm-bench-${name}-`));
  homes.push(home);
  const env = {
    HOME: home,
    PATH: process.env["PATH"] ?? "",
    MPM_HOME: join(home, ".m"),
    MPM_STORE: server.url,
    USER: "ada",
    // As `mpm monitor start` does, and docs/team.md for whoever starts it otherwise.
    NODE_OPTIONS: "--max-semi-space-size=8",
    MALLOC_ARENA_MAX: "1",
  };
  if (monitors.length === 0) {
    const { stdout } = await run(NODE, [dist("cli.js"), "team", "init", "--json"], { env });
    link = String(JSON.parse(stdout).link);
  }
  const child = spawn(NODE, [dist("cli.js"), "monitor", "--port", "0"], { env, stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const { url, pid } = JSON.parse(readFileSync(join(home, ".m/monitor.json"), "utf8"));
  monitors.push({
    url,
    pid,
    async end() {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
    },
  });
}
let link = "";
await monitor("a");
await monitor("b");
const balancer = await startBalancer(
  ["mode http", "balance leastconn", "maxconn 8000"],
  monitors.map(({ url }) => `${new URL(url).host} maxconn 4000`),
);
const url = `http://127.0.0.1:${balancer.port}`;

const opened = await openPostgres({ url: server.url, now: Date.now });
if (!opened.ok) throw new Error(JSON.stringify(opened.reason));
const roster = await opened.value.team.roster();
if (!roster) throw new Error("there is no team");
/** So many join at a time: a store has no more connections. */
const AT_A_TIME = 4;
const tokens: string[] = [];
await Promise.all(
  Array.from({ length: AT_A_TIME }, async (_, lane) => {
    for (let index = lane; index < DEVICES; index += AT_A_TIME) {
      const made = await invite(opened.value.team, roster, { role: "member" }, Date.now());
      if (!made.ok) throw new Error(JSON.stringify(made.reason));
      const { code } = made.value;
      const names = { host: `machine-${index}`, name: `person-${index}` };
      const joined = await joinTeam(opened.value.team, { code, ...names }, Date.now());
      if (!joined.ok) throw new Error(JSON.stringify(joined.reason));
      tokens.push(joined.value.token);
    }
  }),
);
await opened.value.close();

function made(session: string, seq: number): Envelope {
  const data = {
    tool_name: "Bash",
    tool_input: { command: texts[Math.floor(pick() * TEXTS)] },
    tool_response: { stdout: `out ${session} ${seq}` },
    duration_ms: 20,
  };
  return { ...envelope(seq, { session }), hook_event_name: "PostToolUse", timestamp: new Date().toISOString(), data };
}

/** Events a second. */
async function bareRate(insert: typeof insertByBlocks): Promise<number> {
  const events = Array.from({ length: BARE_EVENTS }, (_, index) => made(`bare-${index % DEVICES}`, ++bareMade));
  const start = performance.now();
  await Promise.all(
    bare.map(async (client, lane) => {
      for (let at = lane * BARE_GROUP; at < BARE_EVENTS; at += BARE_GROUP * BARE_CLIENTS)
        await insert(client, events.slice(at, at + BARE_GROUP));
    }),
  );
  return (BARE_EVENTS / (performance.now() - start)) * 1000;
}
let bareMade = 0;
const bare = await connectBare(server.url, BARE_CLIENTS);
const floors = { blocks: await bareRate(insertByBlocks), each: await bareRate(insertEach) };
for (const client of bare) await client.end();

/** A machine: it stays connected, sends what it is given in order, and again what was not acknowledged. */
class Machine {
  readonly #token: string;
  readonly #session: string;
  readonly #queue: { readonly json: string; readonly bytes: number; readonly at: number; readonly id: string }[] = [];
  #connection: Connection | undefined;
  #seq = 0;
  #isSending = false;
  acked = 0;

  constructor(token: string, index: number) {
    this.#token = token;
    this.#session = `bench-${index}`;
  }

  async stay(stop: AbortSignal): Promise<void> {
    let due = Promise.withResolvers<void>();
    const backoff = new Backoff(() => due.resolve());
    while (!stop.aborted) {
      await due.promise;
      const connected = await connect({ url, token: this.#token, local: false }, stop);
      due = Promise.withResolvers<void>();
      if (!connected.ok) {
        backoff.failed();
        continue;
      }
      this.#connection = connected.value;
      backoff.succeeded();
      void this.#send();
      await this.#connection.ended;
      this.#connection = undefined;
      this.#isSending = false;
    }
  }

  get isConnected(): boolean {
    return this.#connection !== undefined;
  }

  give(): string {
    const seq = ++this.#seq;
    const id = `${this.#session}-${seq}`;
    const event = made(this.#session, seq);
    const json = JSON.stringify(event);
    this.#queue.push({ json, bytes: json.length, at: performance.now(), id });
    void this.#send();
    return id;
  }

  async #send(): Promise<void> {
    const connection = this.#connection;
    if (this.#isSending || !connection || this.#queue.length === 0) return;
    this.#isSending = true;
    const batch = this.#queue.slice(0, Math.min(32, connection.window));
    const answered = new Set<number>();
    const all = Promise.withResolvers<void>();
    connection.send(batch, (index, { kind }) => {
      if (kind !== "delivered") return;
      answered.add(index);
      took.push(performance.now() - (batch[index]?.at ?? 0));
      if (answered.size === batch.length) all.resolve();
    });
    await Promise.race([all.promise, connection.ended]);
    if (this.#connection !== connection) return;
    this.#queue.splice(0, answered.size);
    this.acked += answered.size;
    this.#isSending = false;
    void this.#send();
  }
}

let took: number[] = [];
const stop = new AbortController();
const machines = tokens.map((token, index) => new Machine(token, index));
const begun = performance.now();
for (const machine of machines) void machine.stay(stop.signal);
while (machines.some(({ isConnected }) => !isConnected)) await pause(50);
const connectedIn = performance.now() - begun;

const rss = () =>
  monitors.map(({ pid }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);

const TICKS_PER_S = 100;
/** Processor time of a process so far, s; with that of its children, where they are meant. */
function processorTime(pid: number, withChildren = false): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")
      .map(Number);
    const [user = 0, system = 0, childrensUser = 0, childrensSystem = 0] = fields.slice(11, 15);
    return (user + system + (withChildren ? childrensUser + childrensSystem : 0)) / TICKS_PER_S;
  } catch {
    return 0; // gone meanwhile
  }
}
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
const nameOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, "utf8").trim();
/** Processor time of each part so far, s. */
const processorTimes = () => ({
  monitors: monitors.reduce((sum, { pid }) => sum + processorTime(pid), 0),
  database: childrenOf(server.pid).reduce((sum, pid) => sum + processorTime(pid), processorTime(server.pid, true)),
  balancer: childrenOf(process.pid)
    .filter((pid) => nameOf(pid) === "haproxy")
    .reduce((sum, pid) => sum + processorTime(pid), 0),
});
const ackedInAll = () => machines.reduce((sum, { acked }) => sum + acked, 0);

interface Loaded {
  /** Events a second. */
  readonly rate: number;
  /** Of a core, by this process. */
  readonly cpu: number;
  /** Processor time an event, ms. */
  readonly monitors: number;
  readonly database: number;
  readonly balancer: number;
}

/** Gives out events at a rate, for a time; then waits until all are acknowledged. */
async function load(perSecond: number, seconds: number, given?: (id: string) => void): Promise<Loaded> {
  const before = process.cpuUsage();
  const timesBefore = processorTimes();
  const start = performance.now();
  const [acked, all] = [ackedInAll(), perSecond * seconds];
  for (let count = 0; count < all; ) {
    const due = Math.min(all, ((performance.now() - start) / 1000) * perSecond);
    for (; count < due; count++) {
      const id = machines[Math.floor(pick() * machines.length)]?.give();
      if (id !== undefined) given?.(id);
    }
    await pause(TICK_MS);
  }
  while (ackedInAll() - acked < all) await pause(TICK_MS);
  const tookMs = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const times = processorTimes();
  const each = (part: keyof typeof times) => ((times[part] - timesBefore[part]) * 1000) / all;
  return {
    rate: (all / tookMs) * 1000,
    cpu: (user + system) / 1000 / tookMs,
    monitors: each("monitors"),
    database: each("database"),
    balancer: each("balancer"),
  };
}

interface Sustained {
  /** Events a second. */
  readonly rate: number;
  /** ms */
  readonly p95: number;
}

/** The highest rate, to a sixteenth of RATE, at which nineteen of twenty events are acknowledged in time. */
async function sustained(): Promise<Sustained> {
  let good: Sustained = { rate: 0, p95: 0 };
  for (let [rate, bad] = [RATE, RATE * MOST_OF_RATE]; bad - good.rate > RATE / 16; rate = (good.rate + bad) / 2) {
    took = [];
    await load(Math.round(rate), TRY_SECONDS);
    const p95 = quantile(took, 0.95);
    if (p95 <= IN_TIME_MS) good = { rate, p95 };
    else bad = rate;
  }
  return good;
}

const fast = await load(RATE, SECONDS);
const [fastMedian, fastP95] = [quantile(took, 0.5), quantile(took, 0.95)];
const inTime = fastP95 <= IN_TIME_MS ? { rate: RATE, p95: fastP95 } : await sustained();
table(
  `${DEVICES} machines, ${RATE} events/s of 2 kB for ${SECONDS} s, two monitors, haproxy, PostgreSQL 15 with fsync`,
  [
    ["all connected after", connectedIn / 1000, "s"],
    ["bare clients, words by blocks", floors.blocks, "rows/s"],
    ["bare clients, words by events", floors.each, "rows/s"],
    ["acknowledged", fast.rate, "events/s"],
    ["ratio to the first", fast.rate / floors.blocks, "", `to the second ${(fast.rate / floors.each).toFixed(2)}`],
    ["sent to acknowledged, p95", fastP95, "ms", `median ${Math.round(fastMedian)} ms`],
    ["sustained", inTime.rate, "events/s", `acknowledged p95 ${Math.round(inTime.p95)} ms, goal ${IN_TIME_MS}`],
    ["memory of a monitor, the larger", Math.max(...rss()), "MiB"],
    ["processor time an event, monitors", fast.monitors, "ms"],
    ["processor time an event, PostgreSQL", fast.database, "ms"],
    ["processor time an event, haproxy", fast.balancer, "ms"],
    ["made by this process with", fast.cpu, "of a core"],
  ],
);

const cookie = await signInBy(link, url);
const sentAt = new Map<string, number>();
const late: number[] = [];
const page = io(`${url}/live`, { transports: ["websocket"], extraHeaders: { cookie } });
await new Promise((resolve) => page.once("connect", () => resolve(undefined)));
page.emit("subscribe", {});
page.on("rows", (given: unknown) => {
  for (const { id } of LiveRows.parse(given).rows) {
    const at = sentAt.get(id);
    if (at !== undefined) late.push(performance.now() - at);
  }
});
await pause(1000);
took = [];
await load(SLOW_RATE, 20, (id) => sentAt.set(id, performance.now()));
await pause(1000);
page.close();
table(`${SLOW_RATE} events/s`, [
  ["sent to another person's page, p95", quantile(late, 0.95), "ms", `median ${Math.round(quantile(late, 0.5))} ms`],
  ["sent to acknowledged, p95", quantile(took, 0.95), "ms"],
]);

const before = machines.map(({ acked }) => acked);
await balancer.restart();
const cut = performance.now();
for (const machine of machines) machine.give();
while (machines.some(({ acked }, index) => acked === before[index])) await pause(20);
table("The balancer was cut", [
  ["until each machine had one more event acknowledged", (performance.now() - cut) / 1000, "s"],
]);

stop.abort();
for (const each of monitors) await each.end();
await balancer.close();
await server.close();
for (const home of homes) rmSync(home, { recursive: true, force: true });
process.exit(0);
