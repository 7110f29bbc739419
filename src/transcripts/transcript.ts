// One transcript of Claude Code, read for its token counts and its interruptions from where it was last left.
// - The format is the host's own affair and changes: a line that does not fit is passed over, and nothing is an error.
// - An answer stands in several lines, each with the count so far: the largest of each count stands.
// - Only whole lines are taken; memory is bounded by MAX_LINE_BYTES.
// Source of the fields: transcripts of host 2.1.330.

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import * as z from "zod";
import type { Interruption } from "../session/input.ts";
import type { Answer } from "../store/port.ts";

const CHUNK_BYTES = 256 * 1024;
/** What is read at one time; the rest at the next. */
export const MAX_PORTION_BYTES = 32 * 1024 * 1024;
/** Longer lines hold no answer of a model; they are passed over. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** No message has so many: sums stay numbers that can be counted with. */
const MAX_TOKENS = 1e12;
const count = z.number().int().min(0).max(MAX_TOKENS).catch(0);
const Line = z.object({
  type: z.literal("assistant"),
  requestId: z.string().max(256).catch(""),
  timestamp: z.iso.datetime().optional().catch(undefined),
  gitBranch: z.string().max(256).optional().catch(undefined),
  message: z.object({
    id: z.string().min(1).max(256),
    model: z.string().min(1).max(256),
    usage: z.object({
      input_tokens: count,
      output_tokens: count,
      cache_read_input_tokens: count,
      cache_creation_input_tokens: count,
      cache_creation: z.object({ ephemeral_1h_input_tokens: count }).optional().catch(undefined),
    }),
  }),
});

/** No hook fires when the user breaks a turn off; the host then says so to the model, in words of its own. */
const INTERRUPTED = "[Request interrupted by user";
const Interrupted = z.object({
  type: z.literal("user"),
  isSidechain: z.literal(false).optional(),
  timestamp: z.iso.datetime(),
  promptId: z.string().min(1).max(256).optional().catch(undefined),
  message: z.object({
    content: z.tuple([z.object({ text: z.enum([`${INTERRUPTED}]`, `${INTERRUPTED} for tool use]`]) })]),
  }),
});

/** An answer of a model, with its counts so far. */
export interface Said extends Omit<Answer, "t"> {
  /** ms since 1970; absent where the line does not say. */
  readonly t?: number;
}

/** Where a transcript was left: the next byte. */
export const Bookmark = z.object({ offset: z.number().int().min(0) });
export type Bookmark = z.infer<typeof Bookmark>;

export const BEGINNING: Bookmark = { offset: 0 };

export interface Portion {
  readonly bookmark: Bookmark;
  /** What came since, the latest last; an answer that goes on in the next portion is in both. */
  readonly answers: readonly Said[];
  readonly branch?: string;
  /** The last turn of the main agent that the user broke off. */
  readonly interruption?: Interruption;
  /** The file goes on: this was as much as is read at one time, or the signal ended the reading. */
  readonly more: boolean;
}

/**
 * Reads on from the bookmark, at most MAX_PORTION_BYTES and to the end of the last whole line; undefined where there is no
 * such file. The signal ends it within a chunk.
 */
export async function readOn(file: string, from: Bookmark, signal?: AbortSignal): Promise<Portion | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe in its place would wait for a writer.
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) return undefined;
    // A file that has become shorter was written anew: what it held before is counted, so it is read from its end on.
    return await readLines(handle, stats.size < from.offset ? { offset: stats.size } : from, signal);
  } catch {
    return undefined;
  } finally {
    await handle?.close();
  }
}

async function readLines(handle: FileHandle, from: Bookmark, signal: AbortSignal | undefined): Promise<Portion> {
  const sum = new Sum();
  let { offset } = from;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const stopAt = from.offset + MAX_PORTION_BYTES;
  let more = true;
  for (let position = from.offset; position < stopAt && !signal?.aborted; ) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, position);
    more = bytesRead > 0;
    if (!more) break;
    position += bytesRead;
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1 && end < bytesRead; end = chunk.indexOf(NEWLINE, start)) {
      const part = chunk.subarray(start, end);
      if (pendingBytes + part.length <= MAX_LINE_BYTES) sum.add(Buffer.concat([...pending, part]));
      offset += pendingBytes + part.length + 1;
      pending = [];
      pendingBytes = 0;
      start = end + 1;
    }
    pendingBytes += bytesRead - start;
    if (pendingBytes <= MAX_LINE_BYTES) pending.push(Buffer.from(chunk.subarray(start, bytesRead)));
    else {
      // Nothing of a line that is too long is read again: the next portion goes on in the midst of it.
      pending = [];
      pendingBytes = 0;
      offset = position;
    }
  }
  return sum.portion(offset, more);
}

class Sum {
  readonly #answers = new Map<string, Said>();
  #branch: string | undefined;
  #interruption: Interruption | undefined;

  add(line: Buffer): void {
    // Most lines need not be parsed.
    if (line.includes('"usage"')) this.#addAnswer(line);
    else if (line.includes(INTERRUPTED)) this.#addInterruption(line);
  }

  #addInterruption(line: Buffer): void {
    const parsed = Interrupted.safeParse(parse(line.toString("utf8")));
    if (!parsed.success) return;
    const { timestamp, promptId } = parsed.data;
    this.#interruption = { t: Date.parse(timestamp), ...(promptId ? { prompt: promptId } : {}) };
  }

  #addAnswer(line: Buffer): void {
    const parsed = Line.safeParse(parse(line.toString("utf8")));
    if (!parsed.success) return;
    const { message, requestId, timestamp, gitBranch } = parsed.data;
    const { model, usage } = message;
    const id = `${message.id} ${requestId}`;
    const before = this.#answers.get(id);
    const most = (count: number, counted = 0) => Math.max(count, counted);
    const hour = most(usage.cache_creation?.ephemeral_1h_input_tokens ?? 0, before?.tokens.cacheWriteHour);
    this.#answers.delete(id); // the latest last
    this.#answers.set(id, {
      id,
      model: before?.model ?? model,
      ...(timestamp === undefined ? {} : { t: Date.parse(timestamp) }),
      tokens: {
        input: most(usage.input_tokens, before?.tokens.input),
        output: most(usage.output_tokens, before?.tokens.output),
        cacheRead: most(usage.cache_read_input_tokens, before?.tokens.cacheRead),
        cacheWrite: most(usage.cache_creation_input_tokens, before?.tokens.cacheWrite),
        ...(hour > 0 ? { cacheWriteHour: hour } : {}),
      },
    });
    this.#branch = gitBranch ?? this.#branch;
  }

  portion(offset: number, more: boolean): Portion {
    return {
      bookmark: { offset },
      more,
      answers: [...this.#answers.values()],
      ...(this.#branch === undefined ? {} : { branch: this.#branch }),
      ...(this.#interruption === undefined ? {} : { interruption: this.#interruption }),
    };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
