// A store file as version 1 wrote it, from its frozen schema.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Envelope } from "../../../src/contract/envelope.ts";
import { extract, headOf, searchText } from "../../../src/store/extract.ts";

const SCHEMA = readFileSync(join(import.meta.dirname, "schema/1.sql"), "utf8");

/** A session's state as version 1 kept it, as far as the tests need it. */
export interface OldState {
  readonly id: string;
  readonly project: string;
  readonly host: string;
  state: string;
  since: number;
  firstAt: number;
  lastAt: number;
  events: number;
  maxSeq: number;
  turns: number;
  prompt?: string;
  [field: string]: unknown;
}

/** Opens a new file of version 1; `add` stores events as one transaction. */
export function openOldStore(file: string) {
  const db = new DatabaseSync(file);
  db.exec(`PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
    BEGIN; ${SCHEMA}; PRAGMA user_version = 1; COMMIT`);
  const insert = db.prepare(`INSERT INTO event
    (id, t, session, seq, event, tool, agent, agent_type, call, prompt, failed, ms, kind, child, background, text, bytes, file, project)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertBody = db.prepare("INSERT INTO body VALUES (?, ?)");
  const insertText = db.prepare("INSERT INTO search (rowid, text) VALUES (?, ?)");
  const insertSession = db.prepare("INSERT OR REPLACE INTO session VALUES (?, ?, ?)");
  const insertUsage = db.prepare("INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?)");
  const insertBookmark = db.prepare("INSERT INTO transcript VALUES (?, ?)");

  const addOne = (envelope: Envelope): OldState => {
    const json = JSON.stringify(envelope);
    const { row, file: touched, project } = extract(envelope, Buffer.byteLength(json));
    const { lastInsertRowid } = insert.run(
      row.id,
      row.t,
      row.session,
      row.seq,
      row.event,
      row.tool ?? null,
      row.agent ?? null,
      row.agentType ?? null,
      row.call ?? null,
      row.prompt ?? null,
      row.failed ? 1 : null,
      row.ms ?? null,
      row.kind ?? null,
      row.child ?? null,
      row.background ? 1 : null,
      row.text ?? null,
      row.bytes,
      touched ?? null,
      project ?? null,
    );
    insertBody.run(lastInsertRowid, json);
    insertText.run(lastInsertRowid, searchText(envelope));
    const { host = "" } = headOf(envelope, project);
    return {
      id: row.session,
      project: project ?? "",
      host,
      state: "idle",
      since: row.t,
      firstAt: row.t,
      lastAt: row.t,
      origin: "startup",
      events: 1,
      failures: 0,
      turns: 0,
      toolCalls: 0,
      gaps: 0,
      running: [],
      subagents: [],
      base: { state: "idle", since: row.t },
      waits: [],
      left: [],
      ended: [],
      over: [],
      maxSeq: row.seq,
      pulse: new Array<number>(30).fill(0),
      minute: Math.floor(row.t / 60_000),
      ...(row.event === "UserPromptSubmit" && row.text ? { prompt: row.text } : {}),
    };
  };
  const states = new Map<string, OldState>();
  return {
    add(events: readonly Envelope[]): void {
      db.exec("BEGIN");
      const touched = new Set<OldState>();
      for (const envelope of events) {
        const one = addOne(envelope);
        const before = states.get(one.id) ?? { ...one, events: 0 };
        before.lastAt = Math.max(before.lastAt, one.lastAt);
        before.maxSeq = Math.max(before.maxSeq, one.maxSeq);
        before.events++;
        if (one.prompt !== undefined) {
          before.prompt = one.prompt;
          before.turns++;
        }
        states.set(one.id, before);
        touched.add(before);
      }
      for (const state of touched) insertSession.run(state.id, state.lastAt, JSON.stringify(state));
      db.exec("COMMIT");
    },
    /** Tokens as version 1 kept them: a sum by session and model. */
    addUsage(session: string, model: string, input: number, output: number): void {
      insertUsage.run(session, model, input, output, 0, 0);
    },
    addBookmark(path: string): void {
      insertBookmark.run(path, JSON.stringify({ offset: 10, message: "m", counted: {} }));
    },
    close: () => db.close(),
  };
}
