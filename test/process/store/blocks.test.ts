// The index of words on PostgreSQL: what of it stays when events go, and what older versions have put in.

import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import pg from "pg";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { openPostgres } from "../../../src/store/postgres/store.ts";
import { testWith } from "../../tools.ts";
import { envelope } from "../trust/monitor.ts";
import { startServer } from "./server.ts";

const test = testWith("postgresql");

async function open(t: TestContext) {
  const server = await startServer();
  const opened = await openPostgres({ url: server.url, now: Date.now });
  assert.ok(opened.ok, JSON.stringify(opened));
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query("SELECT set_config('mpm.tenant', 'default', false), set_config('mpm.users', '*', false)");
  t.after(async () => {
    await client.end();
    await opened.value.close();
    await server.close();
  });
  const store = opened.value;
  return {
    store,
    client,
    found: async (q: string) => (await store.rows({ q }, { limit: 50 })).map(({ session, seq }) => `${session}${seq}`),
    async append(...events: readonly Envelope[]) {
      assert.deepEqual((await store.append(events)).trouble, undefined);
    },
    async words(): Promise<string[]> {
      const { rows } = await client.query<{ word: string }>(
        "SELECT DISTINCT word FROM mpm.words, unnest(tsvector_to_array(words)) AS word WHERE word NOT LIKE '=%' ORDER BY word",
      );
      return rows.map(({ word }) => word);
    },
  };
}

const say = (session: string, seq: number, prompt: string): Envelope => ({
  ...envelope(seq, { session, prompt }),
  id: `${session}-${seq}`,
  timestamp: new Date().toISOString(),
  data: { prompt },
});

test("of what was forgotten no word stays in the index, and what was stored with it is found as before", async (t) => {
  const { store, client, found, append, words } = await open(t);
  await append(say("a", 1, "tide gauge"), say("b", 1, "tide reef"), say("a", 2, "pearl"), say("b", 2, "buoy pearl"));
  await append(say("a", 3, "kelp"));
  await store.forget({ session: "a" });
  assert.deepEqual(await words(), ["buoy", "pearl", "reef", "tide"]);
  assert.deepEqual([await found("tide"), await found("pearl"), await found("gauge")], [["b1"], ["b2"], []]);
  const { rows } = await client.query("SELECT ids, words::text FROM mpm.words");
  const marks = /'=[a-z0-9]+':2,4 /g; // both events are alike in what they may be limited to
  assert.deepEqual(
    rows.map(({ ids, words: kept }) => [ids, kept.replace(marks, "")]),
    [[[null, "b-1", null, "b-2"], "'buoy':4 'pearl':4 'reef':2 'tide':2"]],
  );
  await client.query("DELETE FROM mpm.event WHERE id = 'b-1'"); // as a monitor of an older version does
  assert.deepEqual([await words(), await found("tide"), await found("pearl")], [["buoy", "pearl"], [], ["b2"]]);
  await store.forget({ session: "b" });
  assert.deepEqual((await client.query("SELECT id FROM mpm.words")).rows, []);
});

test("what a limit removes is in no block any more, whatever else is in it", async (t) => {
  const { store, found, append, words } = await open(t);
  const old = { ...say("a", 1, "tide old"), timestamp: new Date(Date.now() - 9 * 86_400_000).toISOString() };
  await append(old, say("b", 1, "tide new"));
  await store.retain({ before: Date.now() - 86_400_000, maxBytes: Number.POSITIVE_INFINITY });
  assert.deepEqual([await words(), await found("tide")], [["new", "tide"], ["b1"]]);
});

test("what an older monitor has stored is found in one order with the rest, and is forgotten like it", async (t) => {
  const { store, client, found, append, words } = await open(t);
  for (let seq = 1; seq <= 9; seq += 3)
    await append(
      say("a", seq, "the tide gauge"),
      say("a", seq + 1, "gauge of the tide"),
      say("a", seq + 2, "the reef"),
    );
  // Up to schema 4 each event had a row of its own, with the places of its words in the text.
  await client.query(`INSERT INTO mpm.words (tenant, user_id, week, id, words)
    SELECT e.tenant, e.user_id, e.week, e.id,
      (SELECT string_agg('''' || word || ''':' || place, ' ') FROM regexp_split_to_table(e.text, ' ') WITH ORDINALITY AS o (word, place))::tsvector
    FROM mpm.event e WHERE e.seq BETWEEN 4 AND 6`);
  await client.query("DELETE FROM mpm.words w USING mpm.event e WHERE e.seq = 4 AND w.id = e.block");
  await client.query("UPDATE mpm.event SET block = NULL WHERE seq BETWEEN 4 AND 6");
  const all = ["a8", "a7", "a5", "a4", "a2", "a1"];
  assert.deepEqual([await found("tide"), await found("gau*"), await found("gauge tide")], [all, all, all]);
  assert.deepEqual(await found('"tide gauge"'), ["a7", "a4", "a1"]);
  assert.deepEqual(await found("the -gauge"), ["a9", "a6", "a3"]);
  const pages: number[] = [];
  for (let after = 0; pages.length < 9; ) {
    const [row] = await store.rows({ q: "the" }, { after, limit: 1 });
    pages.push(row?.seq ?? 0);
    after = row?.n ?? 0;
  }
  assert.deepEqual(pages, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await store.forget({ session: "a" });
  assert.deepEqual(await words(), []);
});

test("a word that is in very many events is found where a filter leaves few of them, far from the newest", async (t) => {
  const { store, append } = await open(t);
  const call = (seq: number, tool: string, prompt: string) => ({
    ...say("a", seq, prompt),
    data: { prompt, tool_name: tool },
  });
  let seq = 0;
  const both = () => [call(++seq, "Read", "tide"), call(++seq, "Bash", "tide")];
  for (let at = 0; at < 200; at++) await append(...both());
  const wanted = seq - 1;
  for (let at = 0; at < 4; at++) await append(...Array.from({ length: 60 }, () => call(++seq, "Read", "reef")));
  const ask = (q: string, filter = {}) => store.rows({ q, tool: "Read", ...filter }, { limit: 1 });
  assert.deepEqual(
    (await ask("tide")).map((row) => row.seq),
    [wanted],
  );
  assert.deepEqual(
    (await ask("tide OR none")).map((row) => row.seq),
    [wanted],
  );
  const [first] = await store.rows({ q: "tide", tool: "Read" }, { limit: 1, after: 0 });
  assert.equal(first?.seq, 1);
});
