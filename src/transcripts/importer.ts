// The importing thread's side, and what it and the monitor say to each other.

import { createRedactor } from "../event/redact.ts";
import {
  type FileMark,
  type ImportBatch,
  type ImportRequest,
  type ImportSink,
  importTranscripts,
  type Progress,
} from "./import.ts";

export interface ImporterData {
  readonly request: ImportRequest;
  readonly redaction: Parameters<typeof createRedactor>[0];
  readonly hostName: string;
}

export type FromImporter =
  | { readonly kind: "look"; readonly id: number; readonly session: string; readonly marks: readonly FileMark[] }
  | { readonly kind: "batch"; readonly id: number; readonly batch: ImportBatch }
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "done"; readonly progress: Progress };

/** What the monitor answers to the question of that id. */
export type ToImporter = {
  readonly id: number;
  readonly value: Awaited<ReturnType<ImportSink[keyof ImportSink]>>;
};

type Question = Extract<FromImporter, { readonly id: number }>;

/** The other end of the thread. */
export interface MonitorPort {
  postMessage(message: FromImporter): void;
  on(event: "message", listener: (answer: ToImporter) => void): unknown;
}

const PROGRESS_EVERY_MS = 250;

/** Imports what the data asks for, keeping what is read in the monitor. */
export async function runImporter({ request, redaction, hostName }: ImporterData, port: MonitorPort): Promise<void> {
  const waiting = new Map<number, (value: never) => void>();
  let last = 0;
  port.on("message", ({ id, value }) => {
    waiting.get(id)?.(value as never);
    waiting.delete(id);
  });
  const ask = <T>(question: (id: number) => Question): Promise<T> =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      port.postMessage(question(last));
    });
  const sink: ImportSink = {
    look: (session, marks) => ask((id) => ({ kind: "look", id, session, marks })),
    take: (batch) => ask((id) => ({ kind: "batch", id, batch })),
  };
  let saidAt = Number.NEGATIVE_INFINITY;
  const progress = await importTranscripts({
    request,
    sink,
    redactor: createRedactor(redaction).redactor,
    hostName,
    now: Date.now,
    signal: new AbortController().signal,
    onProgress(progress) {
      if (performance.now() - saidAt < PROGRESS_EVERY_MS) return;
      saidAt = performance.now();
      port.postMessage({ kind: "progress", progress });
    },
  });
  port.postMessage({ kind: "done", progress });
}
