// dist/store-reader.js: counts in a thread of its own, reading only, so that the figures of a year hold up no event.

import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { BUSY_MS } from "../store/sqlite/file.ts";
import type { Question, Reply } from "../store/sqlite/reader.ts";
import { statistics } from "../store/sqlite/statistics.ts";

const db = new DatabaseSync(String(workerData), { readOnly: true, timeout: BUSY_MS });
parentPort?.on("message", ({ id, span }: Question) => {
  const reply = (): Reply => {
    try {
      return { id, value: statistics(db, span) };
    } catch (error) {
      return { id, error: error instanceof Error ? error.message : String(error) };
    }
  };
  parentPort?.postMessage(reply());
});
