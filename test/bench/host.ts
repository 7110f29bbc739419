// What hooks add to a real session of Claude Code: forty tool calls, 125 events, the model scripted.
// - Rounds of one session each: without hooks, with the smallest script that stores stdin (the floor), with our hook and
//   nothing behind it, with ours while relay and monitor run, and with ours while neither does. Interleaved, in random order.
// - Whatever else the machine does only adds to a time: of each contender's rounds the least counts. What hooks add is
//   that, less the session without hooks.
// - Beside it, the median of what the host's own log says of each call of a hook.

import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostSession, newPlace, type Place, type Scope } from "../host/harness.ts";
import { observe, ourSettings } from "../host/observed.ts";
import { goOffline } from "../host/offline.ts";
import { writeSettings } from "../host/recorder.ts";
import { HOOK, run, until } from "../world.ts";
import { median, table } from "./table.ts";

const ROUNDS = Number(process.env["ROUNDS"] ?? 3);
const SCRIPT = "forty";
const GOAL = 1.2;
const FLOOR = `#!/bin/sh\ncat >"\${0%/*}/spool/$$"\n`;

type Stage = (scope: Scope) => Promise<Place>;

const CONTENDERS: Record<"none" | "floor" | "alone" | "warm" | "cold", Stage> = {
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
  async warm(scope) {
    const { place, stored } = await unobserved(scope);
    const event = JSON.stringify({ session_id: "before", hook_event_name: "Stop" });
    await run(HOOK, ["Stop"], { env: { HOME: place.home, PATH: process.env["PATH"] ?? "" }, input: event });
    await until(() => stored().length === 1, 20_000, "relay and monitor");
    return place;
  },
  cold: async (scope) => (await unobserved(scope)).place,
};
type Name = keyof typeof CONTENDERS;

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
}

async function session(name: Name): Promise<{ wall: number; calls: number[] }> {
  const releases: Parameters<Scope["after"]>[0][] = [];
  const scope: Scope = { after: (release) => void releases.push(release) };
  try {
    const place = await CONTENDERS[name](scope);
    const { exit, wallMs, stderr, debugLog } = await hostSession(scope, { script: SCRIPT, place });
    if (exit !== 0 || stderr !== "") throw new Error(`${name}: the session ended with ${exit}: ${stderr}`);
    const calls = [...debugLog.matchAll(/finished with status 0 \((\d+)ms\)/g)].map(([, ms]) => Number(ms));
    return { wall: wallMs / 1000, calls };
  } finally {
    for (const release of releases.reverse()) await release();
  }
}

await goOffline();
const names = Object.keys(CONTENDERS) as Name[];
const times = Object.fromEntries(names.map((name): [string, Times] => [name, { wall: [], calls: [] }])) as Record<
  Name,
  Times
>;
for (let round = 0; round <= ROUNDS; round++) {
  for (const name of names.toSorted(() => Math.random() - 0.5)) {
    const { wall, calls } = await session(name);
    if (round === 0) continue; // the first fills the disk's cache
    times[name].wall.push(wall);
    times[name].calls.push(...calls);
  }
}
const least = (name: Name): number => Math.min(...times[name].wall);
const adds = (name: Name): number => least(name) - least("none");
const against = (name: Name): string =>
  `${(adds(name) / adds("floor")).toFixed(2)} of what the floor adds (goal ${GOAL})`;
table(
  `Real session of forty tool calls, least of ${ROUNDS} interleaved rounds`,
  [
    ["session without hooks", least("none"), "s"],
    ["the floor adds", adds("floor"), "s", "`cat >file` in sh, 125 times"],
    ["our hook alone adds, nothing reading its spool", adds("alone"), "s", against("alone")],
    ["ours add, relay and monitor running", adds("warm"), "s", against("warm")],
    ["ours add, and start relay and monitor", adds("cold"), "s", against("cold")],
    ["a call of the floor, as the host sees it", median(times.floor.calls), "ms"],
    ["a call of ours, relay and monitor running", median(times.warm.calls), "ms"],
  ],
  "time",
);
