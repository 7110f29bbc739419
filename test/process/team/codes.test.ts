// Who belongs to a team: codes that work once, hashes instead of secrets, revoking.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import pg from "pg";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import type { TeamStore } from "../../../src/store/team.ts";
import {
  type Asked,
  cancel,
  foundTeam,
  hashOf,
  inviteAddress,
  invite as inviteIn,
  join,
  pending,
  signIn,
  signInCode,
  welcome,
} from "../../../src/team/codes.ts";
import { testWith } from "../../tools.ts";
import { startServer } from "../store/server.ts";

const test = testWith("postgresql");
const NOW = Date.UTC(2026, 5, 1);
const TEAM = { name: "Crew", content: "content" } as const;

async function open(t: TestContext) {
  const server = await startServer();
  const opened = await openPostgres({ url: server.url, now: () => NOW });
  assert.ok(opened.ok);
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  t.after(async () => {
    await client.end();
    await opened.value.close();
    await server.close();
  });
  const store = opened.value.team;
  const founded = await foundTeam(store, { team: TEAM, admin: "Ada" }, NOW);
  assert.ok(founded.ok);
  return { store, client, ...founded.value };
}

async function rosterOf(store: TeamStore) {
  const roster = await store.roster();
  assert.ok(roster);
  return roster;
}

async function invite(store: TeamStore, asked: Asked, now: number) {
  const invited = await inviteIn(store, await rosterOf(store), asked, now);
  assert.ok(invited.ok, JSON.stringify(invited));
  return invited.value;
}

test("a team is made once, and its first admin signs in by a link that works once", async (t) => {
  const { store, admin, link } = await open(t);
  const again = await foundTeam(store, { team: TEAM, admin: "Mallory" }, NOW);
  assert.deepEqual(again, { ok: false, reason: { code: "team_exists", name: "Crew" } });
  const signed = await signIn(store, link.code, NOW + 1);
  assert.ok(signed.ok);
  assert.deepEqual(signed.value.person, admin);
  assert.deepEqual(await signIn(store, link.code, NOW + 2), { ok: false, reason: { code: "code_invalid" } });
  const roster = await store.roster();
  assert.deepEqual(
    roster?.visits.map(({ visit, person }) => [visit, person]),
    [[hashOf(signed.value.visit), admin.id]],
  );
});

test("a code lets one machine in, however it is typed, until it expires; what it does not say the machine may", async (t) => {
  const { store } = await open(t);
  const first = await invite(store, { role: "viewer" }, NOW);
  const typed = first.code.toLowerCase().replaceAll("-", " ");
  const joined = await join(store, { code: typed, host: "laptop", name: "Bo" }, NOW + 1);
  assert.ok(joined.ok);
  const { person, device, token } = joined.value;
  assert.deepEqual([person.name, person.role, device.host, device.person], ["Bo", "viewer", "laptop", person.id]);
  assert.match(token, /^mpmd_[\w-]{43}$/);
  for (const code of [first.code, "0000-0000-0000-0000-0000", "", "'; DROP TABLE mpm.code; --"])
    assert.deepEqual(await join(store, { code, host: "x" }, NOW + 2), { ok: false, reason: { code: "code_invalid" } });
  const late = await invite(store, { role: "member", goodForMs: 1000 }, NOW);
  assert.equal((await join(store, { code: late.code, host: "x", name: "Cy" }, NOW + 1000)).ok, false);
  const taken = await invite(store, { role: "member" }, NOW);
  assert.deepEqual(await join(store, { code: taken.code, host: "x", name: "bo" }, NOW), {
    ok: false,
    reason: { code: "name_taken", name: "bo" },
  });
  assert.ok((await join(store, { code: taken.code, host: "x", name: "Cy" }, NOW)).ok, "the code was not used up");
  const own = await invite(store, { role: "viewer", person: person.id }, NOW);
  const second = await join(store, { code: own.code, host: "desktop", name: "ignored" }, NOW);
  assert.ok(second.ok);
  assert.equal(second.value.person.id, person.id);
});

test("two machines that use one code at once: one gets in", async (t) => {
  const { store } = await open(t);
  const { code } = await invite(store, { role: "member" }, NOW);
  const tries = await Promise.all(
    Array.from({ length: 6 }, (_, index) => join(store, { code, host: `h${index}`, name: `n${index}` }, NOW)),
  );
  assert.equal(tries.filter(({ ok }) => ok).length, 1);
});

test("who is revoked has no device, browser or code any more, and others notice by the version", async (t) => {
  const { store, admin } = await open(t);
  const joined = await join(
    store,
    { code: (await invite(store, { role: "member" }, NOW)).code, host: "a", name: "Bo" },
    NOW,
  );
  assert.ok(joined.ok);
  const { person, device } = joined.value;
  await signIn(store, (await signInCode(store, person, NOW)).code, NOW);
  const pending = await signInCode(store, person, NOW);
  const another = await invite(store, { role: "member", person: person.id }, NOW);
  const before = await store.version();
  assert.deepEqual(await store.revoke({ device: device.id }, NOW + 5), { devices: 1, people: 0 });
  assert.deepEqual((await store.roster())?.visits, [], "a browser that the device may have signed in");
  assert.equal((await join(store, { code: another.code, host: "b" }, NOW + 6)).ok, false);
  assert.deepEqual(await store.revoke({ person: person.id }, NOW + 6), { devices: 0, people: 1 });
  assert.ok(((await store.version()) ?? 0) > (before ?? 0));
  const roster = await store.roster();
  assert.equal(roster?.devices.find(({ id }) => id === device.id)?.revokedAt, NOW + 5);
  assert.equal(roster?.people.find(({ id }) => id === person.id)?.revokedAt, NOW + 6);
  assert.deepEqual(roster?.visits, []);
  assert.equal((await signIn(store, pending.code, NOW + 7)).ok, false);
  assert.equal((await join(store, { code: another.code, host: "b" }, NOW + 7)).ok, false);
  const byHim = await invite(store, { role: "admin", madeBy: admin.id }, NOW);
  await store.revoke({ person: admin.id }, NOW + 8);
  assert.equal(
    (await join(store, { code: byHim.code, host: "c", name: "Eve" }, NOW + 9)).ok,
    false,
    "an invitation outlived who made it",
  );
  assert.equal(roster?.people.find(({ id }) => id === admin.id)?.revokedAt, undefined);
});

test("a machine or a browser that was revoked a moment ago gets no code, though a monitor has not heard of it yet", async (t) => {
  const { store } = await open(t);
  const joined = await join(
    store,
    { code: (await invite(store, { role: "member" }, NOW)).code, host: "a", name: "Bo" },
    NOW,
  );
  assert.ok(joined.ok);
  const { person, device } = joined.value;
  const signed = await signIn(store, (await signInCode(store, person, NOW)).code, NOW);
  assert.ok(signed.ok);
  const roster = await rosterOf(store);
  const asking = [{ device: device.id }, { visit: hashOf(signed.value.visit) }];
  for (const by of asking)
    assert.ok((await inviteIn(store, roster, { role: "member", madeBy: person.id, by }, NOW)).ok);
  await store.revoke({ device: device.id }, NOW);
  for (const by of asking) {
    const { code } = await signInCode(store, person, NOW, 1000, by);
    assert.equal((await signIn(store, code, NOW)).ok, false);
    const invited = await inviteIn(store, roster, { role: "member", person: person.id, madeBy: person.id, by }, NOW);
    assert.equal(invited.ok, false);
  }
  const left = (await store.codes(NOW)).filter((one) => one.person === person.id || one.madeBy === person.id);
  assert.deepEqual(left, []);
});

test("no table of the database holds a token, a code or a cookie", async (t) => {
  const { store, client, link, admin } = await open(t);
  const invitation = await invite(store, { role: "member" }, NOW);
  const joined = await join(store, { code: invitation.code, host: "a", name: "Bo" }, NOW);
  const signed = await signIn(store, link.code, NOW);
  const another = await signInCode(store, admin, NOW);
  assert.ok(joined.ok && signed.ok);
  const { rows: tables } = await client.query("SELECT tablename FROM pg_tables WHERE schemaname = 'mpm'");
  let text = "";
  for (const { tablename } of tables) {
    const { rows } = await client.query(`SELECT r::text FROM mpm.${tablename} r`);
    text += JSON.stringify(rows);
  }
  assert.ok(text.includes(hashOf(joined.value.token)));
  for (const secret of [joined.value.token, signed.value.visit, link.code, invitation.code, another.code])
    assert.ok(!text.includes(secret));
});

test("what was done is kept in its order and paged, and what devices say of themselves with them", async (t) => {
  const { store, admin } = await open(t);
  await store.note([
    { at: NOW, person: admin.id, action: "read", session: "s1", owner: "bo" },
    { at: NOW + 1, action: "revoked", about: "laptop" },
  ]);
  await store.note([{ at: NOW + 2, person: admin.id, action: "signed_in" }]);
  const [third, second] = await store.noted(2);
  assert.deepEqual([third?.action, second?.action, second?.about], ["signed_in", "revoked", "laptop"]);
  const [first, none] = await store.noted(2, second?.place);
  assert.deepEqual([first?.session, first?.owner, none], ["s1", "bo", undefined]);
  const joined = await join(
    store,
    { code: (await invite(store, { role: "member" }, NOW)).code, host: "a", name: "Bo" },
    NOW,
  );
  assert.ok(joined.ok);
  const report = { version: "1.2.3", content: "metadata", waiting: 4, lost: 1 } as const;
  await store.report(joined.value.device.id, report, NOW + 9);
  const device = (await store.roster())?.devices.find(({ id }) => id === joined.value.device.id);
  assert.deepEqual([device?.report, device?.seenAt], [report, NOW + 9]);
});

/** Somebody who has joined with a machine. */
async function joined(store: TeamStore, asked: Asked, name?: string, host = "a") {
  const { code } = await invite(store, asked, NOW);
  const made = await join(store, { code, host, ...(name === undefined ? {} : { name }) }, NOW);
  assert.ok(made.ok, JSON.stringify(made));
  return made.value;
}

test("invitations that wait are listed without what lets in, and cancelled ones let nobody in", async (t) => {
  const { store, admin, link } = await open(t);
  const { person } = await joined(store, { role: "member" }, "Bo");
  const forNew = await invite(store, { role: "viewer", person: "Cy", madeBy: admin.id, goodForMs: 1000 }, NOW);
  const forBo = await invite(store, { role: "member", person: "bo", goodForMs: 2000 }, NOW);
  const mail = await inviteAddress(
    store,
    await rosterOf(store),
    { role: "member", email: "di@x.example", goodForMs: 3000 },
    NOW,
  );
  assert.ok(mail.ok);
  const listed = await pending(store, NOW);
  assert.deepEqual(
    listed.map(({ purpose, role, person: whose, name, email, madeBy }) => [purpose, role, whose, name, email, madeBy]),
    [
      ["join", "viewer", undefined, "Cy", undefined, admin.id],
      ["join", "member", person.id, undefined, undefined, undefined],
      ["mail", "member", undefined, undefined, "di@x.example", undefined],
      ["open", "admin", admin.id, undefined, undefined, undefined],
    ],
  );
  for (const secret of [forNew.code, forBo.code, link.code, hashOf(forNew.code)])
    assert.ok(!JSON.stringify(listed).includes(secret));
  assert.equal((await cancel(store, listed[0]?.id ?? "", () => false, NOW)).ok, false, "somebody else's");
  assert.ok((await cancel(store, listed[0]?.id ?? "", () => true, NOW)).ok);
  assert.ok((await cancel(store, forBo.code.toLowerCase(), () => true, NOW)).ok, "by the code itself");
  assert.equal((await cancel(store, listed[0]?.id ?? "", () => true, NOW)).ok, false, "twice");
  for (const { code } of [forNew, forBo])
    assert.equal((await join(store, { code, host: "b", name: "Eve" }, NOW)).ok, false);
  assert.deepEqual(
    (await pending(store, NOW)).map(({ purpose }) => purpose),
    ["mail", "open"],
  );
  assert.deepEqual(
    (await pending(store, NOW + 5000)).map(({ purpose }) => purpose),
    ["open"],
    "what has expired is not listed",
  );
});

test("who was revoked and is invited again by name is the same person, in the role of the invitation; nobody else gets that name", async (t) => {
  const { store } = await open(t);
  const { person, device } = await joined(store, { role: "admin" }, "Bo");
  await store.revoke({ person: person.id }, NOW + 1);
  const { code } = await invite(store, { role: "member" }, NOW);
  assert.deepEqual(await join(store, { code, host: "b", name: "bo" }, NOW), {
    ok: false,
    reason: { code: "name_taken", name: "bo" },
  });
  const back = await joined(store, { role: "member", person: "BO" }, "ignored", "c");
  assert.deepEqual(
    [back.person.id, back.person.name, back.person.role, back.person.revokedAt],
    [person.id, "Bo", "member", undefined],
  );
  const { devices } = await rosterOf(store);
  assert.notEqual(devices.find(({ id }) => id === device.id)?.revokedAt, undefined, "the old machine stays out");
  await store.revoke({ person: person.id }, NOW + 2);
  assert.equal((await join(store, { code, host: "d", name: "Cy" }, NOW + 3)).ok, true, "a code for anybody stays good");
});

test("a code for somebody who is revoked meanwhile, or by somebody who is, is not made", async (t) => {
  const { store, admin } = await open(t);
  const { person } = await joined(store, { role: "member" }, "Bo");
  const before = await rosterOf(store);
  await store.revoke({ person: person.id }, NOW + 1);
  assert.equal((await inviteIn(store, before, { role: "member", person: "Bo" }, NOW)).ok, false);
  const after = await rosterOf(store);
  await joined(store, { role: "member", person: "Bo" });
  assert.equal((await inviteIn(store, after, { role: "admin", person: "Bo" }, NOW)).ok, false, "is back already");
  await store.revoke({ person: admin.id }, NOW + 2);
  const asked = { role: "admin", madeBy: admin.id } as const;
  assert.equal((await inviteIn(store, await rosterOf(store), asked, NOW)).ok, false);
});

test("whom a provider vouches for comes in as who is known by it, was invited by the address, or may come; nobody else", async (t) => {
  const { store } = await open(t);
  const vouched = { subject: "https://id.example 1", email: "bo@x.example", mayCome: false };
  const asked = (role: Asked["role"], email: string, person?: string) => ({ role, email, person });
  const inviteMail = async (...given: Parameters<typeof asked>) =>
    assert.ok((await inviteAddress(store, await rosterOf(store), asked(...given), NOW)).ok);
  const come = async (more: Partial<typeof vouched> = {}) => {
    const came = await welcome(store, { ...vouched, ...more }, NOW);
    return came.ok ? came.value.person : came.reason.code;
  };
  assert.equal(await come(), "person_unknown");
  await inviteMail("viewer", "bo@x.example");
  const bo = await come();
  assert.ok(typeof bo !== "string");
  assert.deepEqual([bo.name, bo.role], ["bo@x.example", "viewer"]);
  assert.deepEqual(await come({ email: "changed@x.example" }), bo, "by the subject, whatever the address is now");
  assert.equal(await come({ subject: "https://id.example 2" }), "person_unknown", "an invitation works once");
  assert.equal(await come({ subject: "https://id.example 2", mayCome: true }), "name_taken", "an address given anew");

  const { person: cy } = await joined(store, { role: "member" }, "Cy");
  await inviteMail("member", "cy@x.example", "cy");
  const asCy = { subject: "https://id.example 3", email: "cy@x.example" };
  assert.deepEqual(await come(asCy), cy, "with the machines and sessions that they have");
  await store.revoke({ person: cy.id }, NOW + 1);
  assert.equal(await come({ ...asCy, mayCome: true }), "person_removed");
  await inviteMail("viewer", "cy@x.example", "cy");
  assert.deepEqual(await come(asCy), { ...cy, role: "viewer" });

  const di = await come({ subject: "https://id.example 4", email: "di@x.example", mayCome: true });
  assert.ok(typeof di !== "string");
  assert.deepEqual([di.name, di.role], ["di@x.example", "member"]);
  assert.equal((await rosterOf(store)).visits.length, 4);
});

test("who signs in by a provider in two browsers at once is one person", async (t) => {
  const { store } = await open(t);
  const vouched = { subject: "https://id.example 1", email: "bo@x.example", mayCome: true };
  const came = await Promise.all(Array.from({ length: 4 }, () => welcome(store, vouched, NOW)));
  assert.equal(new Set(came.map((one) => (one.ok ? one.value.person.id : one.reason.code))).size, 1);
});

test("what works once is taken once, by whichever process, and forgotten when it has expired", async (t) => {
  const { store } = await open(t);
  const tries = await Promise.all(Array.from({ length: 4 }, () => store.firstTime(hashOf("state"), NOW + 10, NOW)));
  assert.deepEqual(tries.sort(), [false, false, false, true]);
  assert.equal(await store.firstTime(hashOf("another"), NOW + 30, NOW + 20), true);
  assert.deepEqual(
    (await pending(store, NOW)).map(({ purpose }) => purpose),
    ["open"],
  );
});

test("an address that another team in the database has invited is refused, and its invitation stays as it was", async (t) => {
  const { store, client } = await open(t);
  const asked = { email: "eve@example.org", role: "viewer" as const };
  assert.ok((await inviteAddress(store, await rosterOf(store), asked, NOW)).ok);
  await client.query("UPDATE mpm.code SET tenant = 'other' WHERE purpose = 'mail'");
  const kept = async () => (await client.query("SELECT tenant, role FROM mpm.code WHERE purpose = 'mail'")).rows;
  assert.equal((await inviteAddress(store, await rosterOf(store), { ...asked, role: "admin" }, NOW)).ok, false);
  assert.deepEqual(await kept(), [{ tenant: "other", role: "viewer" }]);
});
