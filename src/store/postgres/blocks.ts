// Blocks of events, of which the index of words has one entry a word: few large ones cost far less than one an event.
// - The events of a block were stored by one commit, at positions one after the other: blocks do not overlap.
// - While little comes, a block is one event or a few, and what has a word is found at once; where much comes, blocks are
//   full. A search looks for the events within them (search.ts).

import { randomBytes } from "node:crypto";
import type { Envelope } from "../../contract/envelope.ts";
import { searchText } from "../extract.ts";
import type { Statements } from "./connection.ts";
import { ALL_USERS, type Scope } from "./scope.ts";
import { vectorOf } from "./vector.ts";

/** A word has at most 255 places in PostgreSQL; what two frequent words have in common is found sooner in small blocks. */
export const MAX_EVENTS = 64;
/** Characters. A tsvector has less than a MiB, of which a character of words takes at most 5.5 bytes. */
const MAX_TEXT = 131_072;
/** What the id of a block with marks begins with: before those of events, and of blocks of before, which begin with "+". */
const MARKED = "!";
/** Ids from here on are of rows without marks. */
export const UNMARKED_FROM = '"';
export const isMarked = (id: string): boolean => id.startsWith(MARKED);
const ID_BYTES = 9;

export interface Block {
  readonly id: string;
  /** Place of its first event in what is stored together, from 1. */
  readonly first: number;
  /** Of its events, in their order. */
  readonly ids: readonly string[];
  /** Whose all of it is, or that it is of several. */
  readonly owner: string;
  readonly words: Buffer;
}

interface Given {
  readonly envelope: Envelope;
  readonly owner: string;
  /** What filters find it by (marks.ts). */
  readonly marks: readonly string[];
}

/** The events in blocks, in their order. */
export function blocksOf(events: readonly Given[]): readonly Block[] {
  const blocks: Block[] = [];
  let block: Given[] = [];
  let texts: string[] = [];
  let size = 0;
  let first = 1;
  const end = () => {
    const owners = new Set(block.map(({ owner }) => owner));
    const [owner = ""] = owners;
    blocks.push({
      id: MARKED + randomBytes(ID_BYTES).toString("base64url"),
      first,
      ids: block.map(({ envelope: { id } }) => id),
      owner: owners.size === 1 ? owner : ALL_USERS,
      words: vectorOf(
        texts,
        block.map(({ marks }) => marks),
      ),
    });
    first += block.length;
    [block, texts, size] = [[], [], 0];
  };
  for (const event of events) {
    const text = searchText(event.envelope);
    if (block.length === MAX_EVENTS || (block.length > 0 && size + text.length > MAX_TEXT)) end();
    block.push(event);
    texts.push(text);
    size += text.length;
  }
  if (block.length > 0) end();
  return blocks;
}

/** Stores the words of blocks, whose position is not known yet. */
export async function insertBlocks(
  sql: Statements,
  { tenant }: Scope,
  week: number,
  blocks: readonly Block[],
): Promise<void> {
  const values: unknown[] = [tenant, week];
  const rows = blocks.map(({ id, owner, ids, words }) => {
    const at = values.push(owner, id, ids, words) - 3;
    return `($1, $2::integer, $${at}, $${at + 1}, $${at + 2}::text[], $${at + 3}::tsvector)`;
  });
  await sql.run(`INSERT INTO mpm.words (tenant, week, user_id, id, ids, words) VALUES ${rows.join(", ")}`, values);
}
