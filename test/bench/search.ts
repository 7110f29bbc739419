// Questions to a store of ROWS events over 30 days on PostgreSQL, as a page asks them: words, sessions, events, statistics.
// - The rows are made in the database, with the store's own tables: no event is sent. Texts are TEXT_WORDS words, some of
//   them in most events and some in one alone; each event has a word of its own besides. Indexes are made at the end.
// - Sessions of LANES machines at a time lie side by side, as where much comes: a full block has events of many of them.
// - Each question is asked for QUESTIONS times at the port, each time for other words. Beside the time that passes stands
//   the processor time of PostgreSQL and of this process, which others on the machine do not change.
// - With STORE, a database of this machine, that one is filled if it is empty, asked, and left as it is.

import { readFileSync } from "node:fs";
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
const PER_SESSION = 50;
const LANES = 64;
const STRETCH = PER_SESSION * LANES;
const PROJECTS = 40;
const TEXT_WORDS = 60;
const VOCABULARY = 30_000;
/** Different texts: each is that of many events. */
const TEXTS = 20_000;
/** Events of a block, at most MAX_EVENTS: what is committed together. Full blocks are the worst for a search. */
const PER_BLOCK = Math.min(Number(process.env["PER_BLOCK"] ?? 4), MAX_EVENTS);
/** Rows that are made in one statement. */
const PORTION = 102_400;
const QUESTIONS = Number(process.env["QUESTIONS"] ?? 40);
const PAGE = 50;

const pick = random(7);
const wordAt = (share: number) => `word${Math.floor(share ** 4 * VOCABULARY)}`;
const texts = Array.from({ length: TEXTS }, () => Array.from({ length: TEXT_WORDS }, () => wordAt(pick())).join(" "));
const given = process.env["STORE"];
const server =
  given === undefined
    ? await startServer(undefined, [
        ...["shared_buffers = 1GB", "max_wal_size = 8GB", "maintenance_work_mem = 1GB"],
        ...["wal_level = minimal", "max_wal_senders = 0"],
      ])
    : undefined;
process.once("exit", () => void server?.close());
const url = given ?? server?.url ?? "";
const opened = await openPostgres({ url, now: Date.now });
if (!opened.ok) throw new Error(JSON.stringify(opened.reason));
const store = opened.value;
// The store makes its tables of this week, and its own words of one event.
await store.append([{ ...envelope(1, { session: "first" }), id: "first", timestamp: new Date().toISOString() }]);

const client = new pg.Client({ connectionString: url });
await client.connect();
await client.query("SELECT set_config('mpm.tenant', 'default', false), set_config('mpm.users', '*', false)");
const isFilled = (await client.query("SELECT 1 FROM mpm.known WHERE id = 'e0'")).rows.length > 0;
const filled = isFilled ? undefined : await fill();

async function fill(): Promise<{ readonly rowsS: number; readonly indexesS: number }> {
  const begun = performance.now();
  await client.query("SET synchronous_commit = off");
  const [first, last] = [Date.now() - DAYS * DAY_MS, Date.now()];
  for (let week = weekOf(first); week < weekOf(last); week++)
    for (const name of ["event", "body", "words"])
      await client.query(
        `CREATE TABLE IF NOT EXISTS mpm.${name}_w${week} PARTITION OF mpm.${name} FOR VALUES IN (${week})${name === "words" ? PARTITION_OPTIONS.words : ""}`,
      );
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
    const made = `WITH made AS MATERIALIZED (SELECT i, 'e' || i AS id, 's' || (i / ${STRETCH}) * ${LANES} + i % ${LANES} AS session,
        ($3::float8 + i * $4::float8)::bigint AS t, ((i / ${STRETCH}) * ${LANES} + i % ${LANES}) % ${PROJECTS} AS project FROM generate_series($1::bigint, $2::bigint - 1) AS i)`;
    const week = "(t / 604800000)::integer";
    await client.query("BEGIN");
    await client.query(`${made} INSERT INTO mpm.known SELECT 'default', '', id, ${week} FROM made`, values);
    await client.query(
      `${made} INSERT INTO mpm.event (tenant, user_id, week, block, n, id, t, session, seq, event, tool, failed, ms, text, bytes)
       SELECT 'default', '', ${week}, '+' || ${week} || '-' || i / ${PER_BLOCK}, i + 2, id, t, session, i % ${STRETCH} / ${LANES} + 1, 'PostToolUse', (ARRAY['Bash','Read','Edit','Grep'])[i % 4 + 1],
         CASE WHEN i % 40 = 0 THEN 1 END, i % 900, 'made ' || i, 900 FROM made`,
      values,
    );
    await client.query(
      `${made} INSERT INTO mpm.body (tenant, user_id, week, id, json) SELECT 'default', '', ${week}, id,
         json_build_object('schema_version', 1, 'id', id, 'session_id', session, 'seq', i % ${STRETCH} / ${LANES} + 1, 'timestamp', to_char(to_timestamp(t / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
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
    `INSERT INTO mpm.project SELECT 'default', '', '/code/p' || i FROM generate_series(0, ${PROJECTS - 1}) AS i ON CONFLICT DO NOTHING`,
  );
  await client.query("UPDATE mpm.counter SET n = $1::bigint + 1, events = $1::bigint + 1, bytes = $1::bigint * 900", [
    ROWS,
  ]);
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

/** Processor time that a process has taken so far, ms; 0: it is gone. */
function onCpu(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]) / 1e6;
  } catch {
    return 0;
  }
}
const { rows: backends } = await client.query("SELECT pg_backend_pid() AS pid");
const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${backends[0]?.pid}/status`, "utf8"))?.[1];
/** Processor time of PostgreSQL and of this process so far, ms. */
function spent(): number {
  const { user, system } = process.cpuUsage();
  const children = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
  return children.reduce((sum, pid) => sum + onCpu(pid), (user + system) / 1000);
}

const ask = async (what: string, work: () => Promise<unknown>): Promise<Row> => {
  const [times, costs]: [number[], number[]] = [[], []];
  for (let at = 0; at < QUESTIONS; at++) {
    const [begun, before] = [performance.now(), spent()];
    await work();
    times.push(performance.now() - begun);
    costs.push(spent() - before);
  }
  const of = (values: readonly number[]) => [0.5, 0.95].map((q) => Math.round(quantile(values, q)));
  const [median] = of(times);
  return [
    what,
    quantile(times, 0.95),
    "ms",
    `median ${median} ms; processor time median ${of(costs).join(", p95 ")} ms`,
  ];
};
const asked = random(11);
/** A word that about so many of a million events have. */
const oftenWord = (most: number, least: number) => wordAt(least + asked() * (most - least));
/** Words that stand side by side in a text. */
const saidWords = (count: number) => {
  const words = (texts[Math.floor(asked() * TEXTS)] ?? "").split(" ");
  const from = Math.floor(asked() * (words.length - count));
  return words.slice(from, from + count).join(" ");
};
const questions: readonly (readonly [string, () => string])[] = [
  ["a word of one event", () => `only${Math.floor(asked() * ROWS)}`],
  ["a word that is nowhere", () => `none${Math.floor(asked() * ROWS)}`],
  ["any word", () => oftenWord(1, 0)],
  ["a seldom word", () => oftenWord(1, 0.7)],
  ["a frequent word", () => oftenWord(0.1, 0)],
  ["two words", () => `${oftenWord(1, 0)} ${oftenWord(1, 0)}`],
  ["two words of one text", () => saidWords(3).replace(/ .* /, " ")],
  ["three words", () => `${oftenWord(1, 0)} ${oftenWord(1, 0)} ${oftenWord(1, 0)}`],
  ["a phrase", () => `"${saidWords(2)}"`],
  ["the beginning of a word", () => `${oftenWord(1, 0.3).slice(0, -1)}*`],
  ["one of two words, without a third", () => `${oftenWord(1, 0)} OR ${oftenWord(1, 0)} -${oftenWord(1, 0)}`],
];
const aSession = () => `s${Math.floor((asked() * ROWS) / STRETCH) * LANES + Math.floor(asked() * LANES)}`;
const filters: readonly (readonly [string, () => object])[] = [
  ["", () => ({})],
  [" in a session", () => ({ session: aSession() })],
  [" in one project of forty", () => ({ project: "p7" })],
];
const only = process.env["ONLY"];
const searches: Row[] = [];
for (const [where, filter] of filters)
  for (const [what, words] of questions)
    if (only === undefined || `${what}${where}`.includes(only))
      searches.push(await ask(`${what}${where}`, () => store.rows({ q: words(), ...filter() }, { limit: PAGE })));

const day = () => ({ since: Date.now() - DAY_MS, until: Date.now() });
const { rows } = await client.query("SELECT pg_size_pretty(pg_database_size(current_database())) AS size");
const how = filled
  ? `, filled in ${Math.round(filled.rowsS)} s, its words indexed in ${Math.round(filled.indexesS)} s`
  : "";
table(
  `Searches in a store of ${ROWS} events over ${DAYS} days, up to ${PER_BLOCK} of them a block (${rows[0]?.size})${how}`,
  searches,
  "p95",
);
if (only === undefined)
  table(
    "Other questions to it",
    [
      await ask("a page of sessions", () => store.sessions({ limit: PAGE })),
      await ask("a page of a project's sessions", () => store.sessions({ limit: PAGE, project: "p7" })),
      await ask("one event", () => store.envelope(`e${Math.floor(asked() * ROWS)}`)),
      await ask("the newest events", () => store.rows({}, { limit: PAGE })),
      await ask("events of a session", () => store.rows({ session: aSession() }, { limit: PAGE })),
      await ask("statistics of a day", () => store.statistics(day())),
    ],
    "p95",
  );
await client.end();
await store.close();
await server?.close();
