// Past sessions from transcripts: found, read, redacted, and handed over in batches, the newest session first.
// - Idempotent: an event's id follows from its line. Resumable: a session whose files are as they were is passed over, and
//   of one that has grown nothing is redacted that is stored.
// - Memory is bounded: a few lines a file, two batches under way, and the calls of one session that have not ended.
// - A line that a fork has of the session it comes from is that session's (copies.ts), whichever is read first.
// - A strange line is counted with its place, and is no reason to stop.

import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { type Built, buildEnvelope } from "../event/envelope.ts";
import type { Redactor } from "../event/redact.ts";
import { thisMachine } from "../platform/machine.ts";
import { type Prepared, prepare } from "../store/prepared.ts";
import { type Copies, openCopies } from "./copies.ts";
import { type KnownSession, openReader, type ReadEvent, usageOf } from "./events.ts";
import { findTranscripts, type TranscriptFile } from "./find.ts";
import { type Line, readLine, type SaidUsage } from "./line.ts";
import { readLines } from "./lines.ts";

const BATCH_EVENTS = 256;
const BATCH_BYTES = 512 * 1024;
/** Batches that are handed over and not yet committed: who reads and who stores take turns at being the slower one. */
const MAX_UNDER_WAY = 2;
/** Transcripts of one session that are open at a time. */
const MAX_OPEN = 32;
/** A session whose last line is more recent may go on. A file's own time says less: copies have another. */
export const MAY_GO_ON_MS = 3_600_000;
/** A clock that is ahead of ours is believed so far. */
const MAX_AHEAD_MS = 3_600_000;
/** Skipped lines that are named; more are counted. */
const MAX_NAMED = 1000;

export interface ImportRequest {
  /** Configuration directories, folders of projects, or files. */
  readonly places: readonly string[];
  /** ms since 1970: sessions that were not touched since are left out. */
  readonly since?: number | undefined;
  /** Path or name of a project. */
  readonly project?: string | undefined;
  /** ms since 1970: what is older than what the store keeps is left out, and said. */
  readonly keptSince: number;
  /** Counts, and hands nothing over. */
  readonly dryRun: boolean;
}

export interface ImportBatch {
  readonly session: string;
  readonly events: readonly Prepared[];
  readonly usage: readonly (SaidUsage & { readonly t: number })[];
  /** At the end of a session: its files as they were when they were read. */
  readonly marks: readonly FileMark[];
}

export interface FileMark {
  readonly name: string;
  readonly value: string;
}

export interface Skipped {
  readonly file: string;
  /** From 1; 0: the whole file. */
  readonly line: number;
  readonly reason: "not_json" | "not_an_object" | "unknown_form" | "too_long" | "unreadable" | "older_than_retention";
}

export interface Progress {
  readonly files: number;
  readonly lines: number;
  readonly bytes: number;
  readonly sessions: { readonly new: number; readonly known: number };
  readonly events: { readonly added: number; readonly repeated: number };
  readonly skipped: Skipped[];
  /** All that were skipped, named or not. */
  readonly skippedCount: number;
  readonly of: { readonly files: number; readonly bytes: number; readonly sessions: number };
}

/** What a store has of a session. */
export interface SeenSession {
  readonly isStored: boolean;
  /** Absent: its files are as they were when they were read. */
  readonly known?: KnownSession | undefined;
}

/** What keeps the events: the store, from wherever the reading happens. */
export interface ImportSink {
  /** Looks for a session whose files have these marks now. */
  look(session: string, marks: readonly FileMark[]): Promise<SeenSession>;
  /** Resolves when the batch is committed. */
  take(batch: ImportBatch): Promise<{ readonly added: number; readonly repeated: number }>;
}

export interface ImportOptions {
  readonly request: ImportRequest;
  readonly sink: ImportSink;
  readonly redactor: Redactor;
  readonly hostName: string;
  readonly now: () => number;
  readonly signal: AbortSignal;
  /** Told after each batch. */
  readonly onProgress: (progress: Progress) => void;
}

interface SessionFiles {
  readonly session: string;
  readonly files: readonly TranscriptFile[];
  readonly modifiedAt: number;
}

/** Imports what the request asks for; resolves with the figures when all is done, or when aborted. */
export async function importTranscripts(options: ImportOptions): Promise<Progress> {
  const { request, sink, signal, onProgress } = options;
  const sessions = (await sessionsOf(request.places)).filter((one) => isWanted(one, request));
  const all = sessions.flatMap(({ files }) => files);
  const tally = new Tally({
    files: all.length,
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    sessions: sessions.length,
  });
  const handing = openHanding(options, tally);
  const copies = openCopies(signal);
  const look = (index: number) => {
    const one = sessions[index];
    const seen = one && sink.look(one.session, one.files.map(markOf));
    seen?.catch(() => {}); // whoever waits for it hears of it
    return seen;
  };
  let next = look(0);
  for (const [index, one] of sessions.entries()) {
    const seen = await next;
    if (signal.aborted || !seen) break;
    next = look(index + 1); // while this one is read
    if (!seen.known) tally.unchanged(one.files);
    const said = seen.known ? await importSession(one, seen.known, options, { copies, tally, handing }) : 0;
    if (seen.isStored || said > 0) tally.session(seen.isStored);
    onProgress(tally.progress());
  }
  await handing.settle();
  return tally.progress();
}

/** What all sessions of an import go through. */
interface Ways {
  readonly copies: Copies;
  readonly tally: Tally;
  readonly handing: Handing;
}

/** Resolves with the number of events that its files stand for. */
async function importSession(
  { session, files, modifiedAt }: SessionFiles,
  known: KnownSession,
  { request, redactor, hostName, now, signal }: ImportOptions,
  { copies, tally, handing }: Ways,
): Promise<number> {
  const own = files.find(({ isSubagent }) => !isSubagent);
  const copiedUntil = (own && (await copies.last(own)))?.t ?? Number.NEGATIVE_INFINITY;
  const reader = openReader(session, { ...known, forkedAt: Math.max(known.forkedAt ?? 0, copiedUntil + 1) });
  const batch = new Batch(session);
  let said = 0;
  const add = (event: ReadEvent, path: string, number: number): void => {
    if (event.t < request.keptSince) {
      tally.older(path);
      return;
    }
    said += 1;
    if (known.told.has(event.id)) tally.took({ added: 0, repeated: 1 });
    else if (request.dryRun) tally.took({ added: 1, repeated: 0 });
    else batch.add(envelopeOf(event, redactor, hostName, number));
  };
  let last = "";
  let lastAt = 0;
  const unread = new Set<string>();
  const onUnreadable = (file: string): void => {
    unread.add(file);
    tally.skip({ file, line: 0, reason: "unreadable" });
  };
  for await (const { line, number, path, t } of merged(files, { tally, signal, now, onUnreadable })) {
    last = path;
    lastAt = Math.max(lastAt, t);
    if (line.kind === "strange") tally.skip({ file: path, line: number, reason: line.reason });
    for (const event of reader.read(line)) add(event, path, number);
    for (const usage of usageOf(line))
      if (usage.t === undefined || (usage.t >= request.keptSince && usage.t > copiedUntil))
        batch.count({ ...usage, t: usage.t ?? modifiedAt });
    if (batch.isFull) await handing.over(batch.take([]));
  }
  if (signal.aborted) return said;
  // Of what could not be read this time the end is still to be read, too.
  const mayGoOn = unread.size > 0 || now() - lastAt < MAY_GO_ON_MS;
  for (const event of reader.end(mayGoOn)) add(event, last, 0);
  await handing.over(batch.take(mayGoOn ? [] : files.map(markOf)));
  return said;
}

/** Batches on their way to the sink, in order: some are committed while the next is read, whatever sessions they are of. */
interface Handing {
  /** Resolves when there is room for another. */
  over(batch: ImportBatch): Promise<void>;
  /** Resolves when all are committed. */
  settle(): Promise<void>;
}

function openHanding({ request, sink, onProgress }: ImportOptions, tally: Tally): Handing {
  const underWay: ReturnType<ImportSink["take"]>[] = [];
  const settle = async (left = 0) => {
    for (let first = underWay[0]; first && underWay.length > left; first = underWay[0]) {
      tally.took(await first);
      underWay.shift();
    }
    onProgress(tally.progress());
  };
  return {
    async over(batch) {
      await settle(MAX_UNDER_WAY - 1);
      if (request.dryRun) return;
      const taken = sink.take(batch);
      taken.catch(() => {}); // whoever waits for it hears of it
      underWay.push(taken);
    },
    settle,
  };
}

/** The envelope of an event. */
export function envelopeOf(
  { id, t, payload, entrypoint, notes }: ReadEvent,
  redactor: Redactor,
  hostName: string,
  line: number,
): Built {
  const { machine } = thisMachine(); // that the file lies on
  return buildEnvelope({
    id,
    seq: Math.max(1, line),
    capturedAt: t,
    payload,
    ...(notes ? { notes } : {}),
    origin: { hostName, ...(machine ? { machine } : {}), ...(entrypoint ? { entrypoint } : {}) },
    redactor,
    source: "transcript",
  });
}

/** The lines of a session's files in the order of their times. */
async function* merged(files: readonly TranscriptFile[], reading: Reading): AsyncGenerator<FileLine> {
  const waiting = files.toSorted((a, b) => Number(a.isSubagent) - Number(b.isSubagent) || a.modifiedAt - b.modifiedAt);
  const opened: { lines: AsyncGenerator<FileLine>; next: FileLine }[] = [];
  try {
    for (;;) {
      while (opened.length < MAX_OPEN) {
        const file = waiting.shift();
        if (!file) break;
        const lines = linesOf(file, reading);
        const first = await lines.next();
        if (!first.done) opened.push({ lines, next: first.value });
      }
      const [first, ...others] = opened;
      if (!first) return;
      const earliest = others.reduce((least, one) => (one.next.t < least.next.t ? one : least), first);
      yield earliest.next;
      const more = await earliest.lines.next();
      if (more.done) opened.splice(opened.indexOf(earliest), 1);
      else earliest.next = more.value;
    }
  } finally {
    for (const { lines } of opened) await lines.return(undefined);
  }
}

interface FileLine {
  readonly line: Line;
  readonly number: number;
  readonly path: string;
  /** Of this line, or of the one before that has a time. */
  readonly t: number;
}

interface Reading {
  readonly tally: Tally;
  readonly signal: AbortSignal;
  /** ms since 1970 */
  readonly now: () => number;
  /** Told of a file that could not be read, or not to its end. */
  readonly onUnreadable: (path: string) => void;
}

async function* linesOf(
  { path, modifiedAt }: TranscriptFile,
  { tally, signal, now, onUnreadable }: Reading,
): AsyncGenerator<FileLine> {
  // Without O_NONBLOCK, opening a pipe in its place would wait for a writer.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (!handle) {
    onUnreadable(path);
    return;
  }
  let t = 0;
  try {
    for await (const { bytes: text, number, isWhole } of readLines(handle, { signal })) {
      tally.line(text?.length ?? 0);
      if (text === undefined) tally.skip({ file: path, line: number, reason: "too_long" });
      if (text === undefined || isBlank(text)) continue;
      const line = timely(readLine(text), now() + MAX_AHEAD_MS);
      if (line.kind === "strange" && !isWhole && now() - modifiedAt < MAY_GO_ON_MS) continue; // it is being written
      if ("t" in line && line.t !== undefined) t = line.t;
      yield { line: dated(line, t || Math.min(modifiedAt, now())), number, path, t };
    }
  } catch {
    onUnreadable(path);
  } finally {
    tally.file();
    await handle.close();
  }
}

const SPACE = 0x20;
const isBlank = (line: Buffer): boolean => line.every((byte) => byte <= SPACE);

/** A time that is still to come is none. */
function timely(line: Line, latest: number): Line {
  return "t" in line && line.t !== undefined && line.t > latest ? { ...line, t: undefined } : line;
}

/** What was said is said at some time; other lines may have none. */
function dated(line: Line, t: number): Line {
  const isSaid = line.kind === "prompt" || line.kind === "answer" || line.kind === "results";
  return isSaid && line.t === undefined ? { ...line, t } : line;
}

/** Sessions with their files, the one that was touched last first. */
async function sessionsOf(places: readonly string[]): Promise<SessionFiles[]> {
  const named: (TranscriptFile & { readonly session: string })[] = [];
  for (const file of await findTranscripts(places)) {
    const session = file.session ?? (await sessionIn(file.path));
    if (session !== undefined) named.push({ ...file, session });
  }
  return [...Map.groupBy(named, ({ session }) => session)]
    .map(([session, files]) => ({ session, files, modifiedAt: Math.max(...files.map((file) => file.modifiedAt)) }))
    .sort((a, b) => b.modifiedAt - a.modifiedAt);
}

/** The session that a file names itself. */
async function sessionIn(path: string): Promise<string | undefined> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (!handle) return undefined;
  try {
    for await (const { bytes } of readLines(handle)) {
      const line = bytes && readLine(bytes);
      if (line && "session" in line && line.session !== undefined) return line.session;
    }
    return undefined;
  } finally {
    await handle.close();
  }
}

function isWanted({ files, modifiedAt }: SessionFiles, { since, project }: ImportRequest): boolean {
  if (since !== undefined && modifiedAt < since) return false;
  // The host names a project's folder by its path, with a dash for each character that is no letter or digit.
  const folder = project?.replace(/[^A-Za-z0-9]/g, "-");
  return folder === undefined || files.some(({ path }) => path.split("/").some((part) => part.endsWith(folder)));
}

function markOf({ identity, bytes, modifiedAt }: TranscriptFile): FileMark {
  return { name: `import ${identity}`, value: `${bytes} ${modifiedAt}` };
}

class Batch {
  readonly #session: string;
  #events: Prepared[] = [];
  #usage: (SaidUsage & { t: number })[] = [];
  #bytes = 0;

  constructor(session: string) {
    this.#session = session;
  }

  add({ envelope, json, bytes }: Built): void {
    this.#events.push(prepare(envelope, json, bytes));
    this.#bytes += bytes;
  }

  count(usage: SaidUsage & { t: number }): void {
    this.#usage.push(usage);
  }

  get isFull(): boolean {
    return this.#events.length >= BATCH_EVENTS || this.#bytes >= BATCH_BYTES;
  }

  take(marks: readonly FileMark[]): ImportBatch {
    const taken = { session: this.#session, events: this.#events, usage: this.#usage, marks };
    this.#events = [];
    this.#usage = [];
    this.#bytes = 0;
    return taken;
  }
}

class Tally {
  readonly #of: Progress["of"];
  readonly #sessions = { new: 0, known: 0 };
  readonly #events = { added: 0, repeated: 0 };
  readonly #skipped: Skipped[] = [];
  readonly #older = new Set<string>();
  #skippedCount = 0;
  #files = 0;
  #lines = 0;
  #bytes = 0;

  constructor(of: Progress["of"]) {
    this.#of = of;
  }

  session(isStored: boolean): void {
    this.#sessions[isStored ? "known" : "new"] += 1;
  }

  line(bytes: number): void {
    this.#lines += 1;
    this.#bytes += bytes + 1;
  }

  file(): void {
    this.#files += 1;
  }

  unchanged(files: readonly TranscriptFile[]): void {
    this.#files += files.length;
    this.#bytes += files.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  took({ added, repeated }: { readonly added: number; readonly repeated: number }): void {
    this.#events.added += added;
    this.#events.repeated += repeated;
  }

  skip(skipped: Skipped): void {
    this.#skippedCount += 1;
    if (this.#skipped.length < MAX_NAMED) this.#skipped.push(skipped);
  }

  older(file: string): void {
    if (this.#older.has(file)) return;
    this.#older.add(file);
    this.skip({ file, line: 0, reason: "older_than_retention" });
  }

  progress(): Progress {
    return {
      files: this.#files,
      lines: this.#lines,
      bytes: this.#bytes,
      sessions: { ...this.#sessions },
      events: { ...this.#events },
      skipped: [...this.#skipped],
      skippedCount: this.#skippedCount,
      of: this.#of,
    };
  }
}
