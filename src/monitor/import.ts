// Imports transcripts while the monitor goes on: a thread reads and redacts, the store is given one batch after the other.
// - One import at a time. It ends with the monitor, and goes on where it was when it is asked for again.
// - What may have gone on when it was imported is read again, unasked, when it is over (over.ts).
// - One batch is committed in a turn of the loop: events and requests that come meanwhile wait for no more than that.

import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Config } from "../config/config.ts";
import type { ImportProgress, ImportRequest, ImportStatus } from "../contract/import.ts";
import { textOf } from "../contract/texts.ts";
import { errorMessage } from "../platform/error.ts";
import type { Log } from "../platform/log.ts";
import { bundle } from "../platform/process.ts";
import type { SessionFacts, Store } from "../store/port.ts";
import { isFork } from "../transcripts/copies.ts";
import type { KnownSession } from "../transcripts/events.ts";
import { configurationDirectories, findTranscripts } from "../transcripts/find.ts";
import type { ImportBatch, ImportSink } from "../transcripts/import.ts";
import type { FromImporter, ImporterData, ToImporter } from "../transcripts/importer.ts";
import { watchForOver } from "./over.ts";

const PAGE = 1000;
/** What the thread makes is short-lived: with two or four times the room it was no quicker, and took 25 MiB more and some. */
const YOUNG_MB = 6;
/** How long what was found on the disk is believed. */
const FOUND_FOR_MS = 60_000;

export interface Import {
  /** Starts one, unless one is running. */
  start(request: ImportRequest): void;
  status(): Promise<ImportStatus>;
  readonly isRunning: boolean;
  close(): Promise<void>;
}

export function openImport(config: Config, store: Store, log: Log, now: () => number): Import {
  const places = configurationDirectories(config.claudeHome, config.userHome);
  const sink = sinkOf(store);
  let reading: Reading | undefined;
  let state: ImportStatus["state"] = "never";
  let startedAt = 0;
  let seconds = 0;
  let progress: ImportProgress | undefined;
  let trouble: string | undefined;
  let found: { readonly at: number; readonly value: Promise<NonNullable<ImportStatus["found"]>> } | undefined;

  const begin = (request: ImportRequest, onProgress: (progress: ImportProgress) => void): Reading => {
    const { paths = places, since, project, dryRun = false } = request;
    const { redact, redactPatterns, hostName } = config;
    const wanted = { places: paths, since, project, keptSince: now() - config.monitorRetentionMs, dryRun };
    return read(
      { request: wanted, redaction: { enabled: redact, patterns: redactPatterns }, hostName },
      sink,
      onProgress,
    );
  };
  const finish = (ending: "done" | "failed", why?: string) => {
    state = ending;
    trouble = why;
    seconds = (now() - startedAt) / 1000;
    reading = undefined;
    log[ending === "done" ? "info" : "warn"]({ seconds, events: progress?.events, trouble }, "the import has ended");
  };
  const over = watchForOver({
    store,
    places,
    now,
    log,
    read: (paths) => begin({ paths: [...paths] }, () => {}),
  });
  return {
    start(request) {
      if (state === "running") return;
      state = "running";
      startedAt = now();
      progress = undefined;
      trouble = undefined;
      log.info({ ...request }, "an import has started");
      reading = begin(request, (made) => {
        progress = made;
      });
      reading.ended.then(
        () => finish("done"),
        (error: unknown) => finish("failed", errorMessage(error)),
      );
    },
    async status() {
      if (!found || now() - found.at > FOUND_FOR_MS) found = { at: now(), value: look(places) };
      return {
        state,
        ...(state === "never" ? {} : { startedAt }),
        ...(state === "never" ? {} : { seconds: state === "running" ? (now() - startedAt) / 1000 : seconds }),
        ...(progress ? { progress } : {}),
        ...(trouble === undefined ? {} : { trouble }),
        found: await found.value,
      };
    },
    get isRunning() {
      return state === "running";
    },
    async close() {
      await over.close();
      await reading?.stop();
    },
  };
}

/** Transcripts that a thread reads. */
export interface Reading {
  /** Resolves when all of it is stored; rejects with why it could not be, or that it was stopped. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Has a thread read what the data asks for, into the sink. */
function read(workerData: ImporterData, sink: ImportSink, onProgress: (progress: ImportProgress) => void): Reading {
  const thread = new Worker(bundle("importer.js"), {
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  });
  const ended = Promise.withResolvers<void>();
  let taking: Promise<unknown> = Promise.resolve();
  const send = (answer: ToImporter) => thread.postMessage(answer);
  const reply = async (message: FromImporter): Promise<void> => {
    switch (message.kind) {
      case "progress":
        return onProgress(message.progress);
      case "done":
        onProgress(message.progress);
        return ended.resolve();
      case "look":
        return send({ id: message.id, value: await sink.look(message.session, message.marks) });
      case "batch":
        taking = taking.then(async () => {
          await nextTurn();
          send({ id: message.id, value: await sink.take(message.batch) });
        });
        await taking;
    }
  };
  thread.on("message", (message: FromImporter) => {
    reply(message).catch(ended.reject);
  });
  thread.on("error", ended.reject);
  thread.on("exit", () => ended.reject(new Error("it was interrupted")));
  const stop = async () => void (await thread.terminate());
  ended.promise.then(stop, stop);
  return { ended: ended.promise, stop };
}

async function look(places: readonly string[]) {
  const files = await findTranscripts(places);
  const own = files.filter(({ isSubagent }) => !isSubagent);
  return {
    sessions: own.length,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    oldestAt: own.length === 0 ? null : Math.min(...own.map(({ modifiedAt }) => modifiedAt)),
  };
}

/** A store, as an import needs it. */
export function sinkOf(store: Store): ImportSink {
  return {
    async look(session, marks) {
      const isStored = (await store.session(session)) !== undefined;
      for (const { name, value } of marks)
        if ((await store.bookmark(name)) !== value) return { isStored, known: await knownOf(store, session) };
      return { isStored };
    },
    take: (batch) => takeBatch(store, batch),
  };
}

/** What the store has of a session's events, a page in a turn of the loop. */
async function knownOf(store: Store, session: string): Promise<KnownSession> {
  const [calls, prompts, told] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let byHooks = false;
  let forkedAt: number | undefined;
  for (let after = 0; ; await nextTurn()) {
    const rows = await store.rows({ session }, { after, limit: PAGE });
    for (const row of rows) {
      const { id, call, event, prompt, source, t } = row;
      if (source === "transcript") {
        told.add(id);
        continue;
      }
      byHooks = true;
      if (call !== undefined) calls.add(call);
      if (isFork(row)) forkedAt ??= t;
      if (event === "UserPromptSubmit" && prompt !== undefined) prompts.add(prompt);
    }
    after = rows.at(-1)?.n ?? after;
    if (rows.length < PAGE) return { byHooks, calls, prompts, told, forkedAt };
  }
}

async function takeBatch(store: Store, { session, events, usage, marks }: ImportBatch) {
  const { outcomes, trouble } = await store.keep(events);
  if (trouble) throw new Error(textOf(trouble));
  const answers = usage.map(({ id, t, model, tokens }) => ({ id, t, model, tokens }));
  const facts: SessionFacts["facts"] = answers.length > 0 ? [{ kind: "answers", answers }] : [];
  const records: SessionFacts[] = [
    ...(facts.length > 0 ? [{ session, facts }] : []),
    ...marks.map((bookmark) => ({ session, facts: [], bookmark })),
  ];
  const hindered = records.length > 0 ? await store.record(records) : undefined;
  if (hindered) throw new Error(textOf(hindered));
  const added = outcomes.filter(({ kind }) => kind === "stored").length;
  return { added, repeated: outcomes.length - added };
}
