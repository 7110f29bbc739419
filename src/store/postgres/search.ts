// Events that have words: found by the index of words, told by their text.
// - The index finds blocks (blocks.ts), what stands at a word in a block says which of its events may be meant, and the text
//   of an event whether it is: the same words, read in the same way, as every store finds.
// - A search goes from one week to the next in the order that is asked for, and stops as soon as the page is full. Within a
//   week, few blocks that the index finds are looked at in their order; where it finds many, events are looked through in
//   theirs, which soon comes by enough of them. The planner, which knows too little of words, chooses nothing.
// - Words of before there were blocks are found by a row an event, until their week goes.

import { type Columns, integer, maybeText, text } from "../columns.ts";
import { searchText } from "../extract.ts";
import { storedEnvelope } from "../found.ts";
import type { Range } from "../port.ts";
import { type Alternative, hasWords } from "../words.ts";
import { MAX_EVENTS } from "./blocks.ts";
import type { Statements } from "./connection.ts";
import { ALL_USERS, type Scope, within } from "./scope.ts";
import { weeksOf } from "./weeks.ts";
import { blockQueryOf, indexQueryOf, likelyPlaces, queryOf, wantedIn } from "./words.ts";

export const BODY = "JOIN mpm.body b ON b.week = e.week AND b.tenant = e.tenant AND b.id = e.id";

export type Lists = readonly (readonly unknown[])[];

/** What is searched for: alternatives of words, among events that fit `where`, a condition on `e` with its values. */
export interface Search {
  readonly sql: Statements;
  readonly scope: Scope;
  /** What is answered of an event `e`. */
  readonly columns: string;
  readonly where: string;
  readonly values: readonly unknown[];
  /** Whether `where` asks for the events of a session, which are few. */
  readonly isOfSession: boolean;
  readonly range: Range;
  readonly search: readonly Alternative[];
}

/** An event that fits the condition, its words not looked at. */
interface Fitting {
  readonly n: number;
  readonly id: string;
  readonly week: number;
  /** Id of its block; undefined where its words have a row of their own. */
  readonly block: string | undefined;
}

interface Block {
  readonly id: string;
  /** Of its first event. */
  readonly n: number;
}

/** So many of the newest events are looked through first: a word that is everywhere is found there soonest. */
const WALKED = 200;
/** Events that are looked through at a time from there on: more and more, up to a limit. */
const FIRST_PORTION = 1000;
const LAST_PORTION = 16_000;
/** Blocks that are looked into at a time: the same. */
const FIRST_BLOCKS = 8;
const LAST_BLOCKS = 256;
const GROWTH = 2;
/** Texts that are read at a time, at least. */
const TEXTS = 16;
/**
 * Blocks of a week that have the words are gathered up to the number from which on looking through the week in order comes
 * by a page of them sooner. Measured with an event a block: looking at one takes about 1.7 times as long as gathering one.
 */
const LOOKED_TO_GATHERED = 1.7;
/** A young partition is not counted yet: it has at least so many events. */
const YOUNG = 20_000;

/** Lists of the columns, the envelope and `n`, in order. */
export async function searchEvents(asked: Search): Promise<Lists> {
  if (asked.search.length === 0) return [];
  const newest = await fitting(asked, "", WALKED);
  const found = await pick(asked, newest, asked.range.limit);
  if (found.length >= asked.range.limit || newest.length < WALKED) return found;
  return inWeeks(asked, (week) => searchWeek(asked, week));
}

async function searchWeek(asked: Search, { week, size }: Week): Promise<Lists> {
  const { sql, scope, search, range } = asked;
  const { after = -MAX_EVENTS, before = Number.MAX_SAFE_INTEGER } = range;
  const most = Math.ceil(Math.sqrt(size * range.limit * LOOKED_TO_GATHERED));
  const found = await sql.rows(
    `SELECT w.id, w.n FROM mpm.words w WHERE w.week = ${week} AND ${ownedIn(scope)} AND w.words @@ $1::tsquery
       AND (w.n IS NULL OR w.n BETWEEN $2 AND $3) LIMIT ${most + 1}`,
    [indexQueryOf(search), after - MAX_EVENTS, before],
  );
  if (found.length > most) return walk(asked, week);
  const single = found.filter((row) => row["n"] === null).map((row) => text(row, "id"));
  const blocks = found.filter((row) => row["n"] !== null).map((row) => ({ id: text(row, "id"), n: integer(row, "n") }));
  const events = await fittingOf(asked, week, await singleIn(asked, week, single));
  const its = asked.isOfSession && blocks.length > FIRST_BLOCKS ? ofSession(asked, week, blocks) : blocks;
  return gather(asked, week, await its, events);
}

/** Those of the blocks that have events of the session that is asked for. */
async function ofSession({ sql, where, values }: Search, week: number, blocks: readonly Block[]): Promise<Block[]> {
  const found = await sql.rows(`SELECT DISTINCT e.block FROM mpm.event e WHERE e.week = ${week} AND ${where}`, values);
  const its = new Set(found.map((row) => maybeText(row, "block")));
  return blocks.filter(({ id }) => its.has(id));
}

/** Looks into blocks in their order, and at events whose words have a row of their own in between. */
async function gather(
  asked: Search,
  week: number,
  blocks: readonly Block[],
  events: readonly Fitting[],
): Promise<Lists> {
  const { after = Number.NEGATIVE_INFINITY, before = Number.POSITIVE_INFINITY, limit } = asked.range;
  const places = [
    ...blocks.map((block) => ({ n: block.n, block, event: undefined })),
    ...events.map((event) => ({ n: event.n, block: undefined, event })),
  ]
    .filter(({ n }) => n < before && n + MAX_EVENTS > after)
    .sort((a, b) => order(asked, a.n, b.n));
  const found: (readonly unknown[])[] = [];
  for (let [at, count] = [0, FIRST_BLOCKS]; at < places.length && found.length < limit; ) {
    const portion = places.slice(at, at + count);
    const ids = await likelyIn(
      asked,
      week,
      portion.flatMap(({ block }) => block?.id ?? []),
    );
    const likely = [...(await fittingOf(asked, week, ids)), ...portion.flatMap(({ event }) => event ?? [])];
    found.push(
      ...(await told(
        asked,
        week,
        likely.sort((a, b) => order(asked, a.n, b.n)),
        limit - found.length,
      )),
    );
    at += count;
    count = Math.min(count * GROWTH, LAST_BLOCKS);
  }
  return found;
}

/** Looks through the events of a week in their order. */
async function walk(asked: Search, week: number): Promise<Lists> {
  const { limit } = asked.range;
  const found: (readonly unknown[])[] = [];
  let last: number | undefined;
  for (let count = FIRST_PORTION; ; count = Math.min(count * GROWTH, LAST_PORTION)) {
    const beyond = last === undefined ? "" : `AND e.n ${isAscending(asked) ? ">" : "<"} ${last}`;
    const portion = await fitting(asked, `AND e.week = ${week} ${beyond}`, count);
    found.push(...(await pick(asked, portion, limit - found.length)));
    last = portion.at(-1)?.n;
    if (found.length >= limit || portion.length < count) return found;
  }
}

/** Of events in their order those that have the words, up to a number. */
async function pick(asked: Search, events: readonly Fitting[], limit: number): Promise<Lists> {
  const found: (readonly unknown[])[] = [];
  const weeks = [...new Set(events.map(({ week }) => week))]; // `n` rises from one to the next
  for (const week of weeks) {
    const its = events.filter((event) => event.week === week);
    const single = its.filter(({ block }) => block === undefined).map(({ id }) => id);
    const blocks = [...new Set(its.flatMap(({ block }) => block ?? []))];
    const ids = new Set([...(await singleIn(asked, week, single)), ...(await likelyIn(asked, week, blocks))]);
    const likely = its.filter(({ id }) => ids.has(id));
    found.push(...(await told(asked, week, likely, limit - found.length)));
    if (found.length >= limit) break;
  }
  return found;
}

/** Ids of the events of blocks that may be meant. */
async function likelyIn({ sql, scope, search }: Search, week: number, blocks: readonly string[]): Promise<string[]> {
  if (blocks.length === 0) return [];
  const { words, beginnings } = wantedIn(search);
  // A block is read once: the words that are wanted are marked in it, and then all others are left out. That is far cheaper
  // than going through all of them, but goes by whole words: those that begin so are looked for among the words before.
  const begins = beginnings.map((_, index) => `starts_with(word, $${index + 4})`).join(" OR ");
  const begun = `ARRAY(SELECT word FROM unnest(tsvector_to_array(w.words)) AS word WHERE ${begins})`;
  const wanted = begins === "" ? "$3::text[]" : `$3::text[] || ${begun}`;
  const found = await sql.rows(
    `SELECT array_to_string(w.ids, ',', '') AS ids, (
       SELECT string_agg(l.lexeme || ' ' || array_to_string(l.positions, ','), E'\\n') FROM unnest(ts_filter(w.words, '{a}')) AS l
     ) AS found
     FROM ${byIds(scope, week, `w.ids, setweight(w.words, 'A', ${wanted}) AS words`)} WHERE w.words @@ $2::tsquery`,
    [blocks, blockQueryOf(search), words, ...beginnings],
  );
  return found.flatMap((row) => {
    const ids = text(row, "ids").split(",");
    const placesOf = (maybeText(row, "found") ?? "").split("\n").map((line): [string, number[]] => {
      const [word = "", places = ""] = line.split(" ");
      return [word, places.split(",").map(Number)];
    });
    return [...likelyPlaces(search, new Map(placesOf))].flatMap((place) => ids[place - 1] || []);
  });
}

/** Ids of those events whose own rows have the words. */
async function singleIn({ sql, scope, search }: Search, week: number, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const found = await sql.rows(`SELECT w.id FROM ${byIds(scope, week, "w.id, w.words")} WHERE w.words @@ $2::tsquery`, [
    ids,
    queryOf(search),
  ]);
  return found.map((row) => text(row, "id"));
}

/** Columns of rows of words `w` of a week by their ids, the list `$1`: by the index of these, though words are asked for as well. */
const byIds = (scope: Scope, week: number, columns: string) => `unnest($1::text[]) AS asked (id) CROSS JOIN LATERAL
  (SELECT ${columns} FROM mpm.words w WHERE w.week = ${week} AND ${ownedIn(scope)} AND w.id = asked.id OFFSET 0) w`;

const FITTING = "e.n, e.id, e.week, e.block";
const fittingFrom = (row: Columns): Fitting => ({
  n: integer(row, "n"),
  id: text(row, "id"),
  week: integer(row, "week"),
  block: maybeText(row, "block"),
});

/** The first events that fit, in order. */
async function fitting(asked: Search, beyond: string, limit: number): Promise<Fitting[]> {
  const { sql, where, values } = asked;
  const found = await sql.rows(
    `SELECT ${FITTING} FROM mpm.event e WHERE ${where} ${beyond} ORDER BY e.n ${directionOf(asked)} LIMIT ${limit}`,
    values,
  );
  return found.map(fittingFrom);
}

/** Those of the events that fit. */
async function fittingOf({ sql, where, values }: Search, week: number, ids: readonly string[]): Promise<Fitting[]> {
  if (ids.length === 0) return [];
  const found = await sql.rows(
    `SELECT ${FITTING} FROM unnest($${values.length + 1}::text[]) AS likely (id)
     CROSS JOIN LATERAL (SELECT * FROM mpm.event e WHERE e.week = ${week} AND e.id = likely.id AND ${where} OFFSET 0) e`,
    [...values, ids],
  );
  return found.map(fittingFrom);
}

/** Of events in their order the first ones whose text has the words. */
async function told(asked: Search, week: number, likely: readonly Fitting[], limit: number): Promise<Lists> {
  const { sql, scope, columns, search } = asked;
  const found: (readonly unknown[])[] = [];
  const size = Math.max(TEXTS, limit);
  for (let at = 0; at < likely.length && found.length < limit; at += size) {
    const read = await sql.lists(
      `SELECT ${columns}, b.json, e.n FROM mpm.event e ${BODY} AND b.week = ${week}
       WHERE e.week = ${week} AND e.tenant = $1 AND e.n = ANY ($2) ORDER BY e.n ${directionOf(asked)}`,
      [scope.tenant, likely.slice(at, at + size).map(({ n }) => n)],
    );
    found.push(...read.filter((values) => hasWords(searchText(storedEnvelope(values.at(-2))), search)));
  }
  return found.slice(0, limit);
}

/** Week after week until the page is full, and no event of another week can come before its last. */
async function inWeeks(asked: Search, ask: (week: Week) => Promise<Lists>): Promise<Lists> {
  const { sql, scope, range } = asked;
  // A word that is in all blocks is no reason to read all blocks.
  await sql.run("SELECT set_config('enable_seqscan', 'off', true)");
  const weeks = await sizesOf(sql);
  const ordered = isAscending(asked) ? weeks.reverse() : weeks;
  const place = (row: readonly unknown[] | undefined) => Number(row?.at(-1));
  let found: Lists = [];
  for (const week of ordered) {
    if (found.length >= range.limit) {
      const [nearest] = await sql.lists(
        `SELECT ${isAscending(asked) ? "min" : "max"}(e.n) FROM mpm.event e WHERE e.week = $1 AND e.tenant = $2`,
        [week.week, scope.tenant],
      );
      const n = nearest?.[0];
      if (typeof n !== "number") continue;
      if (order(asked, place(found.at(-1)), n) < 0) break;
    }
    found = [...found, ...(await ask(week))].sort((a, b) => order(asked, place(a), place(b))).slice(0, range.limit);
  }
  return found;
}

interface Week {
  readonly week: number;
  /** About how many events it has. */
  readonly size: number;
}

async function sizesOf(sql: Statements): Promise<Week[]> {
  const found = await sql.rows(
    `SELECT week, greatest(c.reltuples, ${YOUNG})::float8 AS size FROM unnest($1::integer[]) WITH ORDINALITY AS given (week, place)
     JOIN pg_class c ON c.oid = to_regclass('mpm.event_w' || week) ORDER BY place`,
    [await weeksOf(sql)],
  );
  return found.map((row) => ({ week: integer(row, "week"), size: integer(row, "size") }));
}

/** The condition that words may be of events within the scope: a block may be of several people's. */
const ownedIn = (scope: Scope) =>
  within({ ...scope, ...(scope.users ? { users: [...scope.users, ALL_USERS] } : {}) }, "w");
const isAscending = ({ range }: Search) => range.after !== undefined;
const directionOf = (asked: Search) => (isAscending(asked) ? "ASC" : "DESC");
const order = (asked: Search, a: number, b: number) => (isAscending(asked) ? a - b : b - a);
