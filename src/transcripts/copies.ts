// What of a session's transcript is a copy of another's: the host begins a fork with the lines of the session it comes from.
// - Copies keep their uuid and their time; each belongs to the session that had it first. What came after them is the fork's.
// - Where a session comes from, its first answer says; before host 2.1 none did: there it is the older of two sessions of one
//   folder that begin with the same line.
// - A session whose origin has no transcript any more keeps all of its lines.

import { constants } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { EventRow } from "../contract/row.ts";
import type { TranscriptFile } from "./find.ts";
import { type Line, type LineHead, readLine } from "./line.ts";
import { readLines } from "./lines.ts";

/** Lines before the first answer: a prompt, and what the host attaches to it. */
const MAX_HEAD_LINES = 200;
/** What may stand in a path. */
const PLAIN_ID = /^[0-9a-zA-Z-]{1,64}$/;

/** The last line of a transcript that is a copy. */
export interface LastCopy {
  /** ms since 1970 */
  readonly t: number;
  /** Where the next line begins, bytes. */
  readonly end: number;
}

export interface Copies {
  /** Undefined where the transcript has no copies. */
  last(own: TranscriptFile): Promise<LastCopy | undefined>;
}

/** Whether an event says that its session has begun as a fork. */
export const isFork = ({ event, kind }: Pick<EventRow, "event" | "kind">): boolean =>
  event === "SessionStart" && kind === "fork";

/** Opens a look at copies; it keeps how transcripts begin, which does not change. */
export function openCopies(signal: AbortSignal): Copies {
  const begun = new Map<string, Promise<Beginning>>();
  const beginningOf = (path: string): Promise<Beginning> => {
    const known = begun.get(path) ?? readBeginning(path);
    begun.set(path, known);
    return known;
  };
  const olderTwins = async (own: TranscriptFile, first: string): Promise<string[]> => {
    const twins: string[] = [];
    for (const path of await transcriptsIn(dirname(own.path))) {
      const other = await beginningOf(path);
      // One that says where it comes from is no origin of one that does not, however long ago it ended.
      if (other.first === first && other.copiedFrom === undefined && (await isOlder(path, own))) twins.push(path);
    }
    return twins;
  };
  return {
    async last(own) {
      const { first, copiedFrom } = await beginningOf(own.path);
      if (first === undefined) return undefined;
      if (copiedFrom === undefined) return lastShared(own.path, await olderTwins(own, first), signal);
      return lastShared(own.path, await namedOrigins(own.path, signal), signal);
    },
  };
}

interface Beginning {
  /** uuid of the first line that has one. */
  readonly first?: string | undefined;
  readonly copiedFrom?: string | undefined;
}

async function readBeginning(path: string): Promise<Beginning> {
  let first: string | undefined;
  let count = 0;
  for await (const { line } of headsOf(path)) {
    first ??= line.uuid;
    if (line.copiedFrom !== undefined || line.kind === "answer" || ++count === MAX_HEAD_LINES)
      return { first, copiedFrom: line.copiedFrom };
  }
  return { first };
}

/** The transcripts of all sessions that lines say they are copied from: a fork of a fork names both. */
async function namedOrigins(path: string, signal: AbortSignal): Promise<string[]> {
  const names = new Set<string>();
  for await (const { line } of headsOf(path, signal)) {
    const { copiedFrom } = line;
    if (copiedFrom !== undefined && PLAIN_ID.test(copiedFrom)) names.add(copiedFrom);
  }
  // A fork may have been made in another folder than its session, such as a worktree's.
  const projects = dirname(dirname(path));
  const folders = await readdir(projects).catch((): string[] => []);
  return [...names].flatMap((name) => folders.map((folder) => join(projects, folder, `${name}.jsonl`)));
}

/** The last line that any of the origins has, too. */
async function lastShared(
  path: string,
  origins: readonly string[],
  signal: AbortSignal,
): Promise<LastCopy | undefined> {
  const found = (await Promise.all(origins.map(isFile))).flatMap((is, index) => (is ? (origins[index] ?? []) : []));
  if (found.length === 0) return undefined;
  const own = new Map<string, LastCopy>();
  for await (const { line, end } of headsOf(path, signal))
    if (line.uuid !== undefined && line.t !== undefined) own.set(line.uuid, { t: line.t, end });
  let last: LastCopy | undefined;
  for (const origin of found)
    for await (const { line } of headsOf(origin, signal)) {
      const copy = line.uuid === undefined ? undefined : own.get(line.uuid);
      if (copy) last = { t: Math.max(copy.t, last?.t ?? 0), end: Math.max(copy.end, last?.end ?? 0) };
    }
  return last;
}

interface HeadLine {
  readonly line: LineHead & { readonly kind: Exclude<Line["kind"], "strange"> };
  readonly end: number;
}

/** The lines of a transcript that are any; none where it cannot be read. */
async function* headsOf(path: string, signal?: AbortSignal): AsyncGenerator<HeadLine> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe in its place would wait for a writer.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    for await (const { bytes, end } of readLines(handle, { signal })) {
      const line = bytes && bytes.length > 0 ? readLine(bytes) : undefined;
      if (line && line.kind !== "strange") yield { line, end };
    }
  } catch {
    // Whoever imports it says that it is unreadable.
  } finally {
    await handle?.close();
  }
}

async function transcriptsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((): string[] => []);
  return names
    .filter((name) => name.endsWith(".jsonl") && !name.startsWith("agent-"))
    .map((name) => join(folder, name));
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}

/** Whether a transcript ended before the other one; of two of one time, by name. A link to the same file is neither. */
async function isOlder(path: string, other: TranscriptFile): Promise<boolean> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  if (!stats || `${stats.dev}:${stats.ino}` === other.identity) return false;
  const modifiedAt = Number(stats.mtimeMs);
  return modifiedAt < other.modifiedAt || (modifiedAt === other.modifiedAt && path < other.path);
}
