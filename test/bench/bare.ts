// The floor: a bare client that inserts such rows as the store keeps, with the same index of words, and nothing else.

import pg from "pg";
import type { Envelope } from "../../src/contract/envelope.ts";
import { searchText } from "../../src/store/extract.ts";
import { blocksOf } from "../../src/store/postgres/blocks.ts";
import { wordsOf } from "../../src/store/words.ts";

const TABLES = `CREATE SCHEMA floor;
  CREATE TABLE floor.bare (id text PRIMARY KEY, session text, json text); CREATE INDEX ON floor.bare (session);
  CREATE TABLE floor.block (id text PRIMARY KEY, ids text[], words tsvector); CREATE INDEX ON floor.block USING gin (words);
  CREATE TABLE floor.each (id text PRIMARY KEY, session text, json text, words tsvector);
  CREATE INDEX ON floor.each (session); CREATE INDEX ON floor.each USING gin (words)`;

export async function connectBare(url: string, count: number): Promise<readonly pg.Client[]> {
  const clients = Array.from({ length: count }, () => new pg.Client({ connectionString: url }));
  for (const client of clients) await client.connect();
  await clients[0]?.query(TABLES);
  return clients;
}

const columns = (events: readonly Envelope[]) => [
  events.map(({ id }) => id),
  events.map(({ session_id: session }) => session),
  events.map((event) => JSON.stringify(event)),
];

/** One transaction, with words by blocks. */
export async function insertByBlocks(client: pg.Client | undefined, events: readonly Envelope[]): Promise<void> {
  const blocks = blocksOf(events.map((envelope) => ({ envelope, owner: "", marks: [] })));
  await client?.query("BEGIN");
  await client?.query(
    "INSERT INTO floor.bare SELECT * FROM unnest($1::text[], $2::text[], $3::text[])",
    columns(events),
  );
  for (const { id, ids, words } of blocks)
    await client?.query("INSERT INTO floor.block VALUES ($1, $2::text[], $3::tsvector)", [id, ids, words]);
  await client?.query("COMMIT");
}

/** One transaction, with words as PostgreSQL offers it: a tsvector a row. */
export async function insertEach(client: pg.Client | undefined, events: readonly Envelope[]): Promise<void> {
  await client?.query(
    "INSERT INTO floor.each SELECT id, session, json, words::tsvector FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS g (id, session, json, words)",
    [...columns(events), events.map((event) => literalOf(searchText(event)))],
  );
}

const literalOf = (text: string) =>
  wordsOf(text)
    .map((word, index) => `'${word}':${index + 1}`)
    .join(" ");
