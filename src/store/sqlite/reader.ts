// What takes long to count, in a thread of its own: a million events take seconds, in which events are still to be stored.
// - The thread comes with the first question and goes when none has come for a while.
// - Questions are answered one after the other, each from what was committed when its turn came.

import { Worker } from "node:worker_threads";
import { bundle } from "../../platform/process.ts";
import type { Counted, Span } from "../port.ts";

const IDLE_MS = 60_000;

export interface Question {
  readonly id: number;
  readonly span: Span;
}
export type Reply = { readonly id: number; readonly value: Counted } | { readonly id: number; readonly error: string };

export interface Reader {
  /** Rejects with what hindered it. */
  statistics(span: Span): Promise<Counted>;
  close(): Promise<void>;
}

export function openReader(file: string): Reader {
  const waiting = new Map<number, PromiseWithResolvers<Counted>>();
  let worker: Worker | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last = 0;

  const fail = (error: Error) => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  const begin = (): Worker => {
    const started = new Worker(bundle("store-reader.js"), { workerData: file });
    started.unref();
    started.on("message", (reply: Reply) => {
      const asked = waiting.get(reply.id);
      waiting.delete(reply.id);
      if ("value" in reply) asked?.resolve(reply.value);
      else asked?.reject(new Error(reply.error));
    });
    started.on("error", fail);
    started.on("exit", () => {
      if (worker === started) fail(new Error("the store's reader was interrupted"));
    });
    return started;
  };
  const end = async () => {
    clearTimeout(idle);
    const ending = worker;
    fail(new Error("the store is closed"));
    await ending?.terminate();
  };
  return {
    statistics(span) {
      clearTimeout(idle);
      idle = setTimeout(() => (waiting.size > 0 ? idle?.refresh() : void end()), IDLE_MS);
      idle.unref();
      worker ??= begin();
      const asked = Promise.withResolvers<Counted>();
      waiting.set(++last, asked);
      worker.postMessage({ id: last, span } satisfies Question);
      return asked.promise;
    },
    close: end,
  };
}
