// Who belongs to a team: codes that work once, hashes instead of secrets, revoking.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import pg from "pg";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { foundTeam, hashOf, invite, join, signIn, signInCode } from "../../../src/team/codes.ts";
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
