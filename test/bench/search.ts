// Questions to a store of ROWS events over 30 days on PostgreSQL, as a page asks them: words, sessions, events, statistics.
// - The rows are made in the database, with the store's own tables: no event is sent. Texts are TEXT_WORDS words, some of
//   them in most events and some in one alone; each event has a word of its own besides. Indexes are made at the end.
// - Each question is asked for QUESTIONS times at the port, each time for other words.

import pg from "pg";
import { MAX_EVENTS } from "../../src/store/postgres/blocks.ts";
import { PARTITION_OPTIONS } from "../../src/store/postgres/migrations.ts";
import { openPostgres } from "../../src/store/postgres/store.ts";
import { vectorOf } from "../../src/store/postgres/vector.ts";
import { weekOf } from "../../src/store/postgres/weeks.ts";
import { random } from "../browser/story.ts";
import { startServer } from "../process/store/server.ts";
import { envelope } from "../process/trust/monitor.ts";
import { quantile, type Row, table } from "./table.ts";

const ROWS = Number(process.env["ROWS"] ?? 1_000_000);
const DAYS = 30;
const DAY_MS = 86_400_000;
const PER_SESSION = 400;
const TEXT_WORDS = 60;
const VOCABULARY = 30_000;
/** Different texts: each is that of many events. */
const TEXTS = 20_000;
/** Events of a block, at most MAX_EVENTS: what is committed together. Full blocks are the worst for a search. */
const PER_BLOCK = Math.min(Number(process.env["PER_BLOCK"] ?? 4), MAX_EVENTS);
/** Rows that are made in one statement. */
const PORTION = 102_400;
const QUESTIONS = 40;
const PAGE = 50;

const pick = random(7);
const wordAt = (share: number) => `word${Math.floor(share ** 4 * VOCABULARY)}`;
const server = await startServer(undefined, [
  ...[
    "shared_buffers = 1GB",
    "max_wal_size = 8GB",
    "maintenance_work_mem = 1GB",
    "wal_level = minimal",
    "max_wal_senders = 0",
  ],
]);
process.once("exit", () => void server.close());
const opened = await openPostgres({ url: server.url, now: Date.now });
if (!opened.ok) throw new Error(JSON.stringify(opened.reason));
const store = opened.value;
// The store makes its tables of this week, and its own words of one event.
await store.append([{ ...envelope(1, { session: "first" }), id: "first", timestamp: new Date().toISOString() }]);

const client = new pg.Client({ connectionString: server.url });
await client.connect();
const filled = await fill();

async function fill(): Promise<{ readonly rowsS: number; readonly indexesS: number }> {
  const begun = performance.now();
  await client.query("SELECT set_config('mpm.tenant', 'default', false), set_config('mpm.users', '*', false)");
  await client.query("SET synchronous_commit = off");
  const [first, last] = [Date.now() - DAYS * DAY_MS, Date.now()];
  for (let week = weekOf(first); week < weekOf(last); week++)
    for (const name of ["event", "body", "words"])
      await client.query(
        `CREATE TABLE IF NOT EXISTS mpm.${name}_w${week} PARTITION OF mpm.${name} FOR VALUES IN (${week})${name === "words" ? PARTITION_OPTIONS.words : ""}`,
      );
  const texts = Array.from({ length: TEXTS }, () => Array.from({ length: TEXT_WORDS }, () => wordAt(pick())).join(" "));
  await client.query("CREATE TEMP TABLE texts (place integer PRIMARY KEY, said text)");
  await client.query(
    "INSERT INTO texts SELECT place - 1, said FROM unnest($1::text[]) WITH ORDINALITY AS t (said, place)",
    [texts],
  );
  const indexes = await client.query(
    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'mpm' AND indexname = 'words_found'",
  );
  await client.query("DROP INDEX mpm.words_found");
  for (let from = 0; from < ROWS; from += PORTION) {
    const values = [from, Math.min(ROWS, from + PORTION), first, (last - first) / ROWS];
    const made = `WITH made AS MATERIALIZED (SELECT i, 'e' || i AS id, 's' || (i / ${PER_SESSION}) * 8 + i % 8 AS session,
        ($3::float8 + i * $4::float8)::bigint AS t, i / ${PER_SESSION} % 40 AS project FROM generate_series($1::bigint, $2::bigint - 1) AS i)`;
    const week = "(t / 604800000)::integer";
    await client.query("BEGIN");
    await client.query(`${made} INSERT INTO mpm.known SELECT 'default', '', id, ${week} FROM made`, values);
    await client.query(
      `${made} INSERT INTO mpm.event (tenant, user_id, week, block, n, id, t, session, seq, event, tool, failed, ms, text, bytes)
       SELECT 'default', '', ${week}, '+' || ${week} || '-' || i / ${PER_BLOCK}, i + 2, id, t, session, i % ${PER_SESSION} / 8 + 1, 'PostToolUse', (ARRAY['Bash','Read','Edit','Grep'])[i % 4 + 1],
         CASE WHEN i % 40 = 0 THEN 1 END, i % 900, 'made ' || i, 900 FROM made`,
      values,
    );
    await client.query(
      `${made} INSERT INTO mpm.body (tenant, user_id, week, id, json) SELECT 'default', '', ${week}, id,
         json_build_object('schema_version', 1, 'id', id, 'session_id', session, 'seq', i % ${PER_SESSION} / 8 + 1, 'timestamp', to_char(to_timestamp(t / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
           'hook_event_name', 'PostToolUse', 'host', json_build_object('name', 'bench'), 'data', json_build_object('tool_name', 'Bash', 'tool_input', json_build_object('command', said || ' only' || i)))::text
       FROM made JOIN texts ON place = i * 7919 % ${TEXTS}`,
      values,
    );
    for (const block of blocks(from, Math.min(ROWS, from + PORTION), (i) => first + i * ((last - first) / ROWS), texts))
      await client.query(
        "INSERT INTO mpm.words (tenant, user_id, week, id, n, ids, words) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        block,
      );
    await client.query(
      `${made} INSERT INTO mpm.session (tenant, user_id, id, first_at, last_at, state, host, project, gaps, words, json)
       SELECT 'default', '', session, min(t), max(t), 'idle', 'bench', '/code/p' || min(project), 0, session,
         replace(replace(replace($5::text, '"of-bench"', to_json(session)::text), '1111111111111', min(t)::text), '2222222222222', max(t)::text)
       FROM made GROUP BY session ON CONFLICT DO NOTHING`,
      [...values, await aState()],
    );
    await client.query("COMMIT");
    if ((from / PORTION) % 10 === 4)
      console.error(`${from + PORTION} rows after ${Math.round((performance.now() - begun) / 1000)} s`);
  }
  await client.query(
    "INSERT INTO mpm.project SELECT 'default', '', '/code/p' || i FROM generate_series(0, 39) AS i ON CONFLICT DO NOTHING",
  );
  await client.query("UPDATE mpm.counter SET n = $1 + 1, events = $1 + 1, bytes = $1 * 900", [ROWS]);
  const rowsS = (performance.now() - begun) / 1000;
  for (const { indexdef } of indexes.rows) await client.query(String(indexdef).replace(" ON ONLY ", " ON "));
  await client.query("ANALYZE mpm.event, mpm.body, mpm.words, mpm.known, mpm.session");
  return { rowsS, indexesS: (performance.now() - begun) / 1000 - rowsS };
}

/** Rows of words: blocks of PER_BLOCK events. */
function* blocks(
  from: number,
  to: number,
  timeOf: (i: number) => number,
  texts: readonly string[],
): Generator<unknown[]> {
  const week = (i: number) => weekOf(Math.round(timeOf(i)));
  const number = (i: number) => Math.floor(i / PER_BLOCK);
  for (let i = from; i < to; ) {
    const first = i;
    const said: string[] = [];
    for (; i < to && number(i) === number(first) && week(i) === week(first); i++)
      said.push(`Bash ${texts[(i * 7919) % TEXTS]} only${i}`);
    const ids = said.map((_, place) => `e${first + place}`);
    yield ["default", "", week(first), `+${week(first)}-${number(first)}`, first + 2, ids, vectorOf(said)];
  }
}

/** The state of a session as the store keeps it, with marks for what differs. */
async function aState(): Promise<string> {
  const { rows } = await client.query("SELECT json FROM mpm.session WHERE id = 'first'");
  const state = JSON.parse(String(rows[0]?.json));
  return JSON.stringify({ ...state, id: "of-bench", firstAt: 1_111_111_111_111, lastAt: 2_222_222_222_222 });
}

const ask = async (what: string, work: () => Promise<unknown>): Promise<Row> => {
  const times: number[] = [];
  for (let at = 0; at < QUESTIONS; at++) {
    const begun = performance.now();
    await work();
    times.push(performance.now() - begun);
  }
  return [what, quantile(times, 0.95), "ms", `median ${Math.round(quantile(times, 0.5))} ms`];
};
const search = (words: () => string) => () => store.rows({ q: words() }, { limit: PAGE });
/** A word that about so many of a million events have. */
const oftenWord = (most: number, least: number) => wordAt(least + pick() * (most - least));
const day = () => ({ since: Date.now() - DAY_MS, until: Date.now() });
const { rows } = await client.query("SELECT pg_size_pretty(pg_database_size(current_database())) AS size");
table(
  `Questions to a store of ${ROWS} events over ${DAYS} days (${rows[0]?.size}), filled in ${Math.round(filled.rowsS)} s, its words indexed in ${Math.round(filled.indexesS)} s`,
  [
    await ask(
      "search, a word of one event",
      search(() => `only${Math.floor(pick() * ROWS)}`),
    ),
    await ask(
      "search, a word that is nowhere",
      search(() => `none${Math.floor(pick() * ROWS)}`),
    ),
    await ask(
      "search, any word",
      search(() => oftenWord(1, 0)),
    ),
    await ask(
      "search, a seldom word",
      search(() => oftenWord(1, 0.7)),
    ),
    await ask(
      "search, a frequent word",
      search(() => oftenWord(0.1, 0)),
    ),
    await ask(
      "search, two words",
      search(() => `${oftenWord(1, 0)} ${oftenWord(1, 0)}`),
    ),
    await ask(
      "search, the beginning of a word",
      search(() => `${oftenWord(1, 0.3).slice(0, -1)}*`),
    ),
    await ask("search, a word in one project", () =>
      store.rows({ q: oftenWord(1, 0), project: "p7" }, { limit: PAGE }),
    ),
    await ask("a page of sessions", () => store.sessions({ limit: PAGE })),
    await ask("a page of a project's sessions", () => store.sessions({ limit: PAGE, project: "p7" })),
    await ask("one event", () => store.envelope(`e${Math.floor(pick() * ROWS)}`)),
    await ask("the newest events", () => store.rows({}, { limit: PAGE })),
    await ask("events of a session", () =>
      store.rows({ session: `s${Math.floor((pick() * ROWS) / PER_SESSION) * 8}` }, { limit: PAGE }),
    ),
    await ask("statistics of a day", () => store.statistics(day())),
  ],
  "p95",
);
await client.end();
await store.close();
await server.close();
