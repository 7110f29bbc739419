// The command line as people and scripts meet it: what it prints, where, and with which exit status.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { storeEntry } from "../../../src/spool/store.ts";
import { dist, freePort, HOOK, killThoseOf, mpm, NODE, run, start, tempWorld, until } from "../../world.ts";

/** A home whose monitor takes any free port, with a monitor running and events stored. */
async function withEvents(t: TestContext, payloads: readonly Record<string, unknown>[]) {
  const world = tempWorld(t);
  mkdirSync(world.mpmHome, { mode: 0o700 });
  writeFileSync(join(world.mpmHome, "config.json"), '{"monitor":{"port":0}}');
  for (const payload of payloads)
    await run(HOOK, [String(payload["hook_event_name"])], { env: world.env, input: JSON.stringify(payload) });
  const spool = join(world.mpmHome, "spool");
  await until(() => existsSync(spool) && readdirSync(spool).length === 0, 30_000, "the delivery");
  return world;
}

test("an unknown verb or option is status 2, says so on stderr, and points on", async (t) => {
  const { env } = tempWorld(t);
  for (const [args, said] of [
    [["statsu"], /there is no verb "statsu"\. Did you mean `mpm status`\?/],
    [["team", "invite", "--role", "boss"], /expected member, viewer or admin, .*`mpm team invite --help` shows/],
    [["status", "--jsn"], /--jsn\. Did you mean --json\? `mpm status --help` shows how it is used\./],
    [["events", "--limit", "none"], /--limit: expected a whole number from 1, received "none"/],
    [["events", "--since", "soon"], /--since: expected an ISO time/],
    [[], /^$/],
  ] as const) {
    const { status, stderr } = await mpm(args, { env });
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, said);
  }
});

test("without anything running, status says so, and no file is made", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  // Whoever works on this has a monitor of their own at the usual port.
  const { status, stdout } = await mpm(["status"], { env: { ...env, MPM_MONITOR_PORT: `${await freePort()}` } });
  assert.equal(status, 0);
  assert.match(stdout, /relay +○ not running/);
  assert.match(stdout, /monitor +○ not running/);
  assert.match(stdout, /spool +● empty/);
  assert.equal(existsSync(mpmHome), false);
});

test("status for programs has what other tools rely on", async (t) => {
  const { env } = await withEvents(t, [{ hook_event_name: "Stop", session_id: "s" }]);
  await until(async () => {
    const status = JSON.parse((await mpm(["status", "--json"], { env })).stdout);
    return status.monitor.events === 1 && status.relay.counters?.forwarded === 1;
  });
  const status = JSON.parse((await mpm(["status", "--json"], { env })).stdout);
  assert.equal(status.relay.running, true);
  assert.equal(status.relay.connected, true);
  assert.equal(typeof status.relay.pid, "number");
  assert.match(status.monitor.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(status.monitor.running, true);
  assert.deepEqual([status.spool.pending, status.spool.bytes, status.rejected], [0, 0, 0]);
});

test("status never says that everything is delivered beside figures that are older", async (t) => {
  const { env, mpmHome } = await withEvents(t, [{ hook_event_name: "Stop", session_id: "s" }]);
  const late = { received: 1, forwarded: 0, repeated: 0, rejected: 0, cut: 0, dropped: 0 };
  let stdout = "";
  // A relay on a busy machine says its figures later than status waits for them; until then they bear their time.
  await until(async () => {
    ({ stdout } = await mpm(["status"], { env }));
    assert.match(stdout, /so far +(1 delivered and none dropped|.*, as counted at \S+)$/m);
    return !stdout.includes("as counted at");
  });
  assert.match(stdout, /spool +● empty: everything is delivered/);
  assert.match(stdout, /so far +1 delivered and none dropped$/m);
  // A relay that was killed between the delivery and its last word.
  await killThoseOf(mpmHome);
  const file = join(mpmHome, "relay.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), counters: late }));
  assert.match(
    (await mpm(["status"], { env })).stdout,
    /so far +0 delivered and none dropped, as counted at \d\d:\d\d:\d\d$/m,
  );
});

test("what was rejected and removed since is lost, and status 1", async (t) => {
  const { env, mpmHome } = await withEvents(t, [{ hook_event_name: "Stop", session_id: "s" }]);
  assert.equal((await mpm(["status"], { env })).status, 0);
  await killThoseOf(mpmHome);
  const file = join(mpmHome, "relay.json");
  const said = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...said, counters: { ...said.counters, discarded: 3 } }));
  const { status, stdout } = await mpm(["status"], { env });
  assert.match(stdout, /3 rejected and removed since/);
  assert.equal(status, 1);
});

test("a spool in which no event can be stored is no empty one: status and doctor say what to do", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(mpmHome, { mode: 0o700 });
  const spool = join(mpmHome, "spool");
  for (const [put, said] of [
    [() => symlinkSync("/nowhere", spool), /is a link to \/nowhere, which is not there/],
    [() => writeFileSync(spool, ""), /is no directory\. Move it away/],
  ] as const) {
    rmSync(spool, { force: true });
    put();
    const { status, stdout } = await mpm(["status"], { env: { ...env, MPM_MONITOR_PORT: `${await freePort()}` } });
    assert.match(stdout, /spool +● no event can be stored: /);
    assert.match(stdout, said);
    assert.equal(status, 1);
    assert.match((await mpm(["doctor"], { env })).stdout, said);
  }
});

test("a relay that cannot start is said with its reason while events wait for it", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(join(mpmHome, "relay.db"), { recursive: true, mode: 0o700 });
  const quiet = { ...env, MPM_MONITOR_PORT: `${await freePort()}` };
  storeEntry(join(mpmHome, "spool"), { event: "Stop", parentPid: 1 }, '{"session_id":"s"}');
  assert.notEqual((await run(NODE, [dist("relay.js")], { env: quiet })).status, 0);
  const { status, stdout } = await mpm(["status"], { env: quiet });
  assert.match(stdout, /relay +● cannot start: unable to open database file\. relay\.log says more/);
  assert.equal(status, 1);
  assert.match((await mpm(["doctor"], { env: quiet })).stdout, /relay +it cannot start: unable to open database file/);
});

test("what waits and what is rejected is status 1, with how to go on", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(join(mpmHome, "rejected"), { recursive: true });
  writeFileSync(join(mpmHome, "rejected/1.00-1"), "x");
  writeFileSync(join(mpmHome, "rejected/1.00-1.reason.json"), "{}");
  storeEntry(join(mpmHome, "spool"), { event: "Stop", parentPid: 1 }, '{"session_id":"s"}');
  const { status, stdout } = await mpm(["status"], { env });
  assert.equal(status, 1);
  assert.match(stdout, /spool +○ 1 waiting \(\d+ B\), the oldest/);
  assert.match(stdout, /rejected +● 1 in .*`mpm replay` tries them again/);
});

test("events are printed oldest first: lines for people, envelopes for programs, filtered alike", async (t) => {
  const { env } = await withEvents(t, [
    { hook_event_name: "UserPromptSubmit", session_id: "one", prompt: "hello \u001b[31mred" },
    { hook_event_name: "PreToolUse", session_id: "one", tool_name: "Bash", tool_input: { command: "ls -l" } },
    { hook_event_name: "Stop", session_id: "two" },
  ]);
  const lines = async (...args: string[]) => (await mpm(["events", ...args], { env })).stdout.trimEnd().split("\n");
  const [first, second, third] = await lines();
  assert.match(first ?? "", /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}one +UserPromptSubmit +hello/);
  assert.doesNotMatch(first ?? "", /\u001b/);
  assert.match(second ?? "", /one +PreToolUse +Bash +ls -l/);
  assert.match(third ?? "", /two +Stop$/);
  const envelopes = (await lines("--json")).map((line) => JSON.parse(line));
  assert.deepEqual(
    envelopes.map(({ event, session_id, seq }) => [event, session_id, seq]),
    [
      ["claude_event", "one", 1],
      ["claude_event", "one", 2],
      ["claude_event", "two", 1],
    ],
  );
  assert.equal((await lines("--session", "one")).length, 2);
  assert.equal((await lines("--event", "Stop")).length, 1);
  assert.match((await lines("--limit", "1"))[0] ?? "", /two/);
  assert.equal((await lines("--since", "10m")).length, 3);
  assert.equal((await lines("--since", "today")).length, 3);
  assert.equal((await lines("--tool", "Bash")).length, 1);
  assert.match((await lines("-q", "hello"))[0] ?? "", /UserPromptSubmit/);
  assert.equal((await lines("--session", "on")).length, 2, "the beginning of an id is enough");
  assert.deepEqual(
    envelopes.map(({ n }) => n),
    [1, 2, 3],
    "each has its cursor",
  );
  assert.deepEqual(
    (await lines("--json", "--after", "1", "--limit", "1")).map((line) => JSON.parse(line).n),
    [2],
  );
  for (const [args, said] of [
    [["--since", "2999-01-01"], "mpm: no event matches.\n"],
    [["--until", "yesterday"], "mpm: no event matches.\n"],
    [["--failed"], "mpm: no event matches.\n"],
    [["--event", "Sotp"], "mpm: no event matches. Did you mean --event Stop?\n"],
  ] as const) {
    const { status, stdout, stderr } = await mpm(["events", ...args], { env });
    assert.deepEqual([status, stdout, stderr], [0, "", said], args.join(" "));
  }
});

test("a beginning that several sessions have is refused, with their ids", async (t) => {
  const { env } = await withEvents(t, [
    { hook_event_name: "Stop", session_id: "one-a" },
    { hook_event_name: "Stop", session_id: "one-b" },
    { hook_event_name: "Stop", session_id: "one" },
  ]);
  const { status, stderr } = await mpm(["events", "--session", "one-"], { env });
  assert.equal(status, 2);
  assert.match(stderr, /^mpm: 2 sessions begin with "one-": one-[ab], one-[ab]\. /);
  const whole = await mpm(["events", "--session", "one"], { env });
  assert.equal(whole.stdout.trimEnd().split("\n").length, 1, "a whole id is itself, whatever else begins so");
});

test("tail shows what comes from then on, and ends quietly when interrupted", async (t) => {
  const { env } = await withEvents(t, [{ hook_event_name: "Stop", session_id: "before" }]);
  const tail = start(t, NODE, [dist("cli.js"), "tail"], env);
  let said = "";
  tail.stdout?.on("data", (chunk: Buffer) => {
    said += chunk;
  });
  let sent = 0;
  await until(async () => {
    await run(HOOK, ["Stop"], { env, input: JSON.stringify({ hook_event_name: "Stop", session_id: `n${sent++}` }) });
    return said.includes("Stop");
  });
  assert.doesNotMatch(said, /before/);
  const closed = new Promise((resolve) => tail.once("close", (code) => resolve(code)));
  tail.kill("SIGINT");
  assert.equal(await closed, 0);
});

test("events without a monitor is status 1 and names the verb that starts it", async (t) => {
  const { env } = tempWorld(t, { MPM_SERVER_URL: `http://127.0.0.1:${await freePort()}` });
  const { status, stdout, stderr } = await mpm(["events"], { env });
  assert.deepEqual([status, stdout], [1, ""]);
  assert.match(stderr, /^mpm: no monitor listens at .*`mpm monitor start` starts it\.\n$/);
});

test("a reader that goes away early is no error", async (t) => {
  const { env } = await withEvents(t, [{ hook_event_name: "Stop", session_id: "s" }]);
  const outcome = await run("/bin/sh", ["-c", `"${NODE}" "${dist("cli.js")}" events --json | true`], { env });
  assert.deepEqual([outcome.status, outcome.stderr], [0, ""]);
});

test("rejected events are forwarded again by replay, and an entry of the same name is not overwritten", async (t) => {
  const world = tempWorld(t);
  const { env, mpmHome } = world;
  mkdirSync(join(mpmHome, "rejected"), { recursive: true });
  writeFileSync(join(mpmHome, "config.json"), '{"monitor":{"autostart":false}}');
  symlinkSync("/proc/self", join(mpmHome, "relay.alive"));
  const entry = storeEntry(join(mpmHome, "rejected"), { event: "Stop", parentPid: 1 }, '{"session_id":"s"}');
  assert.match((await mpm(["replay", "--dry-run"], { env })).stdout, new RegExp(`^${entry}\nmpm: 1 event would`));
  const { status, stdout } = await mpm(["replay"], { env });
  assert.equal(status, 0);
  assert.match(stdout, /^mpm: 1 event is in the spool again/);
  assert.deepEqual(readdirSync(join(mpmHome, "rejected")), []);
  assert.deepEqual(readdirSync(join(mpmHome, "spool")), [entry]);
  writeFileSync(join(mpmHome, "rejected", entry), "another");
  assert.match((await mpm(["replay"], { env })).stdout, /^mpm: 0 events are/);
  assert.deepEqual(readdirSync(join(mpmHome, "rejected")), [entry]);
  assert.match(readFileSync(join(mpmHome, "spool", entry), "utf8"), /session_id/);
});

test("a relay that cannot begin says so and ends, whatever it had opened by then", async (t) => {
  const { env, mpmHome } = tempWorld(t);
  mkdirSync(join(mpmHome, "relay.pid"), { recursive: true, mode: 0o700 });
  const { status, signal, stderr } = await mpm(["relay", "--once"], { env });
  assert.deepEqual([status, signal], [1, null]);
  assert.match(stderr, /^mpm: .*relay\.pid/);
});
