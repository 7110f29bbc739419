// One transcript of Claude Code, read for its token counts and its interruptions from where it was last left.
// - The format is the host's own affair and changes: a line that does not fit is passed over, and nothing is an error.
// - A message stands in several lines, each with the count so far: it is counted once, with its last count.
// - Only whole lines are taken; memory is bounded by MAX_LINE_BYTES.
// Source of the fields: transcripts of host 2.1.330.

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import * as z from "zod";
import type { Interruption } from "../session/kept.ts";

const CHUNK_BYTES = 256 * 1024;
/** Longer lines hold no answer of a model; they are passed over. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** No message has so many: sums stay numbers that can be counted with. */
const MAX_TOKENS = 1e12;
const count = z.number().int().min(0).max(MAX_TOKENS).catch(0);
const Line = z.object({
  type: z.literal("assistant"),
  gitBranch: z.string().max(256).optional().catch(undefined),
  message: z.object({
    id: z.string().min(1).max(256),
    model: z.string().min(1).max(256),
    usage: z.object({
      input_tokens: count,
      output_tokens: count,
      cache_read_input_tokens: count,
      cache_creation_input_tokens: count,
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

/** What models took and gave, in tokens. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

export const NO_TOKENS: Tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/** Where a transcript was left: the next byte, and the message that may go on there with what is counted of it. */
export const Bookmark = z.object({
  offset: z.number().int().min(0),
  message: z.string(),
  counted: z.object({ input: z.number(), output: z.number(), cacheRead: z.number(), cacheWrite: z.number() }),
});
export type Bookmark = z.infer<typeof Bookmark>;

export const BEGINNING: Bookmark = { offset: 0, message: "", counted: NO_TOKENS };

export interface Portion {
  readonly bookmark: Bookmark;
  /** What came since, by model. */
  readonly tokens: ReadonlyMap<string, Tokens>;
  readonly model?: string;
  readonly branch?: string;
  /** The last turn of the main agent that the user broke off. */
  readonly interruption?: Interruption;
}

/** Reads on from the bookmark to the end of the last whole line. @returns undefined where there is no such file */
export async function readOn(file: string, from: Bookmark): Promise<Portion | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Without O_NONBLOCK, opening a pipe in its place would wait for a writer.
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) return undefined;
    // A file that has become shorter was written anew: what it held before is counted, so it is read from its end on.
    return await readLines(handle, stats.size < from.offset ? { ...BEGINNING, offset: stats.size } : from);
  } catch {
    return undefined;
  } finally {
    await handle?.close();
  }
}

async function readLines(handle: FileHandle, from: Bookmark): Promise<Portion> {
  const sum = new Sum(from);
  let { offset } = from;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = from.offset; ; ) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) break;
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
    else pending = [];
  }
  return sum.portion(offset);
}

class Sum {
  readonly #tokens = new Map<string, Tokens>();
  #message: string;
  #counted: Tokens;
  #model: string | undefined;
  #branch: string | undefined;
  #interruption: Interruption | undefined;

  constructor({ message, counted }: Bookmark) {
    this.#message = message;
    this.#counted = counted;
  }

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
    const { id, model, usage } = parsed.data.message;
    const said: Tokens = {
      input: usage.input_tokens,
      output: usage.output_tokens,
      cacheRead: usage.cache_read_input_tokens,
      cacheWrite: usage.cache_creation_input_tokens,
    };
    if (id !== this.#message) this.#counted = NO_TOKENS;
    const more = beyond(said, this.#counted);
    this.#tokens.set(model, plus(this.#tokens.get(model) ?? NO_TOKENS, more));
    this.#message = id;
    this.#counted = plus(this.#counted, more);
    this.#model = model;
    this.#branch = parsed.data.gitBranch ?? this.#branch;
  }

  portion(offset: number): Portion {
    return {
      bookmark: { offset, message: this.#message, counted: this.#counted },
      tokens: this.#tokens,
      ...(this.#model === undefined ? {} : { model: this.#model }),
      ...(this.#branch === undefined ? {} : { branch: this.#branch }),
      ...(this.#interruption === undefined ? {} : { interruption: this.#interruption }),
    };
  }
}

export function plus(a: Tokens, b: Tokens): Tokens {
  return {
    input: a.input + b.input,
    output: a.output + b.output,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
  };
}

/** What of `said` is not counted yet; a count that has shrunk takes nothing back. */
function beyond(said: Tokens, counted: Tokens): Tokens {
  return {
    input: Math.max(0, said.input - counted.input),
    output: Math.max(0, said.output - counted.output),
    cacheRead: Math.max(0, said.cacheRead - counted.cacheRead),
    cacheWrite: Math.max(0, said.cacheWrite - counted.cacheWrite),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
