// From a machine to its team: what leaves, that it all arrives, and that each sees what is theirs.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { SessionsPage } from "../../../src/contract/routes.ts";
import { Story } from "../../browser/story.ts";
import { testWith } from "../../tools.ts";
import { tempWorld, until } from "../../world.ts";
import { type RunningMonitor, runMonitor } from "../trust/monitor.ts";
import { mpm, signInBy, startTeam, type TestTeam, type World } from "./team.ts";

const test = testWith("postgresql");

/** A session of a few calls, with a word in it that may not leave. */
const storyOf = (session: string, secret: string) =>
  new Story({ session, project: `/home/dana/code/${secret}-parent/tidepool`, start: Date.now() - 60_000 })
    .begin()
    .wait(100)
    .prompt(`Mend ${secret}`)
    .wait(100)
    .bash(`cat ${secret}.txt`, `it says ${secret}`)
    .stop(`Done with ${secret}.`);

async function pageFor(t: TestTeam, world: World) {
  const said = await mpm(world.env, "team", "open", "--json");
  assert.equal(said.status, 0, said.err);
  const cookie = await signInBy(JSON.parse(said.out).link, t.monitor.url);
  return async (path: string, init: RequestInit = {}) =>
    fetch(`${t.monitor.url}${path}`, { ...init, headers: { cookie, ...init.headers } });
}

const sessionsOf = async (ask: (path: string) => Promise<Response>) =>
  SessionsPage.parse(await (await ask("/api/sessions")).json()).sessions;

const local = (t: TestContext, world: World): Promise<RunningMonitor> => runMonitor(t, { world });

test("a machine joins by a code, its events arrive as its person's, and text stays on it", async (t) => {
  const team = await startTeam(t);
  const bo = await team.join("bo");
  assert.equal(statSync(join(bo.mpmHome, "team.json")).mode & 0o777, 0o600);
  const [session, secret] = [randomUUID(), `canary${randomUUID().slice(0, 8)}`];
  const monitor = await local(t, bo);
  const story = storyOf(session, secret);
  await monitor.store(...story.events);
  const page = await pageFor(team, bo);
  await until(async () => (await sessionsOf(page))[0]?.events === story.events.length, 20_000, "the events");
  const [there] = await sessionsOf(page);
  assert.deepEqual(
    [there?.id, there?.project, there?.host, there?.turns, there?.toolCalls, there?.state],
    [session, "tidepool", "bos-laptop", 1, 1, "idle"],
  );
  const all = JSON.stringify(await (await page("/api/events?limit=100")).json());
  assert.ok(all.includes("UserPromptSubmit") && all.includes("Bash"));
  assert.ok(!all.includes(secret), "what was withheld has left");
  const preview = await mpm(bo.env, "team", "preview", "--json", "--last", "100");
  assert.equal(preview.out.trim().split("\n").length, story.events.length);
  assert.ok(!preview.out.includes(secret));
  const status = JSON.parse((await mpm({ ...bo.env, MPM_TEAM_CONTENT: "content" }, "team", "status", "--json")).out);
  assert.deepEqual(
    [status.content, status.own, status.waiting, status.person, status.role],
    ["metadata", "metadata", 0, "bo", "member"],
  );
  const found = async (env: Record<string, string>) => {
    const { checks } = JSON.parse((await mpm(env, "doctor", "--json")).out);
    return checks.find(({ name }: { name: string }) => name === "team");
  };
  assert.match((await found(bo.env)).finding, /^Crew at .* lets this machine in as bo's; what leaves: metadata$/);
  assert.match((await found(team.operator.env)).finding, /^Crew: 2 people, 1 machine$/);
  assert.equal(await found(tempWorld(t).env), undefined);
});

test("members see their own, a viewer everybody's and is written down, an admin reads the log", async (t) => {
  const team = await startTeam(t, ["--content", "hashed"]);
  const [bo, cy] = [await team.join("bo"), await team.join("cy", { env: { MPM_TEAM_CONTENT: "content" } })];
  const [his, hers] = [randomUUID(), randomUUID()];
  for (const [world, session] of [
    [bo, his],
    [cy, hers],
  ] as const)
    await (await local(t, world)).store(...storyOf(session, "canarytext").events);
  const vi = await pageFor(team, await team.join("vi", { role: "viewer" }));
  await until(async () => (await sessionsOf(vi)).length === 2, 20_000, "both sessions");
  const seen = async (world: World) => (await sessionsOf(await pageFor(team, world))).map(({ id }) => id);
  assert.deepEqual([await seen(bo), await seen(cy)], [[his], [hers]]);
  const cys = await pageFor(team, cy);
  const all = JSON.stringify(await (await cys("/api/events?limit=100")).json());
  assert.ok(!all.includes("canarytext"), "the team asks for less than the machine gives");
  assert.match(all, /"command":"command:[0-9a-f]{24}"/);
  for (const path of [`/api/sessions/${his}`, `/api/sessions/${his}/timeline`, `/api/sessions/${his}/messages`])
    assert.equal((await cys(path)).status, 404, path);
  assert.equal((await vi(`/api/sessions/${his}/messages`)).status, 200);
  assert.equal((await vi("/api/team/audit")).status, 403);
  const log = (await mpm(team.operator.env, "team", "log", "--json")).out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const read = log.filter(({ action, session }) => action === "read" && session === his);
  assert.equal(read.length, 1);
});

test("what the team cannot take waits on the machine, and arrives once, in order, when it can", async (t) => {
  const team = await startTeam(t);
  const bo = await team.join("bo");
  const monitor = await local(t, bo);
  const [first, second] = [randomUUID(), randomUUID()];
  const before = storyOf(first, "one");
  await monitor.store(...before.events);
  const operator = async (path: string) => team.monitor.ask(path);
  await until(
    async () => (await sessionsOf(operator))[0]?.events === before.events.length,
    20_000,
    "the first session",
  );
  await team.server.stop("SIGQUIT");
  const story = storyOf(second, "two");
  await monitor.store(...story.events);
  await until(
    async () => JSON.parse((await mpm(bo.env, "team", "status", "--json")).out || "{}").waiting === story.events.length,
    30_000,
    "what waits",
  );
  await monitor.kill("SIGKILL");
  await team.server.start();
  await local(t, bo);
  await until(
    async () => (await sessionsOf(operator)).find(({ id }) => id === second)?.events === story.events.length,
    60_000,
    "the second session",
  );
  const [newest] = (await sessionsOf(operator)).filter(({ id }) => id === second);
  assert.equal(newest?.gaps, 0);
});

test("a machine that has sent is seen with what it says of itself, by its own person too", async (t) => {
  const team = await startTeam(t);
  const bo = await team.join("bo");
  const monitor = await local(t, bo);
  await monitor.store(...storyOf(randomUUID(), "one").events);
  const devices = async (env: Record<string, string>) => JSON.parse((await mpm(env, "team", "devices", "--json")).out);
  await until(async () => (await devices(bo.env)).devices[0]?.report?.waiting === 0, 20_000, "what it says of itself");
  const [device] = (await devices(bo.env)).devices;
  assert.equal(device.report.content, "metadata");
  assert.ok(Date.now() - device.seenAt < 60_000);
});

test("who is revoked is out at once, at every monitor, with the connections they had; what they sent stays", async (t) => {
  const team = await startTeam(t);
  const bo = await team.join("bo");
  const other = await team.another();
  const monitor = await local(t, bo);
  const session = randomUUID();
  await monitor.store(...storyOf(session, "one").events);
  const operator = async (path: string) => team.monitor.ask(path);
  await until(async () => (await sessionsOf(operator)).length === 1, 20_000, "the session");
  const page = await pageFor(team, bo);
  assert.equal((await page("/api/sessions")).status, 200);
  const { out } = await mpm(team.operator.env, "team", "devices", "--json");
  const [device] = JSON.parse(out).devices;
  assert.equal((await mpm(team.operator.env, "team", "revoke", "bo")).status, 0);
  await until(async () => (await page("/api/sessions")).status === 401, 5000, "the browser is out");
  await monitor.store(...storyOf(randomUUID(), "two").events);
  const status = async () => JSON.parse((await mpm(bo.env, "team", "status", "--json")).out);
  await until(async () => typeof (await status()).trouble === "string", 20_000, "what is wrong");
  assert.equal((await sessionsOf(operator)).length, 1);
  assert.equal((await sessionsOf(async (path) => other.ask(path))).length, 1);
  assert.ok(device.id);
  assert.equal((await mpm(bo.env, "team", "leave")).status, 0);
  assert.ok(!existsSync(join(bo.mpmHome, "team.json")));
});

test("who was removed and is invited again goes on as before, with a session that is open", async (t) => {
  const team = await startTeam(t);
  const bo = await team.join("bo");
  const monitor = await local(t, bo);
  const session = randomUUID();
  const story = storyOf(session, "one");
  const more = storyOf(session, "two").events.map((event, index) => ({
    ...event,
    id: `${event.id}-again`,
    seq: story.events.length + index + 1,
  }));
  await monitor.store(...story.events);
  const operator = async (path: string) => team.monitor.ask(path);
  const arrived = (count: number) => async () => (await sessionsOf(operator))[0]?.events === count;
  await until(arrived(story.events.length), 20_000, "the session");
  const [before] = await sessionsOf(operator);
  assert.equal((await mpm(team.operator.env, "team", "revoke", "bo")).status, 0);
  await mpm(bo.env, "team", "leave");
  const code = await team.invite("--for", "bo");
  const joined = await mpm(bo.env, "team", "join", team.monitor.url, code, "--json");
  assert.deepEqual([joined.status, JSON.parse(joined.out).person], [0, "bo"], joined.err);
  await monitor.store(...more);
  await until(arrived(story.events.length + more.length), 20_000, "the rest of the session");
  const [after] = await sessionsOf(operator);
  assert.equal(after?.person, before?.person);
  const status = JSON.parse((await mpm(bo.env, "team", "status", "--json")).out);
  assert.deepEqual([status.waiting, status.refused], [0, 0]);
});

test("a membership that cannot be trusted for a while stops the sending, and nothing is skipped when it can again", async (t) => {
  const team = await startTeam(t);
  const bo = await team.join("bo");
  const monitor = await local(t, bo);
  const operator = async (path: string) => team.monitor.ask(path);
  // Over, as the one that waits: where it went on, forwarding that began anew would find what waits by it.
  const ended = (session: string) =>
    new Story({ session, project: "/home/dana/code/tidepool", start: Date.now() }).begin().prompt("x").stop("y").end()
      .events;
  await monitor.store(...ended(randomUUID()));
  await until(async () => (await sessionsOf(operator)).length === 1, 20_000, "the first session");
  const file = join(bo.mpmHome, "team.json");
  chmodSync(file, 0o644);
  await monitor.health(); // whoever asks has it look
  const [open, over] = [randomUUID(), randomUUID()];
  await monitor.store(...ended(over), ...storyOf(open, "three").events);
  chmodSync(file, 0o600);
  await monitor.health();
  await until(
    async () => {
      const ids = (await sessionsOf(operator)).map(({ id }) => id);
      return ids.includes(open) && ids.includes(over);
    },
    20_000,
    "both sessions",
  );
});

test("whoever chooses that less leaves is obeyed at once, by a monitor that runs", async (t) => {
  const team = await startTeam(t, ["--content", "content"]);
  const bo = await team.join("bo");
  const choose = async (level: string) => {
    const set = await mpm(bo.env, "config", "set", "team.content", level);
    assert.equal(set.status, 0, set.err);
  };
  await choose("content");
  const monitor = await local(t, bo);
  const all = async () => (await team.monitor.ask("/api/events?limit=100")).text();
  const sent = async (secret: string) => {
    const session = randomUUID();
    const { events } = storyOf(session, secret);
    await monitor.store(...events);
    const operator = async (path: string) => team.monitor.ask(path);
    const arrived = async () => (await sessionsOf(operator)).find(({ id }) => id === session)?.events === events.length;
    await until(arrived, 20_000, secret);
  };
  await sent("canaryone");
  assert.ok((await all()).includes("canaryone"));
  await choose("metadata");
  await sent("canarytwo");
  assert.ok(!(await all()).includes("canarytwo"), "what is withheld now has left");
});
