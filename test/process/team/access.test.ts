// Who may what in a team: each route and each socket with each role, with a stranger's token, and with none.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { io, Manager, type Socket } from "socket.io-client";
import { pathOf, ROUTES, type RouteName } from "../../../src/contract/routes.ts";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { tempWorld, until } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";
import { mpm, signInBy, startTeam, type TestTeam, tokenOf, type World } from "./team.ts";

const test = testWith("postgresql");

type Who = "nobody" | "stranger" | "device" | "member" | "viewer" | "admin" | "operator";
const NAMES = Object.keys(ROUTES).filter((name): name is RouteName => name in ROUTES);

const FOR_ADMINS: readonly RouteName[] = ["forget", "alerts", "testAlerts", "audit"];
const FOR_OPERATORS: readonly RouteName[] = ["import", "startImport", "loginCode"];
const FOR_MACHINES: readonly RouteName[] = [
  "append",
  "team",
  "join",
  "invite",
  "invitations",
  "cancel",
  "devices",
  "revoke",
  "signIn",
  "health",
];
const FOR_ANYONE: readonly RouteName[] = ["health", "join"];

const unless = (isAllowed: boolean, status: number) => (isAllowed ? undefined : status);
const forPeople = (name: RouteName) => unless(![...FOR_ADMINS, ...FOR_OPERATORS, "append"].includes(name), 403);

/** The status that each is answered with where they may not ask; all others may. */
const REFUSED: Readonly<Record<Who, (name: RouteName) => number | undefined>> = {
  nobody: (name) => unless(FOR_ANYONE.includes(name), 401),
  stranger: (name) => unless(FOR_ANYONE.includes(name), 401),
  device: (name) => unless(FOR_MACHINES.includes(name), 403),
  member: forPeople,
  viewer: forPeople,
  admin: (name) => unless(![...FOR_OPERATORS, "append"].includes(name), 403),
  operator: (name) => unless(name !== "signIn", 403),
};

async function cookieOf(team: TestTeam, world: World): Promise<string> {
  const said = await mpm(world.env, "team", "open", "--json");
  return signInBy(JSON.parse(said.out).link, team.monitor.url);
}

test("each route is answered for those who may ask it, and refused to all others", async (t) => {
  const team = await startTeam(t);
  const device = await team.join("dev");
  const shows: Record<Who, Record<string, string>> = {
    nobody: {},
    stranger: { authorization: `Bearer mpmd_${"x".repeat(43)}` },
    device: { authorization: `Bearer ${tokenOf(device)}` },
    member: { cookie: await cookieOf(team, await team.join("mem")) },
    viewer: { cookie: await cookieOf(team, await team.join("vic", { role: "viewer" })) },
    admin: { cookie: await signInBy(team.made.link, team.monitor.url) },
    operator: { authorization: `Bearer ${team.monitor.token()}` },
  };
  const wrong: string[] = [];
  for (const [who, headers] of Object.entries(shows) as [Who, Record<string, string>][])
    for (const name of NAMES) {
      const { method } = ROUTES[name];
      const body =
        name === "append"
          ? JSON.stringify(envelope(1, { session: randomUUID() }))
          : name === "startImport"
            ? '{"dryRun":true}'
            : "{}";
      const answer = await fetch(`${team.monitor.url}${pathOf(name, { id: "none" })}`, {
        method,
        headers: { ...headers, ...(method === "POST" ? { "content-type": "application/json" } : {}) },
        ...(method === "POST" ? { body } : {}),
      });
      const expected = REFUSED[who](name);
      const isRefused = answer.status === 401 || answer.status === 403;
      if (isRefused ? answer.status !== expected : expected !== undefined)
        wrong.push(`${who} ${method} ${name}: ${answer.status}, expected ${expected ?? "an answer"}`);
      await answer.body?.cancel();
    }
  assert.deepEqual(wrong, []);
});

test("a browser that posts ten thousand events is refused, and the monitor goes on", async (t) => {
  const team = await startTeam(t);
  const cookie = await cookieOf(team, await team.join("mem"));
  const events = Array.from({ length: 10_000 }, (_, index) => envelope(index + 1, { session: "theirs" }));
  const answer = await fetch(`${team.monitor.url}/api/events`, {
    method: "POST",
    headers: { cookie, "content-type": "application/json" },
    body: JSON.stringify(events),
  });
  assert.equal(answer.status, 403);
  assert.equal((await team.monitor.ask("/health")).status, 200);
});

test("sockets: machines send, browsers watch, strangers do neither", async (t) => {
  const team = await startTeam(t);
  const device = tokenOf(await team.join("dev"));
  const member = await cookieOf(team, await team.join("mem"));
  const opens = (namespace: string, auth: object, extraHeaders: Record<string, string> = {}) =>
    new Promise<boolean>((resolve) => {
      const socket = io(`${team.monitor.url}${namespace}`, {
        transports: ["websocket"],
        reconnection: false,
        forceNew: true,
        auth,
        extraHeaders,
      });
      socket.once("connect", () => resolve(true));
      socket.once("connect_error", () => resolve(false));
      t.after(() => socket.close());
    });
  const cookie = { cookie: member };
  assert.deepEqual(
    {
      deviceSends: await opens("/", { token: device }),
      deviceWatches: await opens("/live", { token: device }),
      browserSends: await opens("/", {}, cookie),
      browserWatches: await opens("/live", {}, cookie),
      strangerSends: await opens("/", { token: `mpmd_${"x".repeat(43)}` }),
      strangerWatches: await opens("/live", { token: `mpmd_${"x".repeat(43)}` }),
      nobodySends: await opens("/", {}),
      operatorSends: await opens("/", { token: team.monitor.token() }),
    },
    {
      deviceSends: true,
      deviceWatches: false,
      browserSends: false,
      browserWatches: true,
      strangerSends: false,
      strangerWatches: false,
      nobodySends: false,
      operatorSends: true,
    },
  );
});

test("a team that takes less from now on has its machines come back, so that nothing more is taken of what they send", async (t) => {
  const team = await startTeam(t, ["--content", "content"]);
  const token = tokenOf(await team.join("dev"));
  const socket = io(team.monitor.url, { transports: ["websocket"], reconnection: false, auth: { token } });
  t.after(() => socket.close());
  const said = (event: string) => new Promise((resolve) => void socket.once(event, resolve));
  await said("connect");
  const ended = said("disconnect");
  const opened = await openPostgres({ url: team.server.url, now: Date.now });
  assert.ok(opened.ok);
  t.after(() => opened.value.close());
  await opened.value.team.change({ content: "metadata" });
  await ended;
});

test("a connection is of who began it, and ends with the sign-in that let it in", async (t) => {
  const team = await startTeam(t);
  const [bo, cy] = [await team.join("bo", { role: "viewer" }), await team.join("cy")];
  const cookie = await cookieOf(team, bo);
  const manager = new Manager(team.monitor.url, {
    transports: ["websocket"],
    reconnection: false,
    extraHeaders: { cookie },
  });
  const live = manager.socket("/live");
  t.after(() => live.close());
  const said = (socket: Socket, event: string) =>
    new Promise<string>((resolve) => void socket.once(event, () => resolve(event)));
  await said(live, "connect");
  const other = manager.socket("/", { auth: { token: tokenOf(cy) } });
  assert.equal(await Promise.race([said(other, "connect"), said(other, "connect_error")]), "connect_error");
  const ended = said(live, "disconnect");
  const { device } = JSON.parse(readFileSync(join(bo.mpmHome, "team.json"), "utf8"));
  assert.equal((await mpm(team.operator.env, "team", "revoke", device.id)).status, 0);
  await ended; // a browser that whoever had the machine's token may have signed in
});

test("whose an event is follows from the token, whatever its body says, and nobody adds to another's session", async (t) => {
  const team = await startTeam(t, ["--content", "metadata"]);
  const [bo, cy] = [tokenOf(await team.join("bo")), tokenOf(await team.join("cy"))];
  const session = randomUUID();
  const post = (token: string, seq: number) =>
    fetch(`${team.monitor.url}/api/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify([
        {
          ...envelope(seq, { session, tool_input: { command: "npm test" } }),
          host: { name: "forged", machine: "forged", pid: 1 },
          person: "cy",
          tenant: "x",
        },
      ]),
    });
  assert.equal((await post(bo, 1)).status, 200);
  const refused = await (await post(cy, 2)).json();
  assert.deepEqual([refused.results[0].ok, refused.results[0].why?.code], [false, "session_taken"]);
  const stored = await (await team.monitor.ask("/api/events")).json();
  assert.deepEqual(
    stored.events.map((event: { host: { name: string; pid?: number }; data: object }) => [
      event.host.name,
      event.host.pid,
    ]),
    [["bos-laptop", undefined]],
  );
  assert.ok(!JSON.stringify(stored).includes("npm test"), "more than the team takes was stored");
  const socket = io(team.monitor.url, { transports: ["websocket"], auth: { token: bo } });
  t.after(() => socket.close());
  const facts = [{ kind: "branch", t: 1, branch: "of-a-secret" }];
  assert.deepEqual(await socket.timeout(10_000).emitWithAck("session_facts", [{ session, facts }]), { ok: true });
  const told = await (await team.monitor.ask("/api/sessions")).text();
  assert.ok(told.includes(session) && !told.includes("of-a-secret"), "more than the team takes was stored");
  const { sessions } = await (await team.monitor.ask("/api/sessions")).json();
  const { people } = await (await team.monitor.ask("/api/team")).json();
  assert.equal(people.find(({ id }: { id: string }) => id === sessions[0].person)?.name, "bo");
});

test("a team can ask for less later, and be reached elsewhere", async (t) => {
  const team = await startTeam(t);
  const bo = tokenOf(await team.join("bo"));
  const changed = await mpm(
    team.operator.env,
    "team",
    "change",
    "--content",
    "metadata",
    "--url",
    "https://mpm.example/",
    "--json",
  );
  assert.deepEqual(
    [changed.status, JSON.parse(changed.out).content, JSON.parse(changed.out).url],
    [0, "metadata", "https://mpm.example"],
    changed.err,
  );
  await until(
    async () => {
      const answer = await fetch(`${team.monitor.url}/api/team`, {
        headers: { authorization: `Bearer ${bo}`, host: "mpm.example" },
      });
      return (await answer.json()).team?.content === "metadata";
    },
    5000,
    "the monitor",
  );
  assert.equal((await mpm(team.operator.env, "team", "change")).status, 2);
});

test("a machine of a member's invites another of theirs, and nobody else", async (t) => {
  const team = await startTeam(t);
  const bo = await team.join("bo");
  const own = await mpm(bo.env, "team", "invite", "--json");
  assert.equal(own.status, 0, own.err);
  for (const more of [
    ["--role", "admin"],
    ["--for", "somebody"],
  ]) {
    const refused = await mpm(bo.env, "team", "invite", ...more);
    assert.equal(refused.status, 1);
    assert.match(refused.err, /takes an admin/);
  }
  assert.equal((await mpm(bo.env, "team", "log")).status, 1);
  assert.match((await mpm(bo.env, "team", "join", team.monitor.url, "AAAA")).err, /belongs to the team at .* already/);
});

test("users of one name are told apart by a number, where nobody chose a name", async (t) => {
  const team = await startTeam(t);
  await team.join("dana");
  const code = await team.invite();
  const join = (...options: string[]) =>
    mpm(tempWorld(t, { USER: "dana" }).env, "team", "join", team.monitor.url, code, "--json", ...options);
  const refused = await join("--name", "dana");
  assert.deepEqual([refused.status, refused.err.includes("is called dana")], [1, true], refused.err);
  const joined = await join();
  assert.deepEqual([joined.status, JSON.parse(joined.out).person], [0, "dana-2"], joined.err);
});
