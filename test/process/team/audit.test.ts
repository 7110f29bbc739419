// Who read what of everybody's is written down, and each is told of the monitor's health what they may see.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { io } from "socket.io-client";
import { AuditAnswer } from "../../../src/contract/team.ts";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { tempWorld, until } from "../../world.ts";
import { envelope } from "../trust/monitor.ts";
import { mpm, signInBy, startTeam, type TestTeam, type World } from "./team.ts";

const test = testWith("postgresql");
const DAY_MS = 86_400_000;

async function browserOf(team: TestTeam, world: World) {
  const { out } = await mpm(world.env, "team", "open", "--json");
  const cookie = await signInBy(JSON.parse(out).link, team.monitor.url);
  return (path: string) => fetch(`${team.monitor.url}${path}`, { headers: { cookie } });
}

const logOf = async (team: TestTeam) =>
  AuditAnswer.parse(await (await team.monitor.ask("/api/team/audit?limit=1000")).json()).entries;

const LISTS = ["/api/projects", "/api/team/activity", "/api/team/devices", "/api/events", "/metrics"];

test("the reading of everybody's lists is written down once for each, and of one's own not at all", async (t) => {
  const team = await startTeam(t);
  const member = await browserOf(team, await team.join("mem"));
  const viewer = await browserOf(team, await team.join("vic", { role: "viewer" }));
  const admin = await browserOf(team, await team.join("ada2", { role: "admin" }));
  for (const read of [member, viewer, admin, admin, team.monitor.ask])
    for (const path of LISTS) await (await read(path)).text();
  const { people } = await (await team.monitor.ask("/api/team")).json();
  const nameOf = (id: string | undefined) =>
    people.find((person: { id: string }) => person.id === id)?.name ?? "the operator";
  const read: Record<string, string[]> = {};
  for (const { action, person, about = "" } of await logOf(team))
    if (action === "read") read[nameOf(person)] = [...(read[nameOf(person)] ?? []), about];
  const all = [
    "everybody's events",
    "everybody's machines",
    "everybody's projects",
    "the metrics",
    "what everybody did",
  ];
  assert.deepEqual(Object.keys(read).sort(), ["ada2", "the operator", "vic"]);
  assert.deepEqual(read["ada2"]?.sort(), all);
  assert.deepEqual(read["the operator"]?.sort(), all);
  assert.deepEqual(read["vic"]?.sort(), ["everybody's events", "everybody's projects", "what everybody did"]);
});

test("a machine that the operator revokes is written down by its name", async (t) => {
  const team = await startTeam(t);
  const bo = await team.join("bo");
  const { device } = JSON.parse(readFileSync(join(bo.mpmHome, "team.json"), "utf8"));
  assert.equal((await mpm(team.operator.env, "team", "revoke", device.id)).status, 0);
  const [latest] = await logOf(team);
  assert.deepEqual([latest?.action, latest?.about, latest?.person], ["revoked", "bos-laptop", undefined]);

  const status = await mpm(bo.env, "team", "status");
  assert.equal(status.status, 1);
  assert.match(status.err, /refused the token\. This machine or its person was removed: `mpm team leave` ends it here/);
  const left = await mpm(bo.env, "team", "leave");
  assert.deepEqual([left.status, left.err], [0, ""]); // there is nobody left to tell
});

test("on the machine that serves, the monitor is asked where no database is named", async (t) => {
  const team = await startTeam(t);
  const { MPM_STORE: _, ...env } = team.operator.env;
  const invited = await mpm(env, "team", "invite", "--role", "viewer", "--json");
  assert.equal(invited.status, 0, invited.err);
  const { code, expires_at: until, expiresAt, role } = JSON.parse(invited.out);
  assert.equal(expiresAt, Date.parse(until));
  assert.deepEqual([typeof code, role], ["string", "viewer"]);
  assert.ok(Date.parse(until) > Date.now());
  const { out } = await mpm(env, "team", "invitations", "--json");
  assert.equal(JSON.parse(out).invitations.length, 3); // with two of `mpm team init`
  const nobody = await mpm(env, "team", "revoke", "nobody");
  assert.equal(nobody.status, 1);
  assert.match(nobody.err, /there is no device or person of that name/);
  // It records nothing itself, and lacks no hooks.
  const { ok, checks } = JSON.parse((await mpm(team.operator.env, "doctor", "--json")).out);
  const names = checks.map(({ name }: { name: string }) => name);
  assert.deepEqual([ok, names.includes("team"), names.includes("registered")], [true, true, false]);
  const again = await mpm(env, "team", "init", "--store", team.server.url, "--start");
  assert.deepEqual([again.status, again.out], [1, ""]);
  assert.match(again.err, /already running at .*`mpm monitor stop` ends it/);
  const alone = tempWorld(t);
  const elsewhere = await mpm(alone.env, "team", "join", "http://127.0.0.1:1", code);
  assert.match(elsewhere.err, /no monitor listens at \S+\. Check the address, or ask who runs the team's server\./);
  const refused = await mpm(alone.env, "team", "invite");
  assert.deepEqual([refused.status, refused.out], [1, ""]);
  assert.match(refused.err, /has not joined a team/);
});

test("invitations are listed and cancelled by those whose they are, which is written down", async (t) => {
  const team = await startTeam(t);
  const bo = await team.join("bo");
  const own = JSON.parse((await mpm(bo.env, "team", "invite", "--json")).out);
  assert.equal(own.name, "bo");
  const forCy = await team.invite("--for", "cy", "--role", "viewer");
  const listed = async (env: Record<string, string>) => {
    const said = await mpm(env, "team", "invitations", "--json");
    assert.equal(said.status, 0, said.err);
    return JSON.parse(said.out).invitations;
  };
  const [his, ...more] = await listed(bo.env);
  assert.deepEqual([his.purpose, his.role, more.length], ["join", "member", 0]);
  const all = await listed(team.operator.env);
  const cys = all.find(({ name }: { name?: string }) => name === "cy");
  assert.deepEqual([all.length, cys.role], [4, "viewer"]); // with two of `mpm team init`
  const text = await mpm(team.operator.env, "team", "invitations");
  assert.match(text.out, /^id +person +lets in +role +good$/m);
  assert.match(text.out, new RegExp(`${cys.id}\\s+cy\\s+a machine\\s+viewer`));
  const refused = await mpm(bo.env, "team", "cancel", cys.id);
  assert.deepEqual([refused.status, refused.err.includes("no such invitation")], [1, true], refused.err);
  assert.equal((await mpm(bo.env, "team", "cancel", his.id)).status, 0);
  const cancelled = await mpm(team.operator.env, "team", "cancel", forCy, "--json");
  assert.equal(JSON.parse(cancelled.out).cancelled.id, cys.id);
  for (const code of [own.code, forCy])
    assert.match(
      (await mpm(bo.env, "team", "join", team.monitor.url, code, "--print")).err,
      /unknown, used or expired/,
    );
  assert.equal((await listed(team.operator.env)).length, 2);
  const log = await logOf(team);
  assert.deepEqual(
    log.filter(({ action }) => action === "cancelled").map(({ person, about }) => [person !== undefined, about]),
    [
      [false, "cy"],
      [true, "bo"],
    ],
  );
});

test("health says to each what they may see: machines and exports to admins, figures of everybody's events to no member", async (t) => {
  const team = await startTeam(t);
  await team.monitor.store(envelope(1));
  const told: Record<string, string[]> = {};
  for (const [name, role] of [
    ["mem", "member"],
    ["vic", "viewer"],
    ["ada2", "admin"],
  ] as const) {
    const read = await browserOf(team, await team.join(name, { role }));
    const health = await (await read("/health")).json();
    assert.deepEqual([health.status, health.team.name], ["healthy", "Crew"]);
    told[role] = Object.keys(health).sort();
  }
  const has = (role: string) =>
    ["events", "newest", "bytes", "gaps", "counters", "clients", "consumers"].filter((key) =>
      told[role]?.includes(key),
    );
  assert.deepEqual(has("member"), []);
  assert.deepEqual(has("viewer"), ["events", "newest", "bytes", "gaps", "counters", "clients"]);
  assert.deepEqual(has("admin"), ["events", "newest", "bytes", "gaps", "counters", "clients", "consumers"]);
});

test("the live stream tells a member from where it goes on by their own rows alone, and sends all of theirs that come", async (t) => {
  const team = await startTeam(t);
  const world = await team.join("mem");
  const { token } = JSON.parse(readFileSync(join(world.mpmHome, "team.json"), "utf8"));
  const send = (seq: number) =>
    fetch(`${team.monitor.url}/api/events`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify([envelope(seq, { session: "own" })]),
    });
  const { out } = await mpm(world.env, "team", "open", "--json");
  const cookie = await signInBy(JSON.parse(out).link, team.monitor.url);
  const rows: number[] = [];
  const subscribe = async () => {
    const socket = io(`${team.monitor.url}/live`, {
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
      extraHeaders: { cookie },
    });
    t.after(() => socket.close());
    socket.on("rows", (said: { rows: { n: number }[] }) => void rows.push(...said.rows.map(({ n }) => n)));
    await new Promise((resolve) => void socket.once("connect", () => resolve(undefined)));
    return (await socket.timeout(10_000).emitWithAck("subscribe", {})).n;
  };
  await team.monitor.store(...Array.from({ length: 20 }, (_, index) => envelope(index + 1)));
  assert.equal(await subscribe(), 0);
  await send(1);
  await until(() => rows.length === 1, 10_000, "the member's row");
  await team.monitor.store(envelope(21), envelope(22));
  assert.equal(await subscribe(), 21);
  await send(2);
  await until(() => rows.length >= 3, 10_000, "it for both");
  assert.deepEqual(rows.sort(), [21, 24, 24]);
});

test("of a team's log what is older than a year is removed, and the rest stays", async (t) => {
  const team = await startTeam(t);
  const opened = await openPostgres({ url: team.server.url, now: Date.now });
  assert.ok(opened.ok);
  t.after(() => opened.value.close());
  const { team: store } = opened.value;
  const old = (days: number) => ({ at: Date.now() - days * DAY_MS, action: "read", about: `${days} days` }) as const;
  const days = async () =>
    (await store.noted(1000)).flatMap(({ about }) => /^(\d+) days$/.exec(about ?? "")?.[1] ?? []);
  await store.note([old(800), old(366), old(364)]);
  await team.another(); // looks a second after its start
  await until(async () => (await days()).length === 1, 10_000, "the end of what is old");
  assert.deepEqual(await days(), ["364"]);
});
