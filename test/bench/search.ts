// Questions to a store of ROWS events over 30 days on PostgreSQL, as a page asks them: words, sessions, events, statistics.
// - The rows are made in the database (fill-shared.ts): no event is sent.
// - Each question is asked for QUESTIONS times at the port, each time for other words. Beside the time that passes stands
//   the processor time of PostgreSQL and of this process, which others on the machine do not change.
// - A search is asked twice: whole, until its page is full or all was looked at; and for what is found within WITHIN_MS,
//   which is what a page shows first. How many of these were whole stands beside.
// - ONLY, a regular expression, says which.
// - With STORE, a database of this machine, that one is filled if it is empty, asked, and left as it is.

import { readFileSync } from "node:fs";
import pg from "pg";
import type { Filter, Store } from "../../src/store/port.ts";
import { openPostgres } from "../../src/store/postgres/store.ts";
import { random } from "../browser/story.ts";
import { startServer } from "../process/store/server.ts";
import { envelope } from "../process/trust/monitor.ts";
import {
  DAY_MS,
  DAYS,
  fill,
  LANES,
  PEOPLE,
  PER_BLOCK,
  PROJECTS,
  STRETCH,
  TEXTS,
  texts,
  wordAt,
} from "./fill-shared.ts";
import { quantile, type Row, table } from "./table.ts";

const WITHIN_MS = 200;
const QUESTIONS = Number(process.env["QUESTIONS"] ?? 40);
const PAGE = 50;

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
const filled = isFilled ? undefined : await fill(url);
const { rows: counted } = await client.query("SELECT n FROM mpm.counter");
/** Events that are there. */
const EVENTS = Number(counted[0]?.n) - 1;

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

const of = (values: readonly number[]) => [0.5, 0.95].map((q) => Math.round(quantile(values, q)));
const ask = async (what: string, work: () => Promise<unknown>): Promise<Row> => {
  const [times, costs]: [number[], number[]] = [[], []];
  for (let at = 0; at < QUESTIONS; at++) {
    const [begun, before] = [performance.now(), spent()];
    await work();
    times.push(performance.now() - begun);
    costs.push(spent() - before);
  }
  const [median] = of(times);
  return [
    what,
    quantile(times, 0.95),
    "ms",
    `median ${median} ms; processor time median ${of(costs).join(", p95 ")} ms`,
  ];
};
const askWords = async (of: Store, what: string, filter: () => Filter): Promise<Row> => {
  const firsts: number[] = [];
  let whole = 0;
  const row = await ask(what, async () => {
    const asked = filter();
    const begun = performance.now();
    const { reached } = await of.searchRows(asked, { limit: PAGE }, WITHIN_MS);
    firsts.push(performance.now() - begun);
    if (reached === undefined) whole++;
  });
  const [, , , told = ""] = await ask(what, () => of.rows(filter(), { limit: PAGE }));
  const [, costs = ""] = told.split("; ");
  return [
    what,
    row[1],
    "ms",
    `median ${Math.round(quantile(firsts, 0.5))} ms; ${whole} of ${QUESTIONS} whole; whole: ${costs}`,
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
  ["a word of one event", () => `only${Math.floor(asked() * EVENTS)}`],
  ["a word that is nowhere", () => `none${Math.floor(asked() * EVENTS)}`],
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
const aSession = () => `s${Math.floor((asked() * EVENTS) / STRETCH) * LANES + Math.floor(asked() * LANES)}`;
/** One of a thousand people, who sees their own sessions. */
const person = `u${Math.floor(PEOPLE / 3)}`;
const member = store.as({ user: person, users: [person] });
const filters: readonly (readonly [string, Store, () => Filter])[] = [
  ["", store, () => ({})],
  [" in a session", store, () => ({ session: aSession() })],
  [` in one project of ${PROJECTS}`, store, () => ({ project: "p7" })],
  [` among one's own of ${PEOPLE} people's`, member, () => ({})],
  [" of a day, ten days ago", store, () => ({ since: Date.now() - 11 * DAY_MS, until: Date.now() - 10 * DAY_MS })],
];
const only = process.env["ONLY"];
const searches: Row[] = [];
for (const [where, whose, filter] of filters)
  for (const [what, words] of questions)
    if (only === undefined || new RegExp(only).test(`${what}${where}`)) {
      searches.push(await askWords(whose, `${what}${where}`, () => ({ q: words(), ...filter() })));
      console.error(searches.at(-1)?.join(" | "));
    }

const day = () => ({ since: Date.now() - DAY_MS, until: Date.now() });
const { rows } = await client.query("SELECT pg_size_pretty(pg_database_size(current_database())) AS size");
const how = filled
  ? `, ${filled.rows} filled in ${Math.round(filled.rowsS)} s, its words indexed in ${Math.round(filled.indexesS)} s`
  : "";
table(
  `Searches in a store of ${EVENTS} events over ${DAYS} days, up to ${PER_BLOCK} of them a block (${rows[0]?.size})${how}`,
  searches,
  `first answer, p95`,
);
if (only === undefined)
  table(
    "Other questions to it",
    [
      await ask("a page of sessions", () => store.sessions({ limit: PAGE })),
      await ask("a page of a project's sessions", () => store.sessions({ limit: PAGE, project: "p7" })),
      await ask("one event", () => store.envelope(`e${Math.floor(asked() * EVENTS)}`)),
      await ask("the newest events", () => store.rows({}, { limit: PAGE })),
      await ask("events of a session", () => store.rows({ session: aSession() }, { limit: PAGE })),
      await ask("statistics of a day", () => store.statistics(day())),
    ],
    "p95",
  );
await client.end();
await store.close();
await server?.close();
