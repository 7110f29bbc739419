// dist/statistics.js: counts in a thread of its own, reading only, so that the figures of a year hold up no event.

import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import type { Answer, Given, Question } from "../store/counting.ts";
import { statistics } from "../store/stats.ts";
import { openStore } from "../store/store.ts";

const { file, prices } = workerData as Given;
const store = openStore(new DatabaseSync(file, { readOnly: true, timeout: 2000 }), Date.now);
parentPort?.on("message", ({ id, span }: Question) => {
  const answer = (): Answer => {
    try {
      return { id, value: statistics(store, prices, span) };
    } catch (error) {
      return { id, error: (error as Error).message };
    }
  };
  parentPort?.postMessage(answer());
});
