// Statistics, counted in a thread of their own: a million events take seconds, in which events are still to be stored.
// - The thread comes with the first question and goes when none has come for a while.
// - Questions are answered one after the other, each from what was committed when its turn came.

import { Worker } from "node:worker_threads";
import type { Config } from "../config/config.ts";
import type { Statistics } from "../contract/statistics.ts";
import { bundle } from "../platform/process.ts";
import type { Span } from "./stats.ts";

const IDLE_MS = 60_000;

export interface Given {
  /** monitor.db */
  readonly file: string;
  readonly prices: Config["prices"];
}
export interface Question {
  readonly id: number;
  readonly span: Span;
}
export type Answer =
  | { readonly id: number; readonly value: Statistics }
  | { readonly id: number; readonly error: string };

export interface Counting {
  /** Rejects with what hindered it. */
  of(span: Span): Promise<Statistics>;
  close(): Promise<void>;
}

export function openCounting(given: Given): Counting {
  const waiting = new Map<number, PromiseWithResolvers<Statistics>>();
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last = 0;

  const fail = (error: Error) => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const begin = (): Worker => {
    const started = new Worker(bundle("statistics.js"), { workerData: given });
    started.unref();
    started.on("message", (answer: Answer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ("value" in answer) asked?.resolve(answer.value);
      else asked?.reject(new Error(answer.error));
    });
    started.on("error", fail);
    started.on("exit", () => {
      if (worker === started) fail(new Error("the statistics were interrupted"));
    });
    return started;
  };
  const end = async () => {
    clearTimeout(idle);
    const ending = worker;
    fail(new Error("the monitor ends"));
    await ending?.terminate();
  };
  return {
    of(span) {
      clearTimeout(idle);
      idle = setTimeout(() => (waiting.size > 0 ? idle?.refresh() : void end()), IDLE_MS);
      idle.unref();
      worker ??= begin();
      const asked = Promise.withResolvers<Statistics>();
      waiting.set(++last, asked);
      worker.postMessage({ id: last, span } satisfies Question);
      return asked.promise;
    },
    close: end,
  };
}
