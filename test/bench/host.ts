// What hooks add to a real session of Claude Code: forty tool calls, 125 events, the model scripted.
// - Rounds of one session each: without hooks, with the smallest script that stores stdin (the floor), with our hook and
//   nothing behind it, with ours while relay and monitor run, and with ours while neither does. Interleaved, in random order.
// - Whatever else the machine does only adds to a time: of each contender's rounds the least counts. What hooks add is
//   that, less the session without hooks. The medians stand beside it.
// - Beside it, the median of what the host's own log says of each call of a hook.

import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { hostSession, newPlace, type Place, type Scope } from "../host/harness.ts";
import { observe, ourSettings } from "../host/observed.ts";
import { goOffline } from "../host/offline.ts";
import { writeSettings } from "../host/recorder.ts";
import { HOOK, run, until } from "../world.ts";
import { median, type Row, table } from "./table.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 3);
const SCRIPT = "forty";
const GOAL = 1.15;
const FLOOR = `#!/bin/sh\ncat >"\${0%/*}/spool/$$"\n`;

type Stage = (scope: Scope) => Promise<Place>;

const CONTENDERS: Record<"none" | "floor" | "alone" | "warm" | "async" | "cold", Stage> = {
  none: newPlace,
  async floor(scope) {
    const place = await newPlace(scope);
    mkdirSync(join(place.root, "spool"));
    const script = join(place.root, "floor.sh");
    writeFileSync(script, FLOOR);
    chmodSync(script, 0o755);
    writeSettings(place.home, JSON.parse(JSON.stringify(ourSettings()).replaceAll(HOOK, script)));
    return place;
  },
  async alone(scope) {
    const { place } = await unobserved(scope);
    mkdirSync(join(place.home, ".claude-mpm/spool"), { mode: 0o700 });
    symlinkSync("/proc/self", join(place.home, ".claude-mpm/relay.alive")); // as if a relay ran
    return place;
  },
  warm: (scope) => running(scope, ourSettings()),
  async: (scope) => running(scope, withAsync(ourSettings())),
  cold: async (scope) => (await unobserved(scope)).place,
};
type Name = keyof typeof CONTENDERS;

/** Relay and monitor run, and the settings are these. */
async function running(scope: Scope, settings: ReturnType<typeof ourSettings>): Promise<Place> {
  const { place, stored } = await unobserved(scope);
  writeSettings(place.home, settings);
  const event = JSON.stringify({ session_id: "before", hook_event_name: "Stop" });
  await run(HOOK, ["Stop"], { env: { HOME: place.home, PATH: process.env["PATH"] ?? "" }, input: event });
  await until(() => stored().length === 1, 20_000, "relay and monitor");
  return place;
}

const ASYNC = ["PreToolUse", "PostToolUse", "PostToolBatch"];

/** The same hooks, those around tools in the background of the host: what decisions/hooks-synchronous.md weighs. */
function withAsync(settings: ReturnType<typeof ourSettings>): ReturnType<typeof ourSettings> {
  const copy = structuredClone(settings);
  for (const name of ASYNC)
    for (const group of copy.hooks[name] ?? []) for (const hook of group.hooks) Object.assign(hook, { async: true });
  return copy;
}

/** Our hooks alone. */
async function unobserved(scope: Scope) {
  const observed = await observe(scope);
  writeSettings(observed.place.home, ourSettings());
  return observed;
}

interface Times {
  /** Start to exit, seconds. */
  readonly wall: number[];
  /** Each call of a hook, as the host's debug log has it, ms. */
  readonly calls: number[];
  /** Events in the store once the spool is empty, for contenders that have one. */
  readonly stored: number[];
}

async function session(name: Name): Promise<{ wall: number; calls: number[]; stored: number | undefined }> {
  const releases: Parameters<Scope["after"]>[0][] = [];
  const scope: Scope = { after: (release) => void releases.push(release) };
  try {
    const place = await CONTENDERS[name](scope);
    const { exit, wallMs, stderr, debugLog } = await hostSession(scope, { script: SCRIPT, place });
    if (exit !== 0 || stderr !== "") throw new Error(`${name}: the session ended with ${exit}: ${stderr}`);
    const calls = [...debugLog.matchAll(/finished with status 0 \((\d+)ms\)/g)].map(([, ms]) => Number(ms));
    return { wall: wallMs / 1000, calls, stored: await storedIn(join(place.home, ".claude-mpm")) };
  } finally {
    for (const release of releases.reverse()) await release();
  }
}

/** How many events of the session are in the store; undefined where nothing stores. */
async function storedIn(home: string): Promise<number | undefined> {
  if (!existsSync(join(home, "monitor.db"))) return undefined;
  await until(() => readdirSync(join(home, "spool")).length === 0, 60_000, "an empty spool");
  const db = new DatabaseSync(join(home, "monitor.db"), { readOnly: true });
  const row = db.prepare("SELECT count(*) AS count FROM event WHERE session <> 'before'").get();
  db.close();
  return Number(row?.["count"]);
}

await goOffline();
/** CONTENDERS=none,warm,async races only those. */
const chosen = process.env["CONTENDERS"]?.split(",");
const names = (Object.keys(CONTENDERS) as Name[]).filter((name) => chosen?.includes(name) ?? true);
const times = Object.fromEntries(
  names.map((name): [string, Times] => [name, { wall: [], calls: [], stored: [] }]),
) as Record<Name, Times>;
for (let round = 0; round <= ROUNDS; round++) {
  for (const name of names.toSorted(() => Math.random() - 0.5)) {
    const { wall, calls, stored } = await session(name);
    if (round === 0) continue; // the first fills the disk's cache
    if (stored !== undefined) times[name].stored.push(stored);
    times[name].wall.push(wall);
    times[name].calls.push(...calls);
  }
}
const least = (name: Name): number => Math.min(...times[name].wall);
const adds = (name: Name): number => least(name) - least("none");
const addsMedian = (name: Name): number => median(times[name].wall) - median(times.none.wall);
const against = (name: Name): string =>
  `${(adds(name) / adds("floor")).toFixed(2)} of what the floor adds (goal ${GOAL})`;
const what: Record<Exclude<Name, "none">, string> = {
  floor: "the floor adds",
  alone: "our hook alone adds, nothing reading its spool",
  warm: "ours add, relay and monitor running",
  async: "the same, those around tools asynchronous",
  cold: "ours add, and start relay and monitor",
};
const rows: Row[] = [["session without hooks", least("none"), "s", `median ${median(times.none.wall).toFixed(2)}`]];
for (const name of names) {
  if (name === "none") continue;
  const stored = times[name].stored;
  const events = stored.length === 0 ? "" : `; ${Math.min(...stored)} to ${Math.max(...stored)} events stored`;
  const ratio = name === "floor" || !names.includes("floor") ? "" : `${against(name)}; `;
  rows.push([what[name], adds(name), "s", `${ratio}median ${addsMedian(name).toFixed(2)}${events}`]);
}
for (const name of ["floor", "warm", "async"] as const)
  if (names.includes(name)) rows.push([`a call of ${name}, as the host sees it`, median(times[name].calls), "ms"]);
table(`Real session of forty tool calls, least of ${ROUNDS} interleaved rounds`, rows, "time");
