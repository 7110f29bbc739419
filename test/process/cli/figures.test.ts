// mpm sessions and mpm cost: what is stored, in tables that fit and as JSON.

import assert from "node:assert/strict";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { mpm, tempWorld } from "../../world.ts";
import { T0, Transcript } from "../transcripts/transcript.ts";

const DAY_MS = 86_400_000;
const SINCE = new Date(T0 - DAY_MS).toISOString();
const MILLION = 1_000_000;

/** A monitor that has taken two sessions in: one priced, one by a model that has no price. */
async function imported(t: TestContext) {
  const { env, home } = tempWorld(t);
  for (const [name, model, input] of [
    ["priced-1-of-two", "us.anthropic.claude-opus-4-5-v1:0", MILLION / 10],
    ["unknown-1", "glm-4.6", 50],
  ] as const) {
    const file = new Transcript(name)
      .prompt(`This is ${name}.`)
      .says("Done.", { model, usage: { input_tokens: input, output_tokens: 0 } })
      .write(join(home, ".claude"));
    utimesSync(file, new Date(T0 + DAY_MS), new Date(T0 + DAY_MS));
  }
  const config = join(env["MPM_HOME"] ?? join(home, ".claude-mpm"), "config.json");
  mkdirSync(dirname(config), { recursive: true, mode: 0o700 });
  writeFileSync(config, JSON.stringify({ monitor: { port: 0, retentionMs: 4000 * DAY_MS } }));
  t.after(() => mpm(["monitor", "stop"], { env }));
  assert.equal((await mpm(["import"], { env })).status, 0);
  return (...args: string[]) => mpm(args, { env });
}

test("sessions are listed with what was asked first, and as JSON, one a line", async (t) => {
  const run = await imported(t);
  const { stdout } = await run("sessions");
  assert.match(stdout, /when +id +state +project +turns +what/);
  assert.match(stdout, /priced-1 +ended +pier +1 +This is priced-1-of-two\./);
  const lines = (await run("sessions", "--json", "--q", "unknown")).stdout.trim().split("\n");
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).id),
    ["unknown-1"],
  );
  const none = await run("sessions", "--project", "quay");
  assert.deepEqual([none.status, none.stdout], [0, ""]);
  assert.match(none.stderr, /no session matches/);
});

test("a session of before says what went in circles: in the table, and with its events in JSON", async (t) => {
  const { env, home } = tempWorld(t);
  const told = new Transcript("loops-1").prompt("Flash the buoy");
  for (let index = 0; index < 4; index++) {
    told.calls(`c${index}`, "Bash", { command: "make flash" });
    told.result(`c${index}`, "Exit code 2\nno device", true);
  }
  const file = told.says("It did not work.").write(join(home, ".claude"));
  utimesSync(file, new Date(T0 + DAY_MS), new Date(T0 + DAY_MS));
  mkdirSync(join(home, ".claude-mpm"), { recursive: true, mode: 0o700 });
  writeFileSync(
    join(home, ".claude-mpm/config.json"),
    JSON.stringify({ monitor: { port: 0, retentionMs: 4000 * DAY_MS } }),
  );
  t.after(() => mpm(["monitor", "stop"], { env }));
  assert.equal((await mpm(["import"], { env })).status, 0);
  assert.match((await mpm(["sessions"], { env })).stdout, /\(failed 4 times the same way\) Flash the buoy/);
  assert.match((await mpm(["sessions", "--signals"], { env })).stdout, /Flash the buoy/);
  assert.match((await mpm(["sessions", "--signals", "--q", "fog"], { env })).stderr, /no session matches/);
  const { signals } = JSON.parse((await mpm(["sessions", "--json"], { env })).stdout);
  assert.deepEqual(
    signals.map((signal: { code: string; count: number; text: string; evidence: string[] }) => [
      signal.code,
      signal.count,
      signal.text,
      signal.evidence.length,
    ]),
    [["repeated_failure", 4, "make flash", 4]],
  );
});

test("cost is summed by day, project, model and session; a model without a price is named", async (t) => {
  const run = await imported(t);
  const json = JSON.parse((await run("cost", "--json", "--since", SINCE, "--by", "model")).stdout);
  assert.deepEqual(json.lines, [{ name: "us.anthropic.claude-opus-4-5-v1:0", cost: 0.5 }]);
  assert.deepEqual([json.total, json.unpriced], [0.5, ["glm-4.6"]]);
  const { stdout, stderr } = await run("cost", "--since", SINCE, "--by", "session");
  assert.match(stdout, /^priced-1 +\$0\.50\ntotal +\$0\.50\n/);
  assert.match(stderr, /no price is known for glm-4\.6/);
  const bySession = JSON.parse((await run("cost", "--json", "--since", SINCE, "--by", "session")).stdout);
  assert.deepEqual(bySession.lines, [{ name: "priced-1-of-two", cost: 0.5 }]);
  assert.match((await run("cost", "--since", SINCE)).stdout, /^2026-09-0[345] +\$0\.50\n/);
  assert.match((await run("cost", "--since", SINCE, "--by", "project")).stdout, /^\/home\/dana\/code\/pier +\$0\.50\n/);
});
