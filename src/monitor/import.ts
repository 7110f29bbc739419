// Imports transcripts while the monitor goes on: a thread reads and redacts, the store is given one batch after the other.
// - One import at a time. It ends with the monitor, and goes on where it was when it is asked for again.
// - One batch is committed in a turn of the loop: events and requests that come meanwhile wait for no more than that.

import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { Config } from "../config/config.ts";
import { Envelope } from "../contract/envelope.ts";
import type { ImportProgress, ImportRequest, ImportStatus } from "../contract/import.ts";
import { textOf } from "../contract/texts.ts";
import type { Log } from "../platform/log.ts";
import { bundle } from "../platform/process.ts";
import type { SessionFacts, Store } from "../store/port.ts";
import { configurationDirectories, findTranscripts } from "../transcripts/find.ts";
import type { ImportBatch, ImportSink } from "../transcripts/import.ts";
import type { FromImporter, ImporterData, ToImporter } from "../transcripts/importer.ts";

const PAGE = 1000;
/** What the thread makes is short-lived: more room would not make it quicker, and is never given back. */
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
  let worker: Worker | undefined;
  let state: ImportStatus["state"] = "never";
  let startedAt = 0;
  let seconds = 0;
  let progress: ImportProgress | undefined;
  let trouble: string | undefined;
  let taking: Promise<unknown> = Promise.resolve();
  let found: { readonly at: number; readonly value: Promise<NonNullable<ImportStatus["found"]>> } | undefined;

  const finish = (ended: Worker, ending: "done" | "failed", why?: string) => {
    if (worker !== ended) return; // the exit of one that was done comes later, perhaps while the next one runs
    state = ending;
    trouble = why;
    seconds = (now() - startedAt) / 1000;
    worker = undefined;
    log[ending === "done" ? "info" : "warn"]({ seconds, events: progress?.events, trouble }, "the import has ended");
  };
  const reply = async (started: Worker, message: FromImporter): Promise<void> => {
    const send = (answer: ToImporter) => started.postMessage(answer);
    switch (message.kind) {
      case "progress":
        progress = message.progress;
        return;
      case "done":
        progress = message.progress;
        finish(started, "done");
        void started.terminate();
        return;
      case "known":
        return send({ id: message.id, value: await sink.known(message.session) });
      case "marks":
        return send({ id: message.id, value: await sink.marks(message.names) });
      case "batch":
        taking = taking.then(async () => {
          await nextTurn();
          send({ id: message.id, value: await sink.take(message.batch) });
        });
        await taking;
        return;
    }
  };
  return {
    start({ paths = places, since, project, dryRun = false }) {
      if (state === "running") return;
      state = "running";
      startedAt = now();
      progress = undefined;
      trouble = undefined;
      const request = { places: paths, since, project, keptSince: now() - config.monitorRetentionMs, dryRun };
      const { redact, redactPatterns, hostName } = config;
      const workerData: ImporterData = { request, redaction: { enabled: redact, patterns: redactPatterns }, hostName };
      const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MB };
      const started = new Worker(bundle("importer.js"), { workerData, resourceLimits });
      worker = started;
      log.info({ places: paths, since, project, dryRun }, "an import has started");
      started.on("message", (message: FromImporter) => {
        reply(started, message).catch((error: unknown) => {
          finish(started, "failed", error instanceof Error ? error.message : String(error));
          void started.terminate();
        });
      });
      started.on("error", (error) => finish(started, "failed", error.message));
      started.on("exit", () => finish(started, "failed", "it was interrupted"));
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
      await worker?.terminate();
    },
  };
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

function sinkOf(store: Store): ImportSink {
  return {
    async known(session) {
      const calls = new Set<string>();
      const prompts = new Set<string>();
      let byHooks = false;
      for (let after = 0; ; ) {
        const rows = await store.rows({ session }, { after, limit: PAGE });
        for (const { call, event, prompt, source } of rows) {
          if (source === "transcript") continue;
          byHooks = true;
          if (call !== undefined) calls.add(call);
          if (event === "UserPromptSubmit" && prompt !== undefined) prompts.add(prompt);
        }
        after = rows.at(-1)?.n ?? after;
        if (rows.length < PAGE)
          return { byHooks, calls, prompts, isStored: (await store.session(session)) !== undefined };
      }
    },
    async marks(names) {
      const values = new Map<string, string>();
      for (const name of names) {
        const value = await store.bookmark(name);
        if (value !== undefined) values.set(name, value);
      }
      return values;
    },
    take: (batch) => takeBatch(store, batch),
  };
}

async function takeBatch(store: Store, { session, events, usage, marks }: ImportBatch) {
  const envelopes = events.map((json) => Envelope.parse(JSON.parse(json)));
  const { outcomes, trouble } = await store.append(envelopes);
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
