// Looking into rows of words that are known by their ids: which events of them may be meant.

import { integer, maybeText, text } from "../columns.ts";
import { isMarked } from "./blocks.ts";
import type { Marks } from "./marks.ts";
import type { Likely } from "./portions.ts";
import { ALL_USERS, type Scope, within } from "./scope.ts";
import type { Search } from "./search.ts";
import { blockQueryOf, likelyPlaces, queryOf, wantedIn } from "./words.ts";

/** A row of words: of an event, or of a block of them. */
export interface Row {
  readonly id: string;
  readonly week: number;
}

export interface Block extends Row {
  /** Of its first event. */
  readonly n: number;
}

/** The condition that words may be of events within the scope: a block may be of several people's. */
export const ownedIn = (scope: Scope) =>
  within({ ...scope, ...(scope.users ? { users: [...scope.users, ALL_USERS] } : {}) }, "w");

/** Events of blocks that may be meant, in no order. */
export async function likelyIn(asked: Search, blocks: readonly Row[]): Promise<Likely[]> {
  const found: Likely[] = [];
  for (const [week, its] of Map.groupBy(blocks, (block) => block.week)) {
    const { marked = [], unmarked = [] } = Object.groupBy(its, ({ id }) => (isMarked(id) ? "marked" : "unmarked"));
    found.push(...(await readBlocks(asked, week, marked, asked.marks)));
    found.push(...(await readBlocks(asked, week, unmarked, [])));
  }
  return found;
}

async function readBlocks(asked: Search, week: number, blocks: readonly Row[], marks: Marks): Promise<Likely[]> {
  if (blocks.length === 0) return [];
  const { sql, scope, search, begun } = asked;
  const ids = blocks.map(({ id }) => id);
  const { words, beginnings } = wantedIn(search);
  if (beginnings.length > 0) await learnWords(asked, week, ids, beginnings);
  // The words that are wanted are marked, and then all others are left out: far cheaper than going through all of a block.
  const found = await sql.rows(
    `SELECT w.n, (
       SELECT string_agg(l.lexeme || ' ' || array_to_string(l.positions, ','), E'\\n') FROM unnest(ts_filter(w.words, '{a}')) AS l
     ) AS found
     FROM ${byIds(scope, week, "w.n, setweight(w.words, 'A', $3::text[]) AS words")} WHERE w.words @@ $2::tsquery`,
    [ids, blockQueryOf(search, marks), [...words, ...begun, ...marks.flat()]],
  );
  return found.flatMap((row) => {
    const placesOf = (maybeText(row, "found") ?? "").split("\n").map((line): [string, number[]] => {
      const [word = "", places = ""] = line.split(" ");
      return [word, places.split(",").map(Number)];
    });
    const first = integer(row, "n");
    return [...likelyPlaces(search, marks, new Map(placesOf))].map((place) => ({ n: first + place - 1, week }));
  });
}

/**
 * Adds to the words that have the beginnings what these blocks have of them. Going through all words of a block costs twenty
 * times as much as asking it for some: it is done for blocks that have others than those that are known, soon few.
 */
async function learnWords(
  { sql, scope, begun }: Search,
  week: number,
  ids: readonly string[],
  beginnings: readonly string[],
): Promise<void> {
  const begins = beginnings.map((_, index) => `starts_with(word, $${index + 4})`).join(" OR ");
  const found = await sql.rows(
    `SELECT DISTINCT word FROM ${byIds(scope, week, "w.words")}, unnest(tsvector_to_array(w.words)) AS word
     WHERE ts_delete(w.words, $2::text[]) @@ $3::tsquery AND (${begins})`,
    [ids, [...begun], beginnings.map((beginning) => `'${beginning}':*`).join(" | "), ...beginnings],
  );
  for (const row of found) begun.add(text(row, "word"));
}

/** Those rows of one event that have the words. */
export async function singleIn({ sql, scope, search }: Search, rows: readonly Row[]): Promise<Row[]> {
  const found: Row[] = [];
  for (const [week, its] of Map.groupBy(rows, (row) => row.week)) {
    const read = await sql.rows(
      `SELECT w.id FROM ${byIds(scope, week, "w.id, w.words")} WHERE w.words @@ $2::tsquery`,
      [its.map(({ id }) => id), queryOf(search)],
    );
    found.push(...read.map((row) => ({ id: text(row, "id"), week })));
  }
  return found;
}

/** Columns of rows of words `w` of a week by their ids, the list `$1`: by the index of these, though words are asked for as well. */
const byIds = (scope: Scope, week: number, columns: string) => `unnest($1::text[]) AS asked (id) CROSS JOIN LATERAL
  (SELECT ${columns} FROM mpm.words w WHERE w.week = ${week} AND ${ownedIn(scope)} AND w.id = asked.id OFFSET 0) w`;
