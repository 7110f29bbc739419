// What a search looks into, portion by portion in its order: events that may be meant.
// - First so many of the newest positions, whatever is in them: a word that is everywhere is found there soonest.
// - Then blocks that the index finds, stretch by stretch, so many at a time.
// - Words of before there were marks are found by words alone, and where these are in very many blocks, events are looked
//   through in their order: until their week goes.

import { type Columns, integer, maybeText, text } from "../columns.ts";
import { MAX_EVENTS } from "./blocks.ts";
import { type Block, likelyIn, ownedIn, type Row, singleIn } from "./look.ts";
import type { Stretch } from "./places.ts";
import { type Scope, within } from "./scope.ts";
import type { Search } from "./search.ts";
import { indexQueryOf } from "./words.ts";

/** An event that may be meant. */
export interface Likely {
  readonly n: number;
  readonly week: number;
}

export interface Portion {
  /** In order. */
  readonly likely: readonly Likely[];
  /** The position up to which all was looked at; absent: nothing is left. */
  readonly end?: number;
}

/** Positions, both included. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

/** An event that fits the condition, its words not looked at. */
interface Fitting extends Likely {
  readonly id: string;
  /** Id of its block; undefined where its words have a row of their own. */
  readonly block: string | undefined;
}

/** So many of the newest positions are looked through first. */
const WINDOW = 500;
/** Events that are looked through at a time from there on: more and more, up to a limit. */
const FIRST_EVENTS = 1000;
const LAST_EVENTS = 16_000;
/** Blocks that are asked of the index at a time, which goes through all of a stretch each time. */
const FIRST_ASKED = 512;
const LAST_ASKED = 8192;
/** Blocks that are looked into at a time: the same. */
const FIRST_BLOCKS = 8;
const LAST_BLOCKS = 128;
const GROWTH = 2;
/**
 * Rows of words without marks are gathered up to the number from which on looking through the stretch in order comes by a
 * page of them sooner. Measured with an event a block: looking at one takes about 1.7 times as long as gathering one.
 */
const LOOKED_TO_GATHERED = 1.7;
/** A young partition is not counted yet: it has at least so many events. */
const YOUNG = 20_000;

const isAscending = ({ range }: Search) => range.after !== undefined;
const directionOf = (asked: Search) => (isAscending(asked) ? "ASC" : "DESC");

/** Compares positions in the order that is asked for. */
export const inOrder = (asked: Search, a: number, b: number) => (isAscending(asked) ? a - b : b - a);

export async function* portionsOf(asked: Search): AsyncGenerator<Portion> {
  const { range, sql, stretches } = asked;
  const { after = -1, before = Number.MAX_SAFE_INTEGER } = range;
  const whole: Bounds = { low: after + 1, high: before - 1 };
  const first = asked.isOfSession ? await newestFitting(asked, whole) : await newestPositions(asked, whole);
  yield first.portion;
  if (!first.left) return;
  // A word that is in all blocks is no reason to read all blocks.
  await sql.run("SELECT set_config('enable_seqscan', 'off', true)");
  for (const stretch of isAscending(asked) ? stretches : stretches.toReversed()) {
    const isNewest = stretch === stretches.at(-1); // more may have come meanwhile
    if (stretch.first > first.left.high || (stretch.last < first.left.low && !isNewest)) continue;
    yield* stretch.isMarked ? marked(asked, stretch, first.left) : unmarked(asked, stretch, first.left);
  }
}

interface First {
  readonly portion: Portion;
  /** What is left to be looked into; absent: nothing. */
  readonly left?: Bounds;
}

/** The first positions in order. */
async function newestPositions(asked: Search, { low, high }: Bounds): Promise<First> {
  const { stretches } = asked;
  const [oldest, newest] = [stretches.at(0)?.first ?? 0, stretches.at(-1)?.last ?? 0];
  const from = isAscending(asked) ? Math.max(low, oldest) : Math.min(high, newest) - WINDOW + 1;
  const window = isAscending(asked)
    ? { low, high: Math.min(high, from + WINDOW - 1) }
    : { low: Math.max(low, from), high };
  const likely = await likelyAmong(asked, await fitting(asked, window));
  const left = isAscending(asked) ? { low: window.high + 1, high } : { low, high: window.low - 1 };
  if (left.low > Math.min(left.high, newest) || left.high < oldest) return { portion: { likely } };
  return { portion: { likely, end: isAscending(asked) ? window.high : window.low }, left };
}

/** The first events that fit, where an index finds these. */
async function newestFitting(asked: Search, { low, high }: Bounds): Promise<First> {
  const events = await fitting(asked, { low, high }, WINDOW);
  const likely = await likelyAmong(asked, events);
  const end = events.at(-1)?.n ?? low;
  if (events.length < WINDOW) return { portion: { likely } };
  return { portion: { likely, end }, left: isAscending(asked) ? { low: end + 1, high } : { low, high: end - 1 } };
}

/** Blocks that the index finds, in order, whose words have marks. */
async function* marked(asked: Search, stretch: Stretch, bounds: Bounds): AsyncGenerator<Portion> {
  let between = { low: bounds.low - MAX_EVENTS + 1, high: bounds.high };
  let count = FIRST_BLOCKS;
  for (let most = FIRST_ASKED; ; most = LAST_ASKED) {
    const blocks = await blocksBetween(asked, stretch, between, most);
    for (let at = 0; at < blocks.length; count = Math.min(count * GROWTH, LAST_BLOCKS)) {
      const some = blocks.slice(at, at + count);
      at += some.length;
      yield portionOf(asked, some.at(-1)?.n ?? 0, await likelyIn(asked, some), bounds);
    }
    const last = blocks.at(-1);
    if (blocks.length < most || !last) return;
    between = isAscending(asked) ? { ...between, low: last.n + 1 } : { ...between, high: last.n - 1 };
  }
}

/** `last`: where the last of what was looked into begins, which may be before the bounds. */
function portionOf(asked: Search, last: number, likely: readonly Likely[], { low, high }: Bounds): Portion {
  const its = likely.filter(({ n }) => n >= low && n <= high).sort((a, b) => inOrder(asked, a.n, b.n));
  return { likely: its, end: isAscending(asked) ? Math.max(low, last, its.at(-1)?.n ?? last) : last };
}

/** The first blocks in order that begin in between and have all words and marks, whichever of their events. */
async function blocksBetween(
  { sql, scope, search, marks, isOfSession, where, values, ...asked }: Search,
  { weeks }: Stretch,
  { low, high }: Bounds,
  limit: number,
): Promise<Block[]> {
  const given = isOfSession ? values : [];
  const place = given.length;
  const session = isOfSession
    ? `AND w.id || '' IN (SELECT e.block FROM mpm.event e WHERE e.week IN (${weeks.join()}) AND ${where})`
    : "";
  const found = await sql.rows(
    `${indexed(weeks, scope, `$${place + 1}`, `AND w.n BETWEEN $${place + 2} AND $${place + 3} ${session}`)}
     ORDER BY n ${asked.range.after === undefined ? "DESC" : "ASC"} LIMIT ${limit}`,
    [...given, indexQueryOf(search, marks), low, high],
  );
  return found.map((row) => ({ id: text(row, "id"), week: integer(row, "week"), n: integer(row, "n") }));
}

/**
 * Rows of words of weeks that the index of words finds. For words that are in nearly all rows the planner takes any other index,
 * and reads all words of each row: nothing is said that another one could be used for.
 */
const indexed = (weeks: readonly number[], scope: Scope, query: string, more: string) =>
  weeks
    .map(
      (week) =>
        `SELECT w.id, w.week, w.n FROM mpm.words_w${week} w WHERE (${ownedIn(scope)}) IS TRUE AND w.words @@ ${query}::tsquery ${more}`,
    )
    .join(" UNION ALL ");

/** What was stored before there were marks, or by who makes none. */
async function* unmarked(asked: Search, stretch: Stretch, bounds: Bounds): AsyncGenerator<Portion> {
  const { sql, scope, search, range } = asked;
  const { weeks } = stretch;
  const most = Math.ceil(Math.sqrt(Math.max(stretch.size, YOUNG) * range.limit * LOOKED_TO_GATHERED));
  const found = await sql.rows(
    `${indexed(weeks, scope, "$1", "AND (w.n IS NULL OR w.n BETWEEN $2 AND $3)")} LIMIT ${most + 1}`,
    [indexQueryOf(search, []), bounds.low - MAX_EVENTS + 1, bounds.high],
  );
  if (found.length > most) {
    yield* walked(asked, stretch, bounds);
    return;
  }
  const rows = found.map((row) => ({ id: text(row, "id"), week: integer(row, "week"), n: row["n"] }));
  const single = await singleIn(
    asked,
    rows.filter(({ n }) => n === null),
  );
  const places = [
    ...rows.flatMap(({ id, week, n }) =>
      typeof n === "number" ? [{ n, block: { id, week, n }, event: undefined }] : [],
    ),
    ...(await placesOf(asked, single)).map((event) => ({ n: event.n, block: undefined, event })),
  ].sort((a, b) => inOrder(asked, a.n, b.n));
  for (let [at, count] = [0, FIRST_BLOCKS]; at < places.length; count = Math.min(count * GROWTH, LAST_BLOCKS)) {
    const some = places.slice(at, at + count);
    at += some.length;
    const inBlocks = await likelyIn(
      asked,
      some.flatMap(({ block }) => block ?? []),
    );
    yield portionOf(asked, some.at(-1)?.n ?? 0, [...inBlocks, ...some.flatMap(({ event }) => event ?? [])], bounds);
  }
}

/** All events of a stretch that fit, in order. */
async function* walked(asked: Search, { weeks }: Stretch, bounds: Bounds): AsyncGenerator<Portion> {
  let between = bounds;
  for (let count = FIRST_EVENTS; ; count = Math.min(count * GROWTH, LAST_EVENTS)) {
    const events = await fitting(asked, between, count, weeks);
    const end = events.at(-1)?.n;
    if (end === undefined) return;
    yield { likely: await likelyAmong(asked, events), end };
    if (events.length < count) return;
    between = isAscending(asked) ? { ...between, low: end + 1 } : { ...between, high: end - 1 };
  }
}

/** Events in order that fit, all in between, or so many of the first. */
async function fitting(
  asked: Search,
  { low, high }: Bounds,
  limit?: number,
  weeks?: readonly number[],
): Promise<Fitting[]> {
  const { sql, where, values } = asked;
  const place = values.length;
  const found = await sql.rows(
    `SELECT e.n, e.id, e.week, e.block FROM mpm.event e WHERE ${where} AND e.n BETWEEN $${place + 1} AND $${place + 2}
       ${weeks ? `AND e.week IN (${weeks.join()})` : ""}
     ORDER BY e.n ${directionOf(asked)} ${limit === undefined ? "" : `LIMIT ${limit}`}`,
    [...values, low, high],
  );
  return found.map((row: Columns) => ({
    n: integer(row, "n"),
    id: text(row, "id"),
    week: integer(row, "week"),
    block: maybeText(row, "block"),
  }));
}

/** Of events in their order those whose words may be meant. */
async function likelyAmong(asked: Search, events: readonly Fitting[]): Promise<readonly Likely[]> {
  const blocks = new Map(
    events.flatMap(({ block, week }) => (block === undefined ? [] : [[block, { id: block, week }]])),
  );
  const single = await singleIn(
    asked,
    events.filter(({ block }) => block === undefined),
  );
  const ids = new Set(single.map(({ id }) => id));
  const places = new Set((await likelyIn(asked, [...blocks.values()])).map(({ n }) => n));
  return events.filter(({ n, id }) => places.has(n) || ids.has(id));
}

/** Where events lie that have rows of words of their own. */
async function placesOf({ sql, scope }: Search, rows: readonly Row[]): Promise<Likely[]> {
  const found: Likely[] = [];
  for (const [week, its] of Map.groupBy(rows, (row) => row.week)) {
    const placed = await sql.rows(
      `SELECT e.n FROM unnest($1::text[]) AS given (id)
       CROSS JOIN LATERAL (SELECT * FROM mpm.event e WHERE e.week = ${week} AND ${within(scope, "e")} AND e.id = given.id OFFSET 0) e`,
      [its.map(({ id }) => id)],
    );
    found.push(...placed.map((row) => ({ n: integer(row, "n"), week })));
  }
  return found;
}
