// alerts.db: every alert once, and for each channel whether it has got it. What is not delivered is there after a crash.

import { chmodSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import * as z from "zod/mini";
import { Alert, type AlertRecord, Delivery, type DeliveryState } from "../contract/alerts.ts";

/** Alerts that are remembered; older ones go, delivered or not. */
const MAX_KEPT = 2000;

export interface Outbox {
  /** Keeps an alert for the channels; false where it is there already, for all of them. */
  add(alert: Alert, channels: readonly string[], now: number): boolean;
  /** What waits for a channel, the oldest first. */
  waitingFor(channel: string): Alert[];
  /** Notes what became of alerts on a channel; `tried`: it was an attempt. */
  note(ids: readonly string[], channel: string, outcome: Outcome): void;
  /** How many deliveries are in each state. */
  counts(): Readonly<Record<DeliveryState, number>>;
  /** The latest first. */
  history(limit: number): AlertRecord[];
  /** Sessions and projects that alerts are about. */
  subjects(): { readonly sessions: readonly string[]; readonly projects: readonly string[] };
  /** Whether an alert is about that session. */
  isAbout(session: string): boolean;
  /** Removes alerts for good, delivered or not: those about these sessions and projects, and what is older. */
  forget(which: Gone): void;
  /** A value that is kept under a name. */
  keep(name: string, value: string): void;
  kept(name: string): string | undefined;
  close(): void;
}

export interface Outcome {
  readonly state: DeliveryState;
  readonly now: number;
  readonly tried: boolean;
  readonly reason?: string;
}

/** What is to be gone. */
export interface Gone {
  readonly sessions?: readonly string[];
  readonly projects?: readonly string[];
  /** ms since 1970 */
  readonly before?: number;
}

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA secure_delete = ON;
  CREATE TABLE IF NOT EXISTS alert (id TEXT PRIMARY KEY, at INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS alert_at ON alert (at);
  CREATE INDEX IF NOT EXISTS alert_session ON alert (json ->> 'session');
  CREATE TABLE IF NOT EXISTS delivery (
    alert TEXT NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL, at INTEGER NOT NULL, tries INTEGER NOT NULL, reason TEXT,
    PRIMARY KEY (alert, channel)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS delivery_waiting ON delivery (channel, at) WHERE state = 'waiting';
  CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`;

const DeliveryRow = z.object({
  channel: z.string(),
  state: z.string(),
  at: z.number(),
  tries: z.number(),
  reason: z.nullable(z.string()),
});
const Row = z.object({ json: z.string() });
const Subject = z.object({ subject: z.string() });

/** Opens the file, 0600, and makes it where it is missing. Throws what SQLite says. */
export function openOutbox(file: string): Outbox {
  const db = new DatabaseSync(file, { timeout: 2000 });
  try {
    chmodSync(file, 0o600);
    db.exec(SCHEMA);
  } catch (error) {
    db.close();
    throw error;
  }
  const insert = db.prepare("INSERT OR IGNORE INTO alert VALUES (?, ?, ?)");
  const insertDelivery = db.prepare("INSERT OR IGNORE INTO delivery VALUES (?, ?, 'waiting', ?, 0, NULL)");
  const waiting = db.prepare(`SELECT a.json FROM delivery d JOIN alert a ON a.id = d.alert
    WHERE d.channel = ? AND d.state = 'waiting' ORDER BY d.at`);
  const update = db.prepare(
    "UPDATE delivery SET state = ?, at = ?, tries = tries + ?, reason = ? WHERE alert = ? AND channel = ?",
  );
  const count = db.prepare("SELECT count(*) AS count FROM delivery WHERE state = ?");
  const latest = db.prepare("SELECT json FROM alert ORDER BY at DESC, id LIMIT ?");
  const deliveries = db.prepare(
    "SELECT channel, state, at, tries, reason FROM delivery WHERE alert = ? ORDER BY channel",
  );
  const prune = db.prepare(
    `DELETE FROM alert WHERE id IN (SELECT id FROM alert ORDER BY at DESC LIMIT -1 OFFSET ${MAX_KEPT})`,
  );
  const orphans = db.prepare("DELETE FROM delivery WHERE alert NOT IN (SELECT id FROM alert)");
  const about = (field: "session" | "project") => ({
    list: db.prepare(`SELECT DISTINCT json ->> '${field}' AS subject FROM alert WHERE subject IS NOT NULL`),
    remove: db.prepare(`DELETE FROM alert WHERE json ->> '${field}' = ?`),
  });
  const [ofSession, ofProject] = [about("session"), about("project")];
  const oneOf = db.prepare("SELECT 1 FROM alert WHERE json ->> 'session' = ? LIMIT 1");
  const removeOld = db.prepare("DELETE FROM alert WHERE at < ?");
  const keep = db.prepare("INSERT OR REPLACE INTO kept VALUES (?, ?)");
  const kept = db.prepare("SELECT value FROM kept WHERE name = ?");
  const atOnce = (work: () => void): void => {
    db.exec("BEGIN IMMEDIATE");
    try {
      work();
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  };
  const alertIn = (row: unknown): Alert => Alert.parse(JSON.parse(Row.parse(row).json));
  const subjectsIn = (rows: readonly unknown[]) => rows.map((row) => Subject.parse(row).subject);
  const countOf = (state: DeliveryState): number => Number(count.get(state)?.["count"] ?? 0);

  return {
    add(alert, channels, now) {
      let isNew = false;
      atOnce(() => {
        isNew = insert.run(alert.id, alert.at, JSON.stringify(alert)).changes === 1;
        for (const channel of channels) if (insertDelivery.run(alert.id, channel, now).changes === 1) isNew = true;
        if (prune.run().changes > 0) orphans.run();
      });
      return isNew;
    },
    waitingFor: (channel) => waiting.all(channel).map(alertIn),
    note(ids, channel, { state, now, tried, reason }) {
      atOnce(() => {
        for (const id of ids) update.run(state, now, tried ? 1 : 0, reason ?? null, id, channel);
      });
    },
    counts: () => ({
      waiting: countOf("waiting"),
      delivered: countOf("delivered"),
      refused: countOf("refused"),
      settled: countOf("settled"),
    }),
    history: (limit) =>
      latest.all(limit).map((row) => {
        const alert = alertIn(row);
        const found = deliveries.all(alert.id).map((each) => {
          const { reason, ...rest } = DeliveryRow.parse(each);
          return Delivery.parse({ ...rest, ...(reason === null ? {} : { reason }) });
        });
        return { ...alert, deliveries: found };
      }),
    subjects: () => ({ sessions: subjectsIn(ofSession.list.all()), projects: subjectsIn(ofProject.list.all()) }),
    isAbout: (session) => oneOf.get(session) !== undefined,
    forget({ sessions = [], projects = [], before = 0 }) {
      let removed = 0;
      atOnce(() => {
        for (const session of sessions) removed += Number(ofSession.remove.run(session).changes);
        for (const project of projects) removed += Number(ofProject.remove.run(project).changes);
        removed += Number(removeOld.run(before).changes);
        if (removed > 0) orphans.run();
      });
      if (removed > 0) db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    },
    keep: (name, value) => void keep.run(name, value),
    kept(name) {
      const found = kept.get(name)?.["value"];
      return typeof found === "string" ? found : undefined;
    },
    close: () => db.close(),
  };
}
