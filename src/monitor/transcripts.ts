// Token counts and the branch of a session, from the transcripts that Claude Code keeps on this machine.
// - Read a moment after a session's events, in the background, from where it was last left; that place is kept.
// - Only below Claude Code's own directory, whatever a payload says and wherever links lead, and only for sessions of
//   this machine. A transcript that is missing or strange is no error. `monitor.transcripts: false` switches it off.

import { readdir, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { EventRow } from "../protocol.ts";
import type { Store } from "./store.ts";
import { BEGINNING, Bookmark, NO_TOKENS, type Portion, plus, readOn, type Tokens } from "./transcript.ts";

/** The host writes its transcript some time after the event: one look soon, and others until events have ceased. */
const SOON_MS = 1000;
const LATER_MS = 5000;
const MAX_SUBAGENTS = 1000;

export interface Transcripts {
  /** Rows that were just stored. */
  noticed(rows: readonly EventRow[]): void;
  /** Resolves when nothing is being read any more. */
  close(): Promise<void>;
}

/** @param onChange a session has got more tokens, or another branch */
export function followTranscripts(config: Config, store: Store, log: Log, onChange: () => void): Transcripts {
  if (!config.transcripts) return { noticed() {}, close: async () => {} };
  const bookmarks = openBookmarks(store);
  const waiting = new Map<string, Waiting>();
  let reading = Promise.resolve();

  const read = async (session: string, event: string): Promise<void> => {
    const envelope = store.envelope(event);
    const named = envelope?.data["transcript_path"];
    if (!envelope || typeof named !== "string" || envelope.host.name !== config.hostName) return;
    for (const file of await filesOf(named, config)) {
      const before = bookmarks.of(file);
      const portion = await readOn(file, before);
      if (!portion || portion.bookmark.offset === before.offset) continue;
      store.update(session, (state) => {
        if (portion.branch) state.branch = portion.branch;
        state.tokens = bookmarks.advance(session, file, portion, state.tokens);
      });
      onChange();
    }
  };
  const look = (session: string, { newest }: Waiting): void => {
    reading = reading
      .then(() => read(session, newest))
      .catch((error: Error) => log.warn({ session, reason: error.message }, "a transcript could not be counted"));
  };
  const wait = (session: string, entry: Waiting, ms: number): void => {
    entry.timer = setTimeout(() => {
      look(session, entry);
      if (ms === LATER_MS && !entry.more) waiting.delete(session);
      else wait(session, entry, LATER_MS);
      entry.more = false;
    }, ms);
    entry.timer.unref();
  };

  return {
    noticed(rows) {
      for (const { session, id } of rows) {
        const entry = waiting.get(session);
        if (entry) Object.assign(entry, { newest: id, more: true });
        else {
          const first: Waiting = { newest: id, more: false, timer: undefined };
          waiting.set(session, first);
          wait(session, first, SOON_MS);
        }
      }
    },
    async close() {
      for (const { timer } of waiting.values()) clearTimeout(timer);
      waiting.clear();
      await reading;
    },
  };
}

/** A session whose transcript will be looked at. */
interface Waiting {
  /** Id of its newest event. */
  newest: string;
  /** Events have come since the last look. */
  more: boolean;
  timer: NodeJS.Timeout | undefined;
}

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

/** The transcript and those of its subagents, as far as they lie below Claude Code's directory. */
async function filesOf(named: string, { claudeHome, userHome }: Config): Promise<string[]> {
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
