// Several teams in one database: whatever one of them has, does or removes, the other knows nothing of it.

import assert from "node:assert/strict";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { until } from "../../world.ts";
import { startServer } from "../store/server.ts";
import { envelope } from "../trust/monitor.ts";

const test = testWith("postgresql");

/** The same ids in both teams: nothing says that they differ. */
const event = (seq: number, prompt: string): Envelope => ({
  ...envelope(seq, { session: "s", prompt }),
  id: `s-${seq}`,
  data: { prompt },
});

test("two teams in one database share no event, word, session, person, log or live message, and forget apart", async (t) => {
  const server = await startServer();
  t.after(() => server.close());
  const open = async (tenant: string) => {
    const opened = await openPostgres({ url: server.url, now: Date.now, scope: { tenant, user: "" } });
    assert.ok(opened.ok);
    t.after(() => opened.value.close());
    const store = opened.value;
    const heard: string[] = [];
    t.after(store.subscribe(({ rows, sessions }) => heard.push(...rows.map(({ text }) => text ?? ""), ...sessions)));
    const found = async (q: string) => (await store.rows({ q }, { limit: 10 })).map(({ text }) => text);
    return { store, heard, found };
  };
  const [reef, harbour] = [await open("reef"), await open("harbour")];
  const [first] = await Promise.all([
    reef.store.append([event(1, "coral at low tide"), event(2, "coral again")], ["ada", "ada"]),
    harbour.store.append([event(1, "crane at low tide")], ["ada"]),
  ]);
  assert.deepEqual(
    first.outcomes.map(({ kind }) => kind),
    ["stored", "stored"],
    "an id is unique within a team",
  );
  await until(() => reef.heard.length >= 3 && harbour.heard.length >= 2, 10_000, "what was committed");
  assert.deepEqual(reef.heard, ["coral at low tide", "coral again", "s"]);
  assert.deepEqual(harbour.heard, ["crane at low tide", "s"]);
  assert.deepEqual(await reef.found("tide"), ["coral at low tide"]);
  assert.deepEqual([await harbour.found("tide"), await harbour.found("coral")], [["crane at low tide"], []]);
  assert.deepEqual(await harbour.store.as({ user: "ada", users: ["ada"] }).rows({ q: "cor*" }, { limit: 9 }), []);
  for (const [{ store }, events] of [[reef, 2] as const, [harbour, 1] as const]) {
    const { sessions } = await store.sessions({ limit: 10 });
    assert.deepEqual(
      sessions.map((session) => [session.id, session.events]),
      [["s", events]],
    );
    assert.deepEqual([(await store.figures()).events, (await store.figures()).newest], [events, events]);
    assert.equal((await store.statistics({ since: 0, until: Date.now() + 1000 })).events, events);
  }

  const admin = { id: "p1", name: "dana" };
  const code = (of: string) => ({ code: of, purpose: "open", role: "admin", person: "p1", expiresAt: 9e15 }) as const;
  for (const [team, { store }] of Object.entries({ reef, harbour }))
    assert.ok((await store.team.found({ name: team, content: "content" }, admin, code(`c-${team}`), 1)).ok);
  await reef.store.team.note([{ at: 1, person: "p1", action: "read", session: "s", owner: "ada" }]);
  assert.deepEqual([(await reef.store.team.noted(9)).length, await harbour.store.team.noted(9)], [1, []]);
  await reef.store.team.revoke({ person: "p1" }, 2);
  const left = await harbour.store.team.roster();
  assert.deepEqual([left?.team.name, left?.people.map(({ revokedAt }) => revokedAt)], ["harbour", [undefined]]);
  const visited = await harbour.store.team.visit("c-reef", { visit: "v", expiresAt: 9e15 }, 3);
  assert.ok(!visited.ok, "a code of another team lets nobody in");

  harbour.heard.length = 0;
  await reef.store.forget({ session: "s" });
  assert.deepEqual([await reef.found("tide"), await harbour.found("tide")], [[], ["crane at low tide"]]);
  await harbour.store.append([event(2, "crane again")], ["ada"]);
  await until(() => harbour.heard.length >= 2, 10_000, "the next event");
  assert.deepEqual(harbour.heard, ["crane again", "s"]);
});
