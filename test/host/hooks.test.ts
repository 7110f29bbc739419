// Our hooks in real sessions of Claude Code: what an independent recorder sees beside them is what the monitor has,
// and the session is what it is without them.

import assert from "node:assert/strict";
import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { getPriority } from "node:os";
import { join } from "node:path";
import { NICENESS } from "../../src/platform/process.ts";
import { BEGINNING, readOn } from "../../src/transcripts/transcript.ts";
import { mpm, pidsOf } from "../world.ts";
import { type Effects, effectsOf, unlike } from "./effects.ts";
import { hostSession, type Scope, type Session } from "./harness.ts";
import { hookSuccesses, hookTroubles, observe } from "./observed.ts";
import { goOffline } from "./offline.ts";
import { recorded } from "./recorder.ts";
import { SCENARIOS } from "./scenarios.ts";

const test = await goOffline();

/** Nothing in them is secret or too long: every payload is kept as it is. */
const PLAIN = [
  "failures",
  "subagents",
  "background",
  "permission",
  "interrupt",
  "compaction",
  "resume",
  "clear",
  "stop-failure",
  "tools",
  "hostile",
  "unicode",
  "long-output",
] as const;
/** The host shows what a hook prints at a compaction, so that it prints nothing. */
const SILENT = new Set(["PreCompact", "PostCompact"]);
const MARK = /\[redacted:|…\[cut: /;

const plain = new Map<string, Promise<Effects>>();

/** What a script's session does without any hooks; it is run once. */
function withoutHooks(scope: Scope, script: string): Promise<Effects> {
  const effects = plain.get(script) ?? hostSession(scope, { script }).then(effectsOf);
  plain.set(script, effects);
  return effects;
}

for (const name of PLAIN) {
  test(`${name}: from a cold start, every event is stored once, in order, as the host gave it`, async (t) => {
    const { place, tape, settled, stored } = await observe(t);
    assert.deepEqual(pidsOf(place.root), []);
    const logs = await SCENARIOS[name]({ scope: t, place, tape });
    await settled();
    assert.deepEqual(logs.flatMap(hookTroubles), []);
    const answered = stored().filter(({ hook_event_name: name }) => !SILENT.has(name));
    assert.equal(answersTaken(...logs), answered.length, "the host took an answer for each");
    assert.deepEqual(
      stored().filter(({ data }) => MARK.test(JSON.stringify(data))),
      [],
    );
  });
}

test("secrets: the store holds none of them, and everything else", async (t) => {
  const { place, tape, mpmHome, settled, stored } = await observe(t);
  const logs = await SCENARIOS.secrets({ scope: t, place, tape });
  await settled();
  assert.deepEqual(logs.flatMap(hookTroubles), []);
  const seen = JSON.stringify(recorded(tape));
  const kept = readdirSync(mpmHome)
    .filter((name) => name.startsWith("monitor.db"))
    .map((name) => readFileSync(join(mpmHome, name), "latin1"))
    .join("");
  const secrets = [
    ["AKIA", "IOSFODNN7EXAMPLE"],
    ["gh", "p_", "abcdefghijklmnopqrstuvwxyz0123456789"],
    ["ey", "JhbGciOiJIUzI1NiJ9.eyJzdWIiOiJkYW5hIn0"],
    ["tide", "pool-pass"],
    ["low-water-42"],
  ].map((pieces) => pieces.join(""));
  for (const secret of secrets) {
    assert.ok(seen.includes(secret), `the session is about ${secret}`);
    assert.ok(!kept.includes(secret), `${secret} is in the store`);
  }
  assert.ok(stored().some(({ data }) => JSON.stringify(data).includes("[redacted:")));
});

test("big: what is too long is cut where it is longest, says so, and is there all the same", async (t) => {
  const { place, tape, settled, stored } = await observe(t);
  const logs = await SCENARIOS.big({ scope: t, place, tape });
  await settled();
  assert.deepEqual(logs.flatMap(hookTroubles), []);
  const cut = stored().filter(({ data }) => JSON.stringify(data).includes("…[cut: "));
  assert.ok(cut.length > 0);
  for (const { data } of cut) assert.ok((data["mpm"] as { cuts: unknown[] }).cuts.length > 0);
});

for (const script of ["tour", "failures", "hostile", "unicode", "secrets"]) {
  test(`${script}: files, output and all that the model is told are the same as without hooks`, async (t) => {
    const { place, settled } = await observe(t);
    const watched = await hostSession(t, { script, place });
    await settled();
    assert.deepEqual(unlike(effectsOf(watched), await withoutHooks(t, script)), []);
    assert.equal(watched.stderr, "");
  });
}

test("what runs beside a session steps back behind it, and is gone an idle period later", async (t) => {
  const { place, settled, ended, stored } = await observe(t, { monitor: { idleMs: 4000 }, relay: { idleMs: 2000 } });
  await hostSession(t, { script: "unicode", place });
  await settled();
  const priorities = pidsOf(place.root).map((pid) => getPriority(pid));
  assert.ok(priorities.length > 0, "a relay and a monitor have run");
  assert.deepEqual(new Set(priorities), new Set([NICENESS]));
  await ended();
  assert.ok(stored().length > 0);
});

test("with no monitor all along, every event waits, and is there once one comes", async (t) => {
  const { place, tape, mpmHome, settled, stored } = await observe(t, { monitor: { autostart: false } });
  const session = await hostSession(t, { script: "tour", place });
  assertUnharmed(session, recorded(tape).length);
  assert.equal(readdirSync(join(mpmHome, "spool")).length, recorded(tape).length);
  assert.deepEqual(stored(), []);
  const started = await mpm(["monitor", "start"], { env: { HOME: place.home, PATH: process.env["PATH"] ?? "" } });
  assert.equal(started.status, 0, started.stderr);
  await settled();
});

for (const [what, home] of [
  ["below a file", (root: string) => join(root, "file/mpm")],
  ["where nothing can be made", () => "/proc/mpm"],
] as const) {
  test(`an MPM_HOME ${what} leaves the session as it is without hooks`, async (t) => {
    const { place, tape } = await observe(t);
    writeFileSync(join(place.root, "file"), "");
    const watched = await hostSession(t, { script: "tour", place, env: { MPM_HOME: home(place.root) } });
    assertUnharmed(watched, recorded(tape).length);
    assert.deepEqual(unlike(effectsOf(watched), await withoutHooks(t, "tour")), []);
    assertNothingKept(watched);
  });
}

test("MPM_DISABLED=1 keeps nothing and starts nothing", async (t) => {
  const { place, tape } = await observe(t);
  const session = await hostSession(t, { script: "tour", place, env: { MPM_DISABLED: "1" } });
  assertUnharmed(session, recorded(tape).length);
  assertNothingKept(session);
});

function answersTaken(...logs: string[]): number {
  return logs.reduce((sum, log) => sum + hookSuccesses(log).taken, 0);
}

/** @param events how many the recorder saw */
function assertUnharmed({ exit, stderr, debugLog }: Session, events: number): void {
  assert.deepEqual({ exit, stderr, troubles: hookTroubles(debugLog) }, { exit: 0, stderr: "", troubles: [] });
  assert.ok(events > 20);
  assert.equal(answersTaken(debugLog), events, "our hook answered each of them");
}

function assertNothingKept({ root, home }: Session): void {
  assert.deepEqual(readdirSync(join(home, ".claude-mpm")), ["config.json"]);
  assert.deepEqual(pidsOf(root), []);
  assert.ok(!existsSync("/proc/mpm"));
}

test("how long our hooks held the host up is read from what it writes down itself, for the alert of that", async (t) => {
  const { place, settled } = await observe(t);
  await hostSession(t, { place, script: "tools" });
  await settled();
  const [transcript = ""] = globSync("*/*.jsonl", { cwd: join(place.home, ".claude/projects") });
  const read = await readOn(join(place.home, ".claude/projects", transcript), BEGINNING);
  const events = new Set(read?.hooks.filter(({ isOurs }) => isOurs).map(({ event }) => event));
  for (const event of ["PreToolUse", "PostToolUse", "Stop"]) assert.ok(events.has(event), `${event} of ${[...events]}`);
  assert.ok(read?.hooks.every(({ ms }) => ms > 0));
});
