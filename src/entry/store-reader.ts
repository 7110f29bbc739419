// dist/store-reader.js: long reads of the store in a thread of their own, so that the figures of a year hold up no event.

import { DatabaseSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { errorMessage } from "../platform/error.ts";
import { BUSY_MS } from "../store/sqlite/file.ts";
import type { Question, Reply } from "../store/sqlite/reader.ts";
import { openReads } from "../store/sqlite/reads.ts";

const reads = openReads(new DatabaseSync(String(workerData), { readOnly: true, timeout: BUSY_MS }));

function answer(question: Question): unknown {
  switch (question.method) {
    case "rows":
      return reads.rows(...question.args);
    case "envelopes":
      return reads.envelopes(...question.args);
    case "statistics":
      return reads.statistics(...question.args);
  }
}

parentPort?.on("message", (question: Question) => {
  const { id } = question;
  const reply = (): Reply => {
    try {
      return { id, value: answer(question) };
    } catch (error) {
      return { id, error: errorMessage(error) };
    }
  };
  parentPort?.postMessage(reply());
});
