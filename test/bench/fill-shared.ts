// Fills a PostgreSQL database with events over DAYS days, with the store's own tables: no event is sent.
// - Texts are TEXT_WORDS words, some of them in most events and some in one alone; each event has a word of its own besides.
// - Sessions of LANES machines at a time lie side by side, as where much comes: a full block has events of many of them.
// - Indexes are made at the end. SIGUSR2 ends it with the rows that are there by then, and they are indexed.

import pg from "pg";
import { MAX_EVENTS } from "../../src/store/postgres/blocks.ts";
import { marksOf } from "../../src/store/postgres/marks.ts";
import { PARTITION_OPTIONS, WEEKLY } from "../../src/store/postgres/migrations.ts";
import { ALL_USERS } from "../../src/store/postgres/scope.ts";
import { vectorOf } from "../../src/store/postgres/vector.ts";
import { weekOf } from "../../src/store/postgres/weeks.ts";
import { random } from "../browser/story.ts";

export const ROWS = Number(process.env["ROWS"] ?? 1_000_000);
export const DAYS = 30;
export const DAY_MS = 86_400_000;
const PER_SESSION = 50;
export const LANES = 64;
export const STRETCH = PER_SESSION * LANES;
export const PROJECTS = 40;
export const PEOPLE = 1000;
const TEXT_WORDS = 60;
const VOCABULARY = 30_000;
/** Different texts: each is that of many events. */
export const TEXTS = 20_000;
const TOOLS = ["Bash", "Read", "Edit", "Grep"];
const FAILED_EACH = 40;
/** Events of a block, at most MAX_EVENTS: what is committed together. Full blocks are the worst for a search. */
export const PER_BLOCK = Math.min(Number(process.env["PER_BLOCK"] ?? 4), MAX_EVENTS);
/** Rows that are made in one statement: whole stretches, so that portions have no session in common. */
const PORTION = 32 * STRETCH;
/** Portions that are made side by side. */
const AT_A_TIME = 2;
/** Blocks of words that are stored by one statement. */
const BLOCKS = 16;

export interface Filled {
  readonly rows: number;
  readonly rowsS: number;
  readonly indexesS: number;
}

export const wordAt = (share: number) => `word${Math.floor(share ** 4 * VOCABULARY)}`;
const pick = random(7);
export const texts = Array.from({ length: TEXTS }, () =>
  Array.from({ length: TEXT_WORDS }, () => wordAt(pick())).join(" "),
);
const textOf = (i: number) => texts[(i * 7919) % TEXTS] ?? "";
/** Of SQL, by the number of an event. */
const SESSION = `((i / ${STRETCH}) * ${LANES} + i % ${LANES})`;
const WEEK = "(t / 604800000)::integer";
const sessionOf = (i: number) => Math.floor(i / STRETCH) * LANES + (i % LANES);

/** @param url of a database whose store has its tables, and the words of one event of the session `first` */
export async function fill(url: string): Promise<Filled> {
  const clients = await Promise.all(Array.from({ length: AT_A_TIME }, () => connected(url)));
  const [client] = clients;
  if (!client) throw new Error("no connection");
  const begun = performance.now();
  const seconds = () => Math.round((performance.now() - begun) / 1000);
  const last = Date.now();
  const span: Span = { first: last - DAYS * DAY_MS, step: (DAYS * DAY_MS) / ROWS };
  for (let week = weekOf(span.first); week < weekOf(last); week++)
    for (const name of WEEKLY)
      await client.query(
        `CREATE TABLE IF NOT EXISTS mpm.${name}_w${week} PARTITION OF mpm.${name} FOR VALUES IN (${week})${name === "words" ? PARTITION_OPTIONS.words : ""}`,
      );
  const state = await aState(client);
  const remake = await dropIndexes(client);
  let next = 0;
  let isOver = false;
  process.once("SIGUSR2", () => {
    isOver = true;
  });
  await Promise.all(
    clients.map(async (each) => {
      while (next < ROWS && !isOver) {
        const from = next;
        next = Math.min(ROWS, from + PORTION);
        await portion(each, span, from, next, state);
        if ((from / PORTION) % 10 === 4) console.error(`${next} rows after ${seconds()} s`);
      }
    }),
  );
  await client.query(
    `INSERT INTO mpm.project SELECT 'default', '', '/code/p' || i FROM generate_series(0, ${PROJECTS - 1}) AS i ON CONFLICT DO NOTHING`,
  );
  await client.query("UPDATE mpm.counter SET n = $1::bigint + 1, events = $1::bigint + 1, bytes = $1::bigint * 900", [
    next,
  ]);
  for (const [table, key] of [
    ["event", "id"],
    ["body", "id"],
    ["known", "id"],
    ["words", "n"],
    ["session", "id"],
  ])
    await client.query(`DELETE FROM mpm.${table} WHERE ${key} = ${key === "n" ? 1 : "'first'"}`); // before all others, in the last week
  const rowsS = seconds();
  for (const statement of remake) {
    await client.query(statement);
    console.error(`${statement.slice(0, 90)} after ${seconds()} s`);
  }
  await client.query("ANALYZE mpm.event, mpm.body, mpm.words, mpm.known, mpm.session");
  await Promise.all(clients.map((each) => each.end()));
  return { rows: next, rowsS, indexesS: seconds() - rowsS };
}

interface Span {
  /** ms since 1970 */
  readonly first: number;
  /** Between two events, ms. */
  readonly step: number;
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query("SELECT set_config('mpm.tenant', 'default', false), set_config('mpm.users', '*', false)");
  await client.query("SET synchronous_commit = off; SET maintenance_work_mem = '2GB'");
  await client.query("CREATE TEMP TABLE texts (place integer PRIMARY KEY, said text)");
  await client.query(
    "INSERT INTO texts SELECT place - 1, said FROM unnest($1::text[]) WITH ORDINALITY AS t (said, place)",
    [texts],
  );
  return client;
}

async function portion(client: pg.Client, { first, step }: Span, from: number, to: number, state: string) {
  const values = [from, to, first, step];
  const made = `WITH made AS MATERIALIZED (SELECT i, 'e' || i AS id, 's' || ${SESSION} AS session, 'u' || ${SESSION} % ${PEOPLE} AS person,
      ($3::float8 + i * $4::float8)::bigint AS t, ${SESSION} % ${PROJECTS} AS project FROM generate_series($1::bigint, $2::bigint - 1) AS i)`;
  await client.query("BEGIN");
  await client.query(`${made} INSERT INTO mpm.known SELECT 'default', person, id, ${WEEK} FROM made`, values);
  await client.query(
    `${made} INSERT INTO mpm.event (tenant, user_id, week, block, n, id, t, session, seq, event, tool, failed, ms, text, bytes)
     SELECT 'default', person, ${WEEK}, '!' || ${WEEK} || '-' || i / ${PER_BLOCK}, i + 2, id, t, session, i % ${STRETCH} / ${LANES} + 1, 'PostToolUse',
       (ARRAY['${TOOLS.join("','")}'])[i % ${TOOLS.length} + 1], CASE WHEN i % ${FAILED_EACH} = 0 THEN 1 END, i % 900, 'made ' || i, 900 FROM made`,
    values,
  );
  await client.query(
    `${made} INSERT INTO mpm.body (tenant, user_id, week, id, json) SELECT 'default', person, ${WEEK}, id,
       json_build_object('schema_version', 1, 'id', id, 'session_id', session, 'seq', i % ${STRETCH} / ${LANES} + 1, 'timestamp', to_char(to_timestamp(t / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'hook_event_name', 'PostToolUse', 'host', json_build_object('name', 'bench'), 'data', json_build_object('tool_name', 'Bash', 'tool_input', json_build_object('command', said || ' only' || i)))::text
     FROM made JOIN texts ON place = i * 7919 % ${TEXTS}`,
    values,
  );
  let rows: unknown[][] = [];
  const keep = async () => {
    const marks = rows.map((row, at) => `(${row.map((_, of) => `$${at * row.length + of + 1}`).join()})`);
    if (rows.length > 0)
      await client.query(
        `INSERT INTO mpm.words (tenant, user_id, week, id, n, ids, words) VALUES ${marks.join()}`,
        rows.flat(),
      );
    rows = [];
  };
  for (const block of blocks(from, to, (i) => Math.round(first + i * step))) {
    rows.push(block);
    if (rows.length === BLOCKS) await keep();
  }
  await keep();
  await client.query(
    `${made} INSERT INTO mpm.session (tenant, user_id, id, first_at, last_at, state, host, project, gaps, words, json)
     SELECT 'default', min(person), session, min(t), max(t), 'idle', 'bench', '/code/p' || min(project), 0, session,
       replace(replace(replace($5::text, '"of-bench"', to_json(session)::text), '1111111111111', min(t)::text), '2222222222222', max(t)::text)
     FROM made GROUP BY session ON CONFLICT DO NOTHING`,
    [...values, state],
  );
  await client.query("COMMIT");
}

/** Rows of words: blocks of PER_BLOCK events. */
function* blocks(from: number, to: number, timeOf: (i: number) => number): Generator<unknown[]> {
  const week = (i: number) => weekOf(timeOf(i));
  const number = (i: number) => Math.floor(i / PER_BLOCK);
  for (let i = from; i < to; ) {
    const first = i;
    const said: string[] = [];
    const marks: (readonly string[])[] = [];
    for (; i < to && number(i) === number(first) && week(i) === week(first); i++) {
      said.push(`Bash ${textOf(i)} only${i}`);
      const session = sessionOf(i);
      const row = {
        id: "",
        t: timeOf(i),
        session: "",
        seq: 0,
        event: "PostToolUse",
        bytes: 0,
        tool: TOOLS[i % TOOLS.length] ?? "",
      };
      const failed = i % FAILED_EACH === 0 ? { failed: true as const } : {};
      marks.push(
        marksOf(
          { row: { ...row, ...failed }, file: undefined, project: undefined },
          `u${session % PEOPLE}`,
          `/code/p${session % PROJECTS}`,
        ),
      );
    }
    const ids = said.map((_, place) => `e${first + place}`);
    const id = `!${week(first)}-${number(first)}`;
    yield ["default", ALL_USERS, week(first), id, first + 2, ids, vectorOf(said, marks)];
  }
}

/** Drops what is quicker made at the end; the statements make it again. */
async function dropIndexes(client: pg.Client): Promise<readonly string[]> {
  const tables = "'mpm.event'::regclass, 'mpm.body'::regclass, 'mpm.words'::regclass, 'mpm.known'::regclass";
  const keys = await client.query(
    `SELECT conrelid::regclass AS name, conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE contype = 'p' AND conrelid IN (${tables})`,
  );
  const indexes = await client.query(
    `SELECT indexrelid::regclass AS name, replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS definition
     FROM pg_index WHERE NOT indisprimary AND indrelid IN (${tables})`,
  );
  for (const { name } of indexes.rows) await client.query(`DROP INDEX ${name}`);
  for (const { name, conname } of keys.rows) await client.query(`ALTER TABLE ${name} DROP CONSTRAINT ${conname}`);
  return [
    ...keys.rows.map(({ name, conname, definition }) => `ALTER TABLE ${name} ADD CONSTRAINT ${conname} ${definition}`),
    ...indexes.rows.map(({ definition }) => String(definition)),
  ];
}

/** The state of a session as the store keeps it, with marks for what differs. */
async function aState(client: pg.Client): Promise<string> {
  const { rows } = await client.query("SELECT json FROM mpm.session WHERE id = 'first'");
  const state = JSON.parse(String(rows[0]?.json));
  return JSON.stringify({ ...state, id: "of-bench", firstAt: 1_111_111_111_111, lastAt: 2_222_222_222_222 });
}
