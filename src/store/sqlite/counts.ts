// What events of a project come to: by minute, by tool, by file, and the slowest calls. Counts of hours add up to those of a week.

import * as z from "zod/mini";
import type { Statistics, ToolStatistics } from "../../contract/statistics.ts";
import type { Steps } from "../steps.ts";

const SLOWEST = 20;
const MAX_FILES = 50;
/** Histogram: [0] below 1 ms, then a step for each half power of ten, up to an hour and more. */
const BUCKETS = 15;
const MINUTE_MS = 60_000;

const numbers = z.array(z.number());
/** As they are kept. Lists of pairs are flat: a value and how often it was there. */
export const CountsRecord = z.object({
  /** Minutes since 1970, each with its events and its failures: three numbers a minute. */
  minutes: numbers,
  tools: z.record(z.string(), z.object({ calls: z.number(), failures: z.number(), ms: numbers })),
  /** Reads and edits of each file. */
  files: z.record(z.string(), z.tuple([z.number(), z.number()])),
  /** Position and ms of the slowest calls. */
  slowest: numbers,
});
type CountsRecord = z.infer<typeof CountsRecord>;

/** What of an event counts. */
export interface Counted {
  readonly n: number;
  readonly t: number;
  readonly event: string;
  readonly tool: string | undefined;
  readonly failed: boolean;
  readonly ms: number | undefined;
  readonly file: string | undefined;
}

interface Tool {
  calls: number;
  failures: number;
  /** How many calls took so long, by ms. */
  readonly ms: Map<number, number>;
}

const ENDS = new Set(["PostToolUse", "PostToolUseFailure"]);

export class Counts {
  readonly #minutes = new Map<number, [events: number, failures: number]>();
  readonly #tools = new Map<string, Tool>();
  readonly #files = new Map<string, [reads: number, edits: number]>();
  #slowest: { readonly n: number; readonly ms: number }[] = [];

  add({ n, t, event, tool, failed, ms, file }: Counted): void {
    this.#happened(Math.floor(t / MINUTE_MS), 1, failed ? 1 : 0);
    if (ENDS.has(event)) {
      const one = this.#tool(tool ?? "(none)");
      one.calls++;
      if (failed) one.failures++;
      if (ms !== undefined) {
        increase(one.ms, ms, 1);
        this.#took(n, ms);
      }
    }
    if (file !== undefined && tool !== undefined && event === "PostToolUse")
      this.#touched(file, tool === "Read" ? 1 : 0, tool === "Read" ? 0 : 1);
  }

  /** Adds what was counted before. */
  merge({ minutes, tools, files, slowest }: CountsRecord): void {
    for (let at = 0; at + 2 < minutes.length; at += 3)
      this.#happened(minutes[at] ?? 0, minutes[at + 1] ?? 0, minutes[at + 2] ?? 0);
    for (const [name, { calls, failures, ms }] of Object.entries(tools)) {
      const one = this.#tool(name);
      one.calls += calls;
      one.failures += failures;
      for (let at = 0; at + 1 < ms.length; at += 2) increase(one.ms, ms[at] ?? 0, ms[at + 1] ?? 0);
    }
    for (const [file, [reads, edits]] of Object.entries(files)) this.#touched(file, reads, edits);
    for (let at = 0; at + 1 < slowest.length; at += 2) this.#took(slowest[at] ?? 0, slowest[at + 1] ?? 0);
  }

  record(): CountsRecord {
    return {
      minutes: [...this.#minutes].flatMap(([minute, counts]) => [minute, ...counts]),
      tools: Object.fromEntries(
        [...this.#tools].map(([name, { calls, failures, ms }]) => [name, { calls, failures, ms: [...ms].flat() }]),
      ),
      files: Object.fromEntries(this.#files),
      slowest: this.#leaders().flatMap(({ n, ms }) => [n, ms]),
    };
  }

  /** Most used first. */
  tools(): ToolStatistics[] {
    return [...this.#tools].map(statisticsOf).sort((a, b) => b.calls - a.calls);
  }

  /** The most touched first. */
  files(): Statistics["files"] {
    return [...this.#files]
      .map(([file, [reads, edits]]) => ({ file, reads, edits }))
      .sort((a, b) => b.reads + b.edits - a.reads - a.edits)
      .slice(0, MAX_FILES);
  }

  /** Positions of the slowest calls, the slowest first. */
  slowest(): number[] {
    return this.#leaders().map(({ n }) => n);
  }

  activity({ from, step, length }: Steps): Statistics["activity"] {
    const events = new Array<number>(length).fill(0);
    const failures = new Array<number>(length).fill(0);
    for (const [minute, [happened, failed]] of this.#minutes) {
      const at = Math.min(length - 1, Math.max(0, Math.floor((minute * MINUTE_MS - from) / step)));
      events[at] = (events[at] ?? 0) + happened;
      failures[at] = (failures[at] ?? 0) + failed;
    }
    return { from, step, events, failures };
  }

  #happened(minute: number, events: number, failures: number): void {
    const known = this.#minutes.get(minute);
    if (known) {
      known[0] += events;
      known[1] += failures;
    } else this.#minutes.set(minute, [events, failures]);
  }

  #tool(name: string): Tool {
    let one = this.#tools.get(name);
    if (!one) {
      one = { calls: 0, failures: 0, ms: new Map() };
      this.#tools.set(name, one);
    }
    return one;
  }

  #touched(file: string, reads: number, edits: number): void {
    const known = this.#files.get(file);
    if (known) {
      known[0] += reads;
      known[1] += edits;
    } else this.#files.set(file, [reads, edits]);
  }

  #took(n: number, ms: number): void {
    this.#slowest.push({ n, ms });
    if (this.#slowest.length >= 50 * SLOWEST) this.#slowest = this.#leaders();
  }

  #leaders() {
    return this.#slowest.toSorted((a, b) => b.ms - a.ms).slice(0, SLOWEST);
  }
}

function increase(counts: Map<number, number>, value: number, by: number): void {
  counts.set(value, (counts.get(value) ?? 0) + by);
}

function statisticsOf([tool, { calls, failures, ms }]: readonly [string, Tool]): ToolStatistics {
  const values = Float64Array.from(ms.keys()).sort();
  const histogram = new Array<number>(BUCKETS).fill(0);
  /** How many took no longer, by place of the value. */
  const until = new Float64Array(values.length);
  let sum = 0;
  for (const [place, value] of values.entries()) {
    const count = ms.get(value) ?? 0;
    const bucket = value < 1 ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log10(value) * 2));
    histogram[bucket] = (histogram[bucket] ?? 0) + count;
    sum += count;
    until[place] = sum;
  }
  const at = (q: number) => {
    const rank = Math.min(sum - 1, Math.floor(q * sum));
    return values[until.findIndex((count) => count > rank)] ?? 0;
  };
  return { tool, calls, failures, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: values.at(-1) ?? 0, histogram };
}
