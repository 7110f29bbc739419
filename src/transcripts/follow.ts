// Token counts, the model's words, the branch and interruptions of a session, from the transcripts that Claude Code keeps on
// this machine. The words become events, as an import would make them.
// - Read a moment after a session's events, in the background, from where it was last left; that place is kept. A fork's is
//   read from where its own lines begin: what it has copied is the other session's.
// - No event says that the user broke a turn off: while one goes on, its transcript is looked at, seldomer the longer it
//   stays as it is, and read on when it grew. Between turns nothing is looked at.
// - Only where Claude Code puts the session's transcript, whatever a payload says, below any configuration directory and
//   through folders that are links of the user's, and only for sessions of this machine. A transcript that is missing or strange is no error. `monitor.transcripts: false` switches it off.

import { stat } from "node:fs/promises";
import { isAbsolute, join, sep } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { HookRun } from "../contract/alerts.ts";
import type { Envelope } from "../contract/envelope.ts";
import type { EventRow } from "../contract/row.ts";
import type { SessionSummary } from "../contract/session.ts";
import { textOf } from "../contract/texts.ts";
import { createRedactor } from "../event/redact.ts";
import { isOwnFile } from "../platform/directory.ts";
import type { Log } from "../platform/log.ts";
import { thisMachine } from "../platform/machine.ts";
import { isInterruptible } from "../session/state.ts";
import { openElsewhere } from "../store/elsewhere.ts";
import type { Fact, Store } from "../store/port.ts";
import { isFork, openCopies } from "./copies.ts";
import { messageOf } from "./events.ts";
import { findTranscripts } from "./find.ts";
import { envelopeOf } from "./import.ts";
import { BEGINNING, Bookmark, type Portion, readOn } from "./transcript.ts";

/** The host writes its transcript some time after the event: one look soon, and others until events have ceased. */
const SOON_MS = 1000;
const LATER_MS = 5000;
/** A store that is away takes what was read some time later: tries, each after twice as long. */
const MAX_TRIES = 10;
const TURN_ENDS: ReadonlySet<string> = new Set(["Stop", "StopFailure", "SessionEnd"]);
/** While a turn goes on, the next look comes after this part of the time in which nothing has changed. */
const PATIENCE = 30;
const MAX_SUBAGENTS = 1000;
/** Of a session's beginnings, among which its first is. */
const MAX_STARTS = 10;
/** Messages that are redacted and stored at a time. */
const BATCH = 16;
/** Sessions that may be in a turn when the monitor starts. */
const RECENT = 100;
/** Among so many of a session's newest rows is one of a hook. */
const LOOK_BACK_ROWS = 100;

export interface Transcripts {
  /** Resolves when nothing is being read any more. */
  close(): Promise<void>;
}

/** Follows the transcripts of sessions that have events, from now on. `wallClock`: ms since 1970. `onHooks` is told of hooks that have run. */
export function followTranscripts(
  config: Config,
  store: Store,
  log: Log,
  wallClock: () => number,
  onHooks: (runs: readonly HookRun[]) => void = () => {},
): Transcripts {
  if (!config.transcripts) return { close: async () => {} };
  const followed = new Map<string, Followed>();
  let reading = Promise.resolve();
  let closed = false;
  const stopped = new AbortController();
  /** Sessions with files that are longer than what is read at one time: they go on after the others have had a turn. */
  const unfinished = new Set<string>();
  const now = () => performance.now();
  const elsewhere = openElsewhere(store, thisMachine().machine, now);
  const { redactor } = createRedactor({ enabled: config.redact, patterns: config.redactPatterns });

  /** Stores what the model said, a part at a time, so that events of hooks get their turn. */
  const keepWords = async (session: string, { said }: Portion): Promise<void> => {
    if (said.length === 0 || !(await store.session(session))) return; // it was forgotten meanwhile
    const kept = wallClock() - config.monitorRetentionMs;
    const events = said.flatMap((line) => messageOf(line, session)).filter(({ t }) => t >= kept);
    for (let at = 0; at < events.length; at += BATCH) {
      const batch = events.slice(at, at + BATCH);
      const { trouble } = await store.append(
        batch.map((event) => envelopeOf(event, redactor, config.hostName, 1).envelope),
      );
      if (trouble) throw new Error(textOf(trouble));
      await nextTurn();
    }
  };
  const bookmarkOf = async (file: string): Promise<Bookmark | undefined> => {
    const kept = await store.bookmark(file);
    return Bookmark.safeParse(kept === undefined ? undefined : JSON.parse(kept)).data;
  };
  /** Where the session's own lines begin in a transcript that was never read. */
  const beginningOf = async (session: string, file: string): Promise<Bookmark> => {
    const starts = await store.rows({ session, event: "SessionStart" }, { after: 0, limit: MAX_STARTS });
    const [own] = starts.some(isFork) ? await findTranscripts([file]) : [];
    const copied = own && !own.isSubagent ? await openCopies(stopped.signal).last(own) : undefined;
    return copied ? { offset: copied.end } : BEGINNING;
  };
  const read = async (session: string, file: string): Promise<boolean> => {
    const kept = await bookmarkOf(file);
    const portion = await readOn(file, kept ?? (await beginningOf(session, file)), stopped.signal);
    if (!portion || portion.bookmark.offset === (kept ?? BEGINNING).offset) return false;
    if (portion.more) unfinished.add(session);
    await keepWords(session, portion);
    const trouble = await store.record([
      {
        session,
        facts: factsOf(portion, wallClock()),
        bookmark: { name: file, value: JSON.stringify(portion.bookmark) },
      },
    ]);
    if (trouble) throw new Error(textOf(trouble));
    if (portion.hooks.length > 0) onHooks(portion.hooks);
    return true;
  };
  const look = async (session: string, entry: Followed): Promise<void> => {
    if (now() >= entry.wholeAt) {
      entry.wholeAt = entry.more ? now() + LATER_MS : Number.POSITIVE_INFINITY;
      entry.more = false;
      entry.files = await filesOf(await store.envelope(entry.newest), config);
      for (const file of entry.files) await read(session, file);
      if (unfinished.delete(session)) entry.wholeAt = now();
    }
    const [main] = entry.files;
    if (main === undefined) return;
    const isLonger = (await sizeOf(main)) !== (await bookmarkOf(main))?.offset;
    if (isLonger && (await read(session, main))) entry.changedAt = now();
    entry.failed = 0;
  };
  /** What could not be read or stored is tried again, also where nothing comes after it. */
  const failed = (session: string, entry: Followed, error: Error): void => {
    log.warn({ session, reason: error.message }, "a transcript could not be read");
    if (++entry.failed < MAX_TRIES) entry.wholeAt = Math.min(entry.wholeAt, now() + LATER_MS * 2 ** (entry.failed - 1));
  };
  /** ms until the next look at it; none once everything has been read. */
  const pauseOf = (summary: SessionSummary | undefined, { wholeAt, changedAt, files }: Followed): number => {
    const isOpen = summary !== undefined && isInterruptible(summary) && files.length > 0;
    const pause = Math.min(Math.max((now() - changedAt) / PATIENCE, SOON_MS), LATER_MS);
    return Math.min(Math.max(wholeAt - now(), 0), isOpen ? pause : Number.POSITIVE_INFINITY);
  };
  const wait = async (session: string, entry: Followed): Promise<void> => {
    const pause = await store.session(session).then(
      (summary) => pauseOf(summary, entry),
      () => LATER_MS,
    );
    clearTimeout(entry.timer);
    if (closed || followed.get(session) !== entry) return;
    if (pause === Number.POSITIVE_INFINITY) {
      followed.delete(session);
      return;
    }
    entry.timer = setTimeout(() => {
      reading = reading
        .then(() => look(session, entry))
        .catch((error: Error) => failed(session, entry, error))
        .then(() => wait(session, entry))
        .catch((error: Error) => log.warn({ session, reason: error.message }, "a transcript is followed no more"));
    }, pause);
    entry.timer.unref();
  };
  const notice = async (rows: readonly EventRow[]): Promise<void> => {
    const newest = new Map(rows.map(({ session, id }) => [session, id]));
    const over = new Set(rows.filter(({ event }) => TURN_ENDS.has(event)).map(({ session }) => session));
    const here = await elsewhere.here(newest.keys());
    for (const [session, id] of newest) {
      if (!here.has(session)) continue;
      const entry = followed.get(session) ?? { ...UNREAD, newest: id, wholeAt: now() + SOON_MS };
      const isNew = !followed.has(session);
      const wasQuiet = now() - entry.changedAt > SOON_MS * PATIENCE;
      if (entry.wholeAt === Number.POSITIVE_INFINITY) entry.wholeAt = now() + SOON_MS;
      // What a turn took is wanted at its end, by whoever shows or exports it.
      if (over.has(session)) entry.wholeAt = Math.min(entry.wholeAt, now() + SOON_MS);
      Object.assign(entry, { newest: id, more: true, changedAt: now() });
      followed.set(session, entry);
      // One that was seldom looked at is looked at soon again.
      if (isNew || wasQuiet || over.has(session)) await wait(session, entry);
    }
  };
  const noticed = (all: readonly EventRow[]): void => {
    const rows = all.filter(({ source }) => source === undefined); // not what was read here
    if (rows.length > 0 && !closed)
      void notice(rows).catch((error: unknown) => log.warn({ err: error }, "transcripts could not be followed"));
  };
  /** What was broken off while no monitor ran. */
  const lookBack = async (): Promise<void> => {
    const { sessions } = await store.sessions({ states: ["working", "waiting"], limit: RECENT });
    for (const { id } of sessions.filter(isInterruptible))
      noticed(await store.rows({ session: id }, { limit: LOOK_BACK_ROWS }));
  };
  const stop = store.subscribe(({ rows }) => noticed(rows), "own"); // this machine sends to this process
  reading = lookBack().catch((error: unknown) => log.warn({ err: error }, "open sessions could not be looked at"));
  return {
    async close() {
      closed = true;
      stopped.abort();
      stop();
      for (const { timer } of followed.values()) clearTimeout(timer);
      followed.clear();
      await reading;
    },
  };
}

function factsOf({ answers, branch, interruption }: Portion, now: number): Fact[] {
  const facts: Fact[] = [];
  if (branch) facts.push({ kind: "branch", t: now, branch });
  if (answers.length > 0) facts.push({ kind: "answers", answers: answers.map((said) => ({ t: now, ...said })) });
  if (interruption) facts.push({ kind: "interrupted", ...interruption });
  return facts;
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
  /** How often in a row it could not be read. */
  failed: number;
  /** Its own transcript, then those of its subagents. */
  files: readonly string[];
  timer: NodeJS.Timeout | undefined;
}

const UNREAD = { more: false, changedAt: Number.NEGATIVE_INFINITY, failed: 0, files: [], timer: undefined };

/**
 * The transcript that the event names and those of its subagents, however deep they lie. Folders may be links of the user's;
 * the file has to be where Claude Code puts the session's transcript below any configuration directory, and to be ours.
 */
async function filesOf(event: Envelope | undefined, { userHome, hostName }: Config): Promise<string[]> {
  const named = event?.data["transcript_path"];
  if (typeof named !== "string" || !event || !isOfHere(event, hostName)) return [];
  const main = named.startsWith("~/") ? join(userHome, named.slice(2)) : named;
  if (!isPlaceOf(main, event.session_id) || !isOwnFile(main)) return [];
  const beside = join(main.slice(0, -SUFFIX.length), "subagents");
  const subagents = (await findTranscripts([beside])).filter(({ isSubagent }) => isSubagent).slice(0, MAX_SUBAGENTS);
  return [main, ...subagents.map(({ path }) => path)];
}

const SUFFIX = ".jsonl";

/** Whether a path is `<directory>/projects/<project>/<session>.jsonl`, without a way round. */
function isPlaceOf(path: string, session: string): boolean {
  const parts = path.split(sep);
  const [projects, , file] = parts.slice(-3);
  return isAbsolute(path) && !parts.includes("..") && projects === "projects" && file === session + SUFFIX;
}

/** An event of this machine, whatever that is called by now; one from an earlier relay names it only so. */
function isOfHere({ host }: Envelope, hostName: string): boolean {
  const { machine } = thisMachine();
  return host.machine === undefined || machine === undefined ? host.name === hostName : host.machine === machine;
}

/** In bytes; -1 where there is none. */
async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? -1;
}
