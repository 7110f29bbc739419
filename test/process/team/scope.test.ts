// Whose a session is, and who sees it: by the statements, and behind them by the database itself.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import pg from "pg";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { until } from "../../world.ts";
import { startServer } from "../store/server.ts";
import { envelope } from "../trust/monitor.ts";

const test = testWith("postgresql");

async function open(t: TestContext) {
  const server = await startServer();
  const opened = await openPostgres({ url: server.url, now: Date.now });
  assert.ok(opened.ok, JSON.stringify(opened));
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  t.after(async () => {
    await client.end();
    await opened.value.close();
    await server.close();
  });
  return { store: opened.value, client };
}

test("each event is its person's, a page of theirs alone is told of nothing else, and nobody adds to another's session", async (t) => {
  const { store } = await open(t);
  const [ada, bob] = [store.as({ user: "ada", users: ["ada"] }), store.as({ user: "bob", users: ["bob"] })];
  const [hers, his] = [randomUUID(), randomUUID()];
  const told: Record<string, string[]> = { ada: [], bob: [], all: [] };
  for (const [name, of] of Object.entries({ ada, bob, all: store }))
    t.after(of.subscribe(({ rows }) => void told[name]?.push(...rows.map(({ session }) => session))));
  const sent = [
    envelope(1, { session: hers, prompt: "npm test" }),
    envelope(1, { session: his }),
    envelope(2, { session: hers }),
  ];
  const owners = ["ada", "bob", "ada"];
  const { outcomes } = await store.append(sent, owners);
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ["stored", "stored", "stored"],
  );
  await until(() => (told["all"]?.length ?? 0) === 3, 5000, "three rows");
  assert.deepEqual(told, { ada: [hers, hers], bob: [his], all: [hers, his, hers] });

  const theirs = (await store.sessions({ limit: 10 })).sessions.map(({ id, person }) => [id, person]);
  assert.deepEqual(
    new Map(theirs as [string, string][]),
    new Map([
      [hers, "ada"],
      [his, "bob"],
    ]),
  );
  assert.deepEqual(
    (await store.sessions({ limit: 10, person: "bob" })).sessions.map(({ id }) => id),
    [his],
  );
  assert.equal(await bob.session(hers), undefined);
  assert.deepEqual(await bob.identify(hers.slice(0, 8)), []);
  const found = async (of: typeof bob) => (await of.rows({ q: "npm" }, { limit: 10 })).map(({ session }) => session);
  assert.deepEqual([await found(ada), await found(bob)], [[hers], []]);
  assert.equal(
    (await bob.projects()).reduce((sum, { sessions }) => sum + sessions, 0),
    1,
  );

  const intruder = envelope(3, { session: hers });
  const refused = await store.append([intruder, envelope(2, { session: his })], ["bob", "bob"]);
  assert.deepEqual(
    refused.outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.reason.code : outcome.kind)),
    ["session_taken", "stored"],
  );
  assert.equal((await store.session(hers))?.events, 2);
});

test("a connection that forgets its filter sees nothing, and one of a person's that person's alone", async (t) => {
  const { store, client } = await open(t);
  await store.append([envelope(1, { session: "a" }), envelope(1, { session: "b" })], ["ada", "bob"]);
  const tables = ["event", "body", "known", "session", "project", "touched", "turn", "wait", "answer"];
  for (const table of tables) {
    const { rows } = await client.query(`SELECT * FROM mpm.${table}`);
    assert.deepEqual(rows, [], table);
  }
  const as = async (users: string) => {
    await client.query("BEGIN");
    await client.query("SELECT set_config('mpm.tenant', 'default', true), set_config('mpm.users', $1, true)", [users]);
    const { rows } = await client.query("SELECT session, user_id FROM mpm.event ORDER BY session");
    await client.query("ROLLBACK");
    return rows.map(({ session }: { session: string }) => session);
  };
  assert.deepEqual(await as("{bob}"), ["b"]);
  assert.deepEqual(await as("*"), ["a", "b"]);
  assert.deepEqual(await as("{}"), []);
  await client.query("SELECT set_config('mpm.tenant', 'other', false), set_config('mpm.users', '*', false)");
  assert.deepEqual((await client.query("SELECT * FROM mpm.event")).rows, []);
  await assert.rejects(
    client.query("INSERT INTO mpm.touched (tenant, user_id, touch, session) VALUES ('default', 'ada', 1, 'a')"),
    /row-level security/,
  );
});

test("what somebody says of an answer that is another's changes nothing of it", async (t) => {
  const { store } = await open(t);
  const [ada, bob] = [store.as({ user: "ada", users: ["ada"] }), store.as({ user: "bob", users: ["bob"] })];
  const [hers, his] = [randomUUID(), randomUUID()];
  await store.append([envelope(1, { session: hers }), envelope(1, { session: his })], ["ada", "bob"]);
  const said = (output: number) =>
    ({
      kind: "answers",
      answers: [
        { id: "msg_1", t: 5, model: "claude-opus-4-1", tokens: { input: 1, output, cacheRead: 0, cacheWrite: 0 } },
      ],
    }) as const;
  assert.equal(await ada.record([{ session: hers, facts: [said(2)] }]), undefined);
  assert.equal(await bob.record([{ session: his, facts: [said(9000)] }]), undefined);
  assert.equal((await store.session(hers))?.tokens?.output, 2);
  assert.equal((await store.session(his))?.tokens, undefined);
  for await (const portion of store.answers({ since: 0, until: Date.now() }))
    assert.deepEqual(
      portion.map(({ session, tokens }) => [session, tokens.output]),
      [[hers, 2]],
    );
});
