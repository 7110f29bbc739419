// Events that have words: found by the index of words, told by their text.
// - The index finds blocks (blocks.ts) by words and marks (marks.ts), what stands at them in a block says which of its events
//   may be meant, and row and text of an event whether it is: the same words, read in the same way, as every store finds.
// - A search goes from one portion of what may be meant to the next, in the order that is asked for (portions.ts), until the
//   page is full or its time is over: then it says how far it came. The planner, which knows too little of words, chooses
//   nothing.

import { searchText } from "../extract.ts";
import { storedEnvelope } from "../found.ts";
import type { Range } from "../port.ts";
import { type Alternative, hasWords } from "../words.ts";
import type { Statements } from "./connection.ts";
import type { Marks } from "./marks.ts";
import type { Stretch } from "./places.ts";
import { inOrder, type Likely, portionsOf } from "./portions.ts";
import type { Scope } from "./scope.ts";

export const BODY = "JOIN mpm.body b ON b.week = e.week AND b.tenant = e.tenant AND b.id = e.id";

export type Lists = readonly (readonly unknown[])[];

/** Texts that are read at a time: more and more, up to a limit. */
const FIRST_TEXTS = 64;
const LAST_TEXTS = 256;
const GROWTH = 2;

/** What is searched for: alternatives of words, among events that fit `where`, a condition on `e` with its values. */
export interface Search {
  readonly sql: Statements;
  readonly scope: Scope;
  /** What is answered of an event `e`. */
  readonly columns: string;
  readonly where: string;
  readonly values: readonly unknown[];
  /** What the events that fit are marked with. */
  readonly marks: Marks;
  /** Whether `where` asks for the events of a session, which an index of its own finds. */
  readonly isOfSession: boolean;
  /** Where events lie that may fit, the oldest first. */
  readonly stretches: readonly Stretch[];
  readonly range: Range;
  readonly search: readonly Alternative[];
  /** Words with the beginnings that are searched for, as far as they are known. */
  readonly begun: Set<string>;
  /** Whether it has gone on for as long as it may. */
  readonly isOver: () => boolean;
}

export interface Searched {
  /** Lists of the columns, the envelope and `n`, in order. */
  readonly lists: Lists;
  /** All up to this position was looked at, and there is more; absent: all that is asked for was. */
  readonly reached?: number;
}

export async function searchEvents(asked: Search): Promise<Searched> {
  const { range, search, isOver } = asked;
  if (search.length === 0) return { lists: [] };
  const found: (readonly unknown[])[] = [];
  for await (const { likely, end } of portionsOf(asked)) {
    let count = FIRST_TEXTS;
    for (let at = 0; at < likely.length; count = Math.min(count * GROWTH, LAST_TEXTS)) {
      const some = likely.slice(at, at + count);
      at += some.length;
      found.push(...(await told(asked, some)));
      if (found.length >= range.limit) return { lists: found.slice(0, range.limit) };
      if (at < likely.length && isOver()) return { lists: found, reached: some.at(-1)?.n ?? 0 };
    }
    if (end !== undefined && isOver()) return { lists: found, reached: end };
  }
  return { lists: found };
}

/** Of events that may be meant, those that fit and whose text has the words, in order. */
async function told(asked: Search, likely: readonly Likely[]): Promise<Lists> {
  const { sql, columns, where, values, search } = asked;
  const found: (readonly unknown[])[] = [];
  for (const [week, events] of Map.groupBy(likely, (event) => event.week)) {
    const read = await sql.lists(
      // Event by event: of a young week the planner may not know that it has more than a few.
      `SELECT ${columns}, b.json, e.n
       FROM (SELECT * FROM mpm.event e WHERE e.week = ${week} AND ${where} AND e.n = ANY ($${values.length + 1}) OFFSET 0) e
       CROSS JOIN LATERAL (SELECT b.json FROM mpm.body b WHERE b.week = ${week} AND b.tenant = e.tenant AND b.id = e.id OFFSET 0) b`,
      [...values, events.map(({ n }) => n)],
    );
    found.push(...read.filter((list) => hasWords(searchText(storedEnvelope(list.at(-2))), search)));
  }
  return found.sort((a, b) => inOrder(asked, Number(a.at(-1)), Number(b.at(-1))));
}
