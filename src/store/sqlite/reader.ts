// Long reads in a thread of their own: a million events take seconds, in which events are still to be stored.
// - The thread comes with the first question and goes when none has come for a while.
// - Who closes it does not wait for a long statement; the process then ends without waiting either, as Node would.
// - Questions are answered one after the other, each from what was committed when its turn came.

import { Worker } from "node:worker_threads";
import { bundle } from "../../platform/process.ts";
import type { Reads } from "./reads.ts";

const IDLE_MS = 60_000;
/** A thread ends between two statements, and one statement over millions of events takes minutes. */
const END_WITHIN_MS = 500;

export type Question = {
  [M in keyof Reads]: { readonly id: number; readonly method: M; readonly args: Parameters<Reads[M]> };
}[keyof Reads];
export type Reply = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

export interface Reader {
  /** Asks for a read by its name; rejects with what hindered it. */
  ask<M extends keyof Reads>(method: M, ...args: Parameters<Reads[M]>): Promise<ReturnType<Reads[M]>>;
  /** Whether the thread has ended, too: it does not in the middle of a long statement. */
  close(): Promise<boolean>;
}

/** Whether it comes about in time. */
async function isWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<false>();
  const timer = setTimeout(() => late.resolve(false), ms);
  const inTime = await Promise.race([work.then(() => true), late.promise]);
  clearTimeout(timer);
  return inTime;
}

export function openReader(file: string): Reader {
  // biome-ignore lint/suspicious/noExplicitAny: each question has an answer of its own type, which the thread promises
  const waiting = new Map<number, PromiseWithResolvers<any>>();
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
    if (!ending) return true;
    const ended = ending.terminate();
    ending.unref(); // which terminate has taken back
    if (await isWithin(ended, END_WITHIN_MS)) return true;
    const leave = () => process.kill(process.pid, "SIGKILL"); // `exit` waits for every thread
    process.once("exit", leave);
    void ended.then(() => process.off("exit", leave));
    return false;
  };
  return {
    ask<M extends keyof Reads>(method: M, ...args: Parameters<Reads[M]>) {
      clearTimeout(idle);
      idle = setTimeout(() => (waiting.size > 0 ? idle?.refresh() : void end()), IDLE_MS);
      idle.unref();
      worker ??= begin();
      const asked = Promise.withResolvers<ReturnType<Reads[M]>>();
      waiting.set(++last, asked);
      worker.postMessage({ id: last, method, args });
      return asked.promise;
    },
    close: end,
  };
}
