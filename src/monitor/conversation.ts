// What was said in a session, and which files it changed: read from stored events, a page or a file at a time.

import { setImmediate as nextTurn } from "node:timers/promises";
import { structuredPatch } from "diff";
import { type ChangedFile, EDITING_TOOLS, type FileDiff, type FilesAnswer, type Hunk } from "../contract/changes.ts";
import { cursorAt, type Message, type MessagesPage } from "../contract/conversation.ts";
import { changedFiles, type Edit, editOf, withoutTexts } from "../session/changes.ts";
import { MESSAGE_EVENTS, messageAt, type Place, type PlacedRow, placesOf, turnAtOf } from "../session/conversation.ts";
import type { Filter, Store } from "../store/port.ts";

const ROWS = 1000;
/** Events of edits hold whole files: so many are in memory at a time. */
const EDITS = 50;
/** So many edits are looked at, the latest: each is read whole. */
const MAX_EDITS = 2000;
/** Texts of files that are in memory at a time for their diffs. */
const MAX_CHARACTERS = 32 * 1024 * 1024;
const CONTEXT_LINES = 3;
/** Comparing takes time with the product of this and the length. */
const MAX_DIFFERENCES = 5000;

const EDIT_EVENTS: Filter = { event: "PostToolUse", tool: EDITING_TOOLS.join() };

interface Page {
  readonly limit: number;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** A page of a session's conversation: the last messages, those before a cursor, or those after one. */
export async function messagesOf(
  store: Store,
  known: Conversations,
  session: string,
  { limit, before, after }: Page,
): Promise<MessagesPage> {
  const places = await known.places(session);
  const from = after === undefined ? 0 : places.findLastIndex((place) => compare(place, after) <= 0) + 1;
  const found = before === undefined ? -1 : places.findIndex((place) => compare(place, before) >= 0);
  const to = found < 0 ? places.length : found;
  const page = after === undefined ? places.slice(Math.max(from, to - limit), to) : places.slice(from, from + limit);
  const messages = await Promise.all(page.map((place) => messageOf(store, place)));
  if (messages.includes(undefined)) known.drop(session); // retention was quicker
  const first = page[0];
  return {
    messages: messages.filter((message) => message !== undefined),
    next: {
      before: first && first !== places[0] ? cursorOf(first) : null,
      after: cursorOf(page.at(-1)) ?? after ?? cursorOf(places.at(-1)),
    },
    total: places.length,
  };
}

/** Undefined where retention was quicker. */
async function messageOf(store: Store, place: Place): Promise<Message | undefined> {
  const [envelope, ...thoughts] = await Promise.all([place.id, ...place.thoughts].map((id) => store.envelope(id)));
  return (
    envelope &&
    messageAt(
      place,
      envelope,
      thoughts.filter((thought) => thought !== undefined),
    )
  );
}

const cursorOf = (place: Place | undefined): string | null => (place ? cursorAt(place) : null);

function compare({ t, n }: Place, cursor: string): number {
  const [time = 0, position = 0] = cursor.split("-").map(Number);
  return t - time || n - position;
}

/** Sessions whose rows are kept: some hundred bytes a message. */
const MAX_KEPT = 8;

interface Conversation {
  /** Position of the last row. */
  readonly after: number;
  readonly rows: readonly PlacedRow[];
  /** Of these rows, by as many turns. */
  readonly places: readonly Place[];
  readonly turns: number;
}

const UNREAD: Conversation = { after: 0, rows: [], places: [], turns: 0 };

/** The conversations of sessions that were asked for lately: a page after another reads what is new alone. */
export class Conversations {
  readonly #store: Store;
  readonly #kept = new Map<string, Conversation>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Something of the session was removed: its rows are to be read anew. */
  drop(session: string): void {
    this.#kept.delete(session);
  }

  /** Where the session's messages stand, in order. */
  async places(session: string): Promise<readonly Place[]> {
    const known = this.#kept.get(session) ?? UNREAD;
    const fresh: PlacedRow[] = [];
    let { after } = known;
    for (;;) {
      const rows = await this.#store.rows({ session, event: MESSAGE_EVENTS.join() }, { after, limit: ROWS });
      for (const { id, n, t, event, agent, text, source } of rows)
        fresh.push({
          id,
          n,
          t,
          event,
          ...(agent ? { agent } : {}),
          ...(text ? { text } : {}),
          ...(source ? { source } : {}),
        });
      after = rows.at(-1)?.n ?? after;
      if (rows.length < ROWS) break;
    }
    const starts = await this.#store.turnStarts(session);
    const isSame = fresh.length === 0 && starts.length === known.turns;
    const all = isSame ? known.rows : [...known.rows, ...fresh];
    const places = isSame ? known.places : placesOf(all, turnAtOf(starts));
    this.#kept.delete(session);
    this.#kept.set(session, { after, rows: all, places, turns: starts.length }); // the latest last
    for (const id of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break;
      this.#kept.delete(id);
    }
    return places;
  }
}

/** The files that a session has changed; where `diff` is asked for, what became of each. */
export async function filesOf(
  store: Store,
  session: string,
  { path, diff = false }: { readonly path?: string | undefined; readonly diff?: boolean | undefined },
): Promise<FilesAnswer> {
  const edits: Edit[] = [];
  const texts = new Texts();
  let looked = 0;
  let oldest = 0;
  for await (const edit of latestEdits(store, session)) {
    looked += 1;
    oldest = edit.t;
    if (path !== undefined && edit.path !== path) continue;
    if (diff) texts.add(edit);
    edits.push(withoutTexts(edit));
  }
  edits.reverse();
  const turnAt = turnAtOf(await store.turnStarts(session));
  const files = changedFiles(edits, ({ t }) => turnAt(t));
  const since = looked === MAX_EDITS ? { since: oldest } : {};
  if (!diff) return { files, ...since };
  const of = Map.groupBy(edits, (edit) => edit.path);
  const diffOf = (name: string): FileDiff => {
    const hunks = texts.hunksOf(name);
    return hunks ? { hunks, of: "whole" } : { hunks: (of.get(name) ?? []).flatMap((edit) => edit.hunks), of: "steps" };
  };
  if (path !== undefined) return { files, ...since, diff: diffOf(path) };
  const compared: ChangedFile[] = [];
  for (const file of files) {
    compared.push({ ...file, diff: diffOf(file.path) });
    await nextTurn(); // one comparison may take long, and others ask and send meanwhile
  }
  return { files: compared, ...since };
}

/** The texts of files before their first edit and after their last, as far as they are stored and there is room. */
class Texts {
  readonly #ends = new Map<string, { readonly before: string | undefined; readonly after: string | undefined }>();
  #characters = 0;

  /** Takes the edits of a file from the latest on. */
  add({ path, before, after }: Edit): void {
    const known = this.#ends.get(path);
    const last = known ? known.after : after;
    this.#characters += length(before) - length(known?.before) + (known ? 0 : length(last));
    const isFull = this.#characters > MAX_CHARACTERS;
    if (isFull) this.#characters -= length(before) + length(last);
    this.#ends.set(path, isFull ? NO_TEXTS : { before, after: last });
  }

  hunksOf(path: string): Hunk[] | undefined {
    const { before, after } = this.#ends.get(path) ?? NO_TEXTS;
    return before === undefined || after === undefined ? undefined : hunksBetween(before, after);
  }
}

const NO_TEXTS = { before: undefined, after: undefined };
const length = (text: string | undefined): number => text?.length ?? 0;

/** Edits of a session, from the latest on, MAX_EDITS at most. */
async function* latestEdits(store: Store, session: string): AsyncGenerator<Edit> {
  let left = MAX_EDITS;
  for (let before: number | undefined; ; await nextTurn()) {
    const found = await store.envelopes({ ...EDIT_EVENTS, session }, { before, limit: EDITS });
    for (const envelope of found) {
      const edit = editOf(envelope);
      if (edit) yield edit;
      if (edit && --left === 0) return;
    }
    before = found.at(-1)?.n;
    if (found.length < EDITS) return;
  }
}

/** The lines that differ, with some around them; undefined where too many do. */
function hunksBetween(before: string, after: string): Hunk[] | undefined {
  const options = { context: CONTEXT_LINES, maxEditLength: MAX_DIFFERENCES };
  const patch = structuredPatch("", "", before, after, undefined, undefined, options);
  return patch?.hunks.map(({ oldStart, newStart, lines }) => ({ oldStart, newStart, lines }));
}

/** Files that were changed lately, in all sessions of the filter, each session's apart. */
export async function changesOf(store: Store, filter: Filter, limit: number): Promise<FilesAnswer> {
  const edits: Edit[] = [];
  let files: ChangedFile[] = [];
  for (let before: number | undefined, looked = 0; looked < MAX_EDITS && files.length < limit; looked += EDITS) {
    const found = await store.envelopes({ ...filter, ...EDIT_EVENTS }, { before, limit: EDITS });
    for (const envelope of found) {
      const edit = editOf(envelope);
      if (edit) edits.push(withoutTexts(edit));
    }
    files = changedFiles(edits.toReversed(), () => 0, true);
    before = found.at(-1)?.n;
    if (found.length < EDITS) break;
  }
  return { files: files.slice(0, limit) };
}
