// mpm forget: what is named is gone everywhere, at once, and what is not named stays.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { io } from "socket.io-client";
import { storeAll } from "../../browser/page.ts";
import { Story } from "../../browser/story.ts";
import { HOOK, mpm, run, tempWorld, until } from "../../world.ts";
import { runMonitor } from "../trust/monitor.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An index keeps words without the beginning that they share with the one before: none shares more than a letter with it. */
const RARE = "qxvzkwj";

async function told(t: TestContext) {
  const world = tempWorld(t);
  const monitor = await runMonitor(t, { world });
  const story = (session: string, project: string, start: number) =>
    new Story({ session, project, start }).begin().prompt(`pearl of ${session}, ${RARE}`).stop("Done.").end();
  const now = Date.now();
  await storeAll(monitor, story("aaaa-1", "/home/dana/code/tidepool", now - HOUR_MS).events);
  await storeAll(monitor, story("bbbb-2", "/home/dana/code/tidepool", now - 2 * HOUR_MS).events);
  await storeAll(monitor, story("cccc-3", "/home/dana/code/reef", now - 3 * DAY_MS).events);
  const forget = (...args: string[]) => mpm(["forget", ...args], { env: world.env });
  const left = async () => {
    const { sessions } = (await (await monitor.ask("/api/sessions")).json()) as { sessions: { id: string }[] };
    return sessions.map(({ id }) => id).sort();
  };
  return { ...world, monitor, forget, left };
}

test("a session, a project, and what is older are removed, each alone, and it says what that was", async (t) => {
  const { forget, left, monitor, mpmHome } = await told(t);
  const dry = await forget("--project", "tidepool", "--dry-run", "--json");
  assert.deepEqual(JSON.parse(dry.stdout), {
    events: 8,
    sessions: 2,
    answers: 0,
    rejected: 0,
    waiting: 0,
    dryRun: true,
  });
  assert.deepEqual(await left(), ["aaaa-1", "bbbb-2", "cccc-3"]);

  const one = await forget("--session", "aaaa");
  assert.equal(one.stdout, "mpm: removed 4 events, 1 session and 0 counted answers.\n", one.stderr);
  assert.deepEqual(await left(), ["bbbb-2", "cccc-3"]);
  const old = await forget("--before", "2d", "--json");
  assert.deepEqual(JSON.parse(old.stdout).sessions, 1);
  assert.deepEqual(await left(), ["bbbb-2"]);
  assert.equal((await forget("--project", "tidepool")).status, 0);
  assert.deepEqual(await left(), []);

  const found = (await (await monitor.ask("/api/events?q=pearl")).json()) as { events: unknown[] };
  assert.deepEqual(found.events, []);
  await monitor.kill("SIGTERM");
  for (const name of readdirSync(mpmHome).filter((each) => each.startsWith("monitor.db")))
    assert.doesNotMatch(readFileSync(join(mpmHome, name), "latin1"), /pearl of|xvzkwj/, `${name} holds it still`);
});

test("what waits in the spool is forgotten with the rest, and so is what was rejected", async (t) => {
  const { forget, left, env, mpmHome } = await told(t);
  const rejected = join(mpmHome, "rejected");
  mkdirSync(rejected, { mode: 0o700 });
  for (const [name, session] of [
    ["1.00-1", "aaaa-1"],
    ["1.00-2", "other"],
  ]) {
    writeFileSync(join(rejected, `${name}`), "x");
    writeFileSync(join(rejected, `${name}.reason.json`), JSON.stringify({ session_id: session }));
  }
  await run(HOOK, ["Stop"], { env, input: '{"hook_event_name":"Stop","session_id":"aaaa-1"}' });
  const { status, stdout, stderr } = await forget("--session", "aaaa-1");
  assert.equal(status, 0, stderr);
  assert.match(stdout, /removed 5 events, 1 session, 0 counted answers and 1 rejected event\./);
  assert.deepEqual(await left(), ["bbbb-2", "cccc-3"]);
  assert.deepEqual(readdirSync(rejected).sort(), ["1.00-2", "1.00-2.reason.json"]);
});

test("an open page hears which sessions are gone", async (t) => {
  const { forget, monitor } = await told(t);
  const socket = io(`${monitor.url}/live`, { auth: { token: monitor.token() }, transports: ["websocket"] });
  t.after(() => socket.close());
  const gone: string[] = [];
  socket.on("sessions", (said: { gone?: string[] }) => gone.push(...(said.gone ?? [])));
  await new Promise((resolve) => socket.emit("subscribe", {}, resolve));
  await forget("--session", "bbbb-2");
  await until(() => gone.includes("bbbb-2"), 5000, "the word that it is gone");
});

test("nothing, two things, or a session that is not there is refused, and removes nothing", async (t) => {
  const { forget, left, monitor } = await told(t);
  for (const [args, status, said] of [
    [[], 2, /needs one of --session, --project and --before/],
    [["--session", "a", "--before", "1d"], 2, /cannot be given together/],
    [["--session", "zzz"], 1, /no session, or more than one, has an id that begins with zzz/],
  ] as const) {
    const outcome = await forget(...args);
    assert.equal(outcome.status, status);
    assert.match(outcome.stderr, said);
  }
  for (const query of ["", "?session=aaaa-1&project=reef"])
    assert.equal((await monitor.ask(`/api/forget${query}`, { method: "POST" })).status, 400, query);
  assert.deepEqual(await left(), ["aaaa-1", "bbbb-2", "cccc-3"]);
});

test("the events by which installer and doctor check the path leave nothing that anybody sees", async (t) => {
  const { env: user } = tempWorld(t);
  const env = { ...user, MPM_MONITOR_PORT: "0" };
  const tried = await mpm(["install", "--try", "--host-version", "2.1.330"], { env });
  assert.match(tried.stdout, /an event went through/, tried.stderr);
  const doctor = await mpm(["doctor", "--json"], { env });
  assert.match(doctor.stdout, /found in the store after/);
  assert.equal((await mpm(["events", "--json"], { env })).stdout, "");
  assert.equal((await mpm(["sessions", "--json"], { env })).stdout, "");
  assert.equal(JSON.parse((await mpm(["status", "--json"], { env })).stdout).monitor.events, 0);
  assert.equal((await mpm(["uninstall", "--purge"], { env })).status, 0);
});
