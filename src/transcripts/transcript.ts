// One transcript of Claude Code, read for token counts, words of the model and interruptions from where it was last left.
// - The format is the host's own affair and changes: a line that does not fit is passed over, and nothing is an error.
// - An answer stands in several lines, each with the count so far: the largest of each count stands.
// - Only whole lines are taken.
// Source of the fields: transcripts of host 2.1.330.

import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import * as z from "zod/mini";
import type { HookRun } from "../contract/alerts.ts";
import type { Tokens } from "../contract/session.ts";
import type { Interruption } from "../session/input.ts";
import type { Answer } from "../store/port.ts";
import { type Line, readLine } from "./line.ts";
import { readLines } from "./lines.ts";

/** What is read at one time; the rest at the next. */
export const MAX_PORTION_BYTES = 32 * 1024 * 1024;

/** How the host begins the line that says that the user broke a turn off. */
const INTERRUPTED = "[Request interrupted by user";

/** What the line of a hook has. */
const HOOK = '"durationMs"';
/** Of a portion. */
const MOST_HOOKS = 500;

/** An answer of a model, with its counts so far. */
export interface Said extends Omit<Answer, "t"> {
  /** ms since 1970; absent where the line does not say. */
  readonly t?: number;
}

/** Where a transcript was left: the next byte. */
export const Bookmark = z.object({ offset: z.int().check(z.gte(0)) });
export type Bookmark = z.infer<typeof Bookmark>;

export const BEGINNING: Bookmark = { offset: 0 };

export interface Portion {
  readonly bookmark: Bookmark;
  /** What came since, the latest last; an answer that goes on in the next portion is in both. */
  readonly answers: readonly Said[];
  /** The lines in which the model speaks or thinks, in order. */
  readonly said: readonly Line[];
  readonly branch?: string;
  /** Hooks that have run, the latest last; of many, the latest. */
  readonly hooks: readonly HookRun[];
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
    let offset = Math.min(from.offset, stats.size);
    const until = offset + MAX_PORTION_BYTES;
    const sum = new Sum();
    for await (const { bytes, isWhole, end } of readLines(handle, { from: offset, until, signal })) {
      if (bytes && !isWhole) break; // it is still being written, or goes on in the next portion
      if (bytes) sum.add(bytes);
      offset = end;
    }
    return sum.portion(offset, signal?.aborted === true || stats.size > until);
  } catch {
    return undefined;
  } finally {
    await handle?.close();
  }
}

class Sum {
  readonly #answers = new Map<string, Said>();
  readonly #said: Line[] = [];
  #hooks: HookRun[] = [];
  #branch: string | undefined;
  #interruption: Interruption | undefined;

  add(line: Buffer): void {
    // Most lines need not be parsed.
    if (line.includes('"usage"')) this.#addAnswer(line);
    else if (line.includes(INTERRUPTED)) this.#addInterruption(line);
    else if (line.includes(HOOK)) this.#addHook(line);
  }

  #addHook(bytes: Buffer): void {
    const line = readLine(bytes);
    if (line.kind !== "hook" || line.t === undefined) return;
    const { t, ms, event, isOurs } = line;
    this.#hooks.push({ t, ms, event, isOurs });
    if (this.#hooks.length > 2 * MOST_HOOKS) this.#hooks = this.#hooks.slice(-MOST_HOOKS);
  }

  #addInterruption(bytes: Buffer): void {
    const line = readLine(bytes);
    if (line.kind !== "interrupted" || line.agent !== undefined || line.t === undefined) return;
    this.#interruption = { t: line.t, ...(line.promptId ? { prompt: line.promptId } : {}) };
  }

  #addAnswer(bytes: Buffer): void {
    const line = readLine(bytes);
    if (line.kind !== "answer") return;
    if (line.text !== "" || line.thinking !== "") this.#said.push(line);
    for (const { id, model, tokens } of line.usage) {
      const before = this.#answers.get(id);
      this.#answers.delete(id); // the latest last
      this.#answers.set(id, {
        id,
        model: before?.model ?? model,
        ...(line.t === undefined ? {} : { t: line.t }),
        tokens: before ? most(tokens, before.tokens) : tokens,
      });
    }
    this.#branch = line.branch ?? this.#branch;
  }

  portion(offset: number, more: boolean): Portion {
    return {
      bookmark: { offset },
      more,
      answers: [...this.#answers.values()],
      said: this.#said,
      hooks: this.#hooks.slice(-MOST_HOOKS),
      ...(this.#branch === undefined ? {} : { branch: this.#branch }),
      ...(this.#interruption === undefined ? {} : { interruption: this.#interruption }),
    };
  }
}

/** The larger of each count. */
function most(a: Tokens, b: Tokens): Tokens {
  const hour = Math.max(a.cacheWriteHour ?? 0, b.cacheWriteHour ?? 0);
  return {
    input: Math.max(a.input, b.input),
    output: Math.max(a.output, b.output),
    cacheRead: Math.max(a.cacheRead, b.cacheRead),
    cacheWrite: Math.max(a.cacheWrite, b.cacheWrite),
    ...(hour > 0 ? { cacheWriteHour: hour } : {}),
  };
}
