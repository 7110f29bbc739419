// Token counts, the branch and interruptions of a session, from the transcripts that Claude Code keeps on this machine.
// - Read a moment after a session's events, in the background, from where it was last left; that place is kept.
// - No event says that the user broke a turn off: while one goes on, its transcript is looked at, seldomer the longer it
//   stays as it is, and read on when it grew. Between turns nothing is looked at.
// - Only below Claude Code's own directory, whatever a payload says and wherever links lead, and only for sessions of
//   this machine. A transcript that is missing or strange is no error. `monitor.transcripts: false` switches it off.

import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Config } from "../config/config.ts";
import type { Envelope } from "../contract/envelope.ts";
import type { EventRow } from "../contract/row.ts";
import type { Log } from "../platform/log.ts";
import { interrupt, isInterruptible } from "../session/sessions.ts";
import type { Store } from "../store/store.ts";
import { BEGINNING, Bookmark, NO_TOKENS, type Portion, plus, readOn, type Tokens } from "./transcript.ts";

/** The host writes its transcript some time after the event: one look soon, and others until events have ceased. */
const SOON_MS = 1000;
const LATER_MS = 5000;
/** While a turn goes on, the next look comes after this part of the time in which nothing has changed. */
const PATIENCE = 30;
const MAX_SUBAGENTS = 1000;
/** Sessions that may be in a turn when the monitor starts. */
const RECENT = 100;

export interface Transcripts {
  /** Rows that were just stored. */
  noticed(rows: readonly EventRow[]): void;
  /** Resolves when nothing is being read any more. */
  close(): Promise<void>;
}

/** @param onChange a session has got more tokens, another branch, or was interrupted */
export function followTranscripts(config: Config, store: Store, log: Log, onChange: () => void): Transcripts {
  if (!config.transcripts) return { noticed() {}, close: async () => {} };
  const bookmarks = openBookmarks(store);
  const followed = new Map<string, Followed>();
  let reading = Promise.resolve();
  const now = () => performance.now();

  const read = async (session: string, file: string): Promise<boolean> => {
    const before = bookmarks.of(file);
    const portion = await readOn(file, before);
    if (!portion || portion.bookmark.offset === before.offset) return false;
    store.update(session, (state) => {
      if (portion.branch) state.branch = portion.branch;
      state.tokens = bookmarks.advance(session, file, portion, state.tokens);
      if (portion.interruption) interrupt(state, portion.interruption);
    });
    onChange();
    return true;
  };
  const look = async (session: string, entry: Followed): Promise<void> => {
    if (now() >= entry.wholeAt) {
      entry.wholeAt = entry.more ? now() + LATER_MS : Number.POSITIVE_INFINITY;
      entry.more = false;
      entry.files = await filesOf(store.envelope(entry.newest), config);
      for (const file of entry.files) await read(session, file);
    }
    const [main] = entry.files;
    if (main === undefined) return;
    const isLonger = (await sizeOf(main)) !== bookmarks.of(main).offset;
    if (isLonger && (await read(session, main))) entry.changedAt = now();
  };
  /** ms until the next look at it; none once everything has been read. */
  const pauseOf = (session: string, { wholeAt, changedAt, files }: Followed): number => {
    const summary = store.session(session);
    const isOpen = summary !== undefined && isInterruptible(summary) && files.length > 0;
    const pause = Math.min(Math.max((now() - changedAt) / PATIENCE, SOON_MS), LATER_MS);
    return Math.min(Math.max(wholeAt - now(), 0), isOpen ? pause : Number.POSITIVE_INFINITY);
  };
  const wait = (session: string, entry: Followed): void => {
    clearTimeout(entry.timer);
    const pause = pauseOf(session, entry);
    if (pause === Number.POSITIVE_INFINITY) {
      followed.delete(session);
      return;
    }
    entry.timer = setTimeout(() => {
      reading = reading
        .then(() => look(session, entry))
        .catch((error: Error) => log.warn({ session, reason: error.message }, "a transcript could not be read"))
        .then(() => {
          if (followed.get(session) === entry) wait(session, entry);
        });
    }, pause);
    entry.timer.unref();
  };
  const noticed = (rows: readonly EventRow[]): void => {
    const newest = new Map(rows.map(({ session, id }) => [session, id]));
    for (const [session, id] of newest) {
      const entry = followed.get(session) ?? { ...UNREAD, newest: id, wholeAt: now() + SOON_MS };
      const isNew = !followed.has(session);
      const wasQuiet = now() - entry.changedAt > SOON_MS * PATIENCE;
      if (entry.wholeAt === Number.POSITIVE_INFINITY) entry.wholeAt = now() + SOON_MS;
      Object.assign(entry, { newest: id, more: true, changedAt: now() });
      followed.set(session, entry);
      // One that was seldom looked at is looked at soon again.
      if (isNew || wasQuiet) wait(session, entry);
    }
  };
  // What was broken off while no monitor ran.
  for (const { id } of store.sessions(RECENT).filter(isInterruptible))
    noticed(store.rows({ session: id }, { limit: 1 }));
  return {
    noticed,
    async close() {
      for (const { timer } of followed.values()) clearTimeout(timer);
      followed.clear();
      await reading;
    },
  };
}

/** A session whose transcript is looked at. */
interface Followed {
  /** Id of its newest event. */
  newest: string;
  /** Events have come since the last reading. */
  more: boolean;
  /** When all of its files are read on; times are those of performance.now(). */
  wholeAt: number;
  /** When an event or a line came last. */
  changedAt: number;
  /** Its own transcript, then those of its subagents. */
  files: readonly string[];
  timer: NodeJS.Timeout | undefined;
}

const UNREAD = { more: false, changedAt: Number.NEGATIVE_INFINITY, files: [], timer: undefined };

/** Keeps bookmarks and sums. What it writes belongs into the transaction of `store.update`. */
function openBookmarks({ db }: Store) {
  const find = db.prepare("SELECT bookmark FROM transcript WHERE file = ?");
  const keep = db.prepare(
    "INSERT INTO transcript VALUES (?, ?) ON CONFLICT (file) DO UPDATE SET bookmark = excluded.bookmark",
  );
  const add = db.prepare(`INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (session, model) DO UPDATE SET
    input = input + excluded.input, output = output + excluded.output,
    cache_read = cache_read + excluded.cache_read, cache_write = cache_write + excluded.cache_write`);
  return {
    of(file: string): Bookmark {
      const kept = find.get(file) as { bookmark: string } | undefined;
      const parsed = Bookmark.safeParse(kept && JSON.parse(kept.bookmark));
      return parsed.success ? parsed.data : BEGINNING;
    },
    /** @returns the session's sum with the portion in it */
    advance(session: string, file: string, portion: Portion, before: Tokens | undefined): Tokens & { model?: string } {
      keep.run(file, JSON.stringify(portion.bookmark));
      let sum: Tokens & { model?: string } = before ?? NO_TOKENS;
      for (const [model, tokens] of portion.tokens) {
        add.run(session, model, tokens.input, tokens.output, tokens.cacheRead, tokens.cacheWrite);
        sum = { ...plus(sum, tokens), model };
      }
      return sum;
    },
  };
}

/** The transcript that the event names and those of its subagents, as far as they lie below Claude Code's directory. */
async function filesOf(event: Envelope | undefined, { claudeHome, userHome, hostName }: Config): Promise<string[]> {
  const named = event?.data["transcript_path"];
  if (typeof named !== "string" || event?.host.name !== hostName) return [];
  try {
    const root = (await realpath(claudeHome)) + sep;
    const main = await realpath(named.startsWith("~/") ? join(userHome, named.slice(2)) : named);
    if (!main.startsWith(root) || !main.endsWith(".jsonl")) return [];
    const beside = join(main.slice(0, -".jsonl".length), "subagents");
    const names = await readdir(beside).catch(() => []);
    const subagents = names.filter((name) => /^agent-[\w-]+\.jsonl$/.test(name)).slice(0, MAX_SUBAGENTS);
    const directory = subagents.length > 0 ? await realpath(beside) : "";
    return [main, ...(directory.startsWith(root) ? subagents.map((name) => join(directory, name)) : [])];
  } catch {
    return [];
  }
}

/** In bytes; -1 where there is none. */
async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? -1;
}
