// Hours that were counted, each once: a week of a million events is the sum of its hours.
// - What statistics have counted of whole hours is kept. Whatever adds or removes an event, or gives its session a project,
//   drops the hour in the same transaction: what is kept is right, or is not there.
// - What another process has committed since the question leaves nothing to keep of its answer.

import type { DatabaseSync, StatementSync } from "node:sqlite";
import * as z from "zod/mini";
import { integer, maybeText, text } from "../columns.ts";
import type { Span } from "../port.ts";
import { Counts, CountsRecord } from "./counts.ts";
import { list } from "./values.ts";

const HOUR_MS = 3_600_000;
const HourRecord = z.record(z.string(), CountsRecord);

/** The number of an hour since 1970. */
const hourOf = (t: number): number => Math.floor(t / HOUR_MS);

/** An hour that was counted: what is kept of it. */
export interface Hour {
  readonly hour: number;
  readonly json: string;
}

export interface Hours {
  /** Within a transaction: events of these times came or went. ms since 1970. */
  changed(times: Iterable<number>): void;
  /** Within a transaction: events of this span belong to another project. */
  moved(since: number, until: number): void;
  /** Begins a question; the returned function keeps the hours that its answer has counted. */
  asked(): (hours: readonly Hour[]) => void;
}

export function openHours(db: DatabaseSync): Hours {
  const drop = db.prepare("DELETE FROM hour WHERE hour BETWEEN ? AND ?");
  const keep = db.prepare("INSERT OR REPLACE INTO hour VALUES (?, ?)");
  const dataVersion = db.prepare("PRAGMA data_version");
  const version = () => integer(dataVersion.get(), "data_version");
  /** What has changed since each question that waits. */
  const waiting = new Set<[from: number, to: number][]>();
  const dropped = (from: number, to: number): void => {
    drop.run(from, to);
    for (const changes of waiting) changes.push([from, to]);
  };
  return {
    changed(times) {
      for (const hour of new Set(Array.from(times, hourOf))) dropped(hour, hour);
    },
    moved: (since, until) => dropped(hourOf(since), hourOf(until)),
    asked() {
      const changes: [number, number][] = [];
      const before = version();
      waiting.add(changes);
      return (hours) => {
        waiting.delete(changes);
        if (hours.length === 0 || version() !== before) return;
        try {
          db.exec("BEGIN IMMEDIATE");
          if (version() === before)
            for (const { hour, json } of hours)
              if (!changes.some(([from, to]) => hour >= from && hour <= to)) keep.run(hour, json);
          db.exec("COMMIT");
        } catch {
          if (db.isTransaction) db.exec("ROLLBACK"); // a full disk, another writer: they are counted again
        }
      };
    },
  };
}

/** Counts the events of a span, by what is kept of whole hours as far as there is something. */
export function countSpan(
  db: DatabaseSync,
  { since, until }: Pick<Span, "since" | "until">,
  paths: readonly string[] | undefined,
): { readonly counts: Counts; readonly counted: Hour[] } {
  const counts = new Counts();
  const fresh = new Events(db);
  const [first, last] = [Math.ceil(since / HOUR_MS), hourOf(until + 1) - 1];
  const kept = db.prepare("SELECT hour, json FROM hour WHERE hour BETWEEN ? AND ? ORDER BY hour").all(first, last);
  const isAsked = (project: string) => paths === undefined || paths.includes(project);
  let from = since;
  for (const row of kept) {
    const hour = integer(row, "hour");
    fresh.count(from, hour * HOUR_MS - 1);
    for (const [project, record] of Object.entries(HourRecord.parse(JSON.parse(text(row, "json")))))
      if (isAsked(project)) counts.merge(record);
    from = (hour + 1) * HOUR_MS;
  }
  fresh.count(from, until);
  const counted: Hour[] = [];
  for (const [hour, projects] of fresh.hours) {
    const records = [...projects].map(([project, one]) => [project, one.record()] as const);
    for (const [project, record] of records) if (isAsked(project)) counts.merge(record);
    if (hour >= first && hour <= last) counted.push({ hour, json: JSON.stringify(Object.fromEntries(records)) });
  }
  return { counts, counted };
}

/** Events that are counted one by one, by hour and project. */
class Events {
  readonly hours = new Map<number, Map<string, Counts>>();
  readonly #projects = new Map<string, string>();
  readonly #project: StatementSync;
  readonly #events: StatementSync;

  constructor(db: DatabaseSync) {
    this.#project = db.prepare("SELECT project FROM session WHERE id = ?");
    this.#events = db.prepare(`SELECT n, t, session, event, tool, failed, ms, file
      FROM event INDEXED BY event_time WHERE t BETWEEN ? AND ?`);
    this.#events.setReturnArrays(true);
  }

  /** Counts those between two times, ms since 1970, both included. */
  count(since: number, until: number): void {
    if (since > until) return;
    for (const values of this.#events.iterate(since, until)) {
      const [n, t, session, event, tool, failed, ms, file] = list(values);
      this.#of(hourOf(Number(t)), String(session)).add({
        n: Number(n),
        t: Number(t),
        event: String(event),
        tool: typeof tool === "string" ? tool : undefined,
        failed: failed !== null,
        ms: typeof ms === "number" ? ms : undefined,
        file: typeof file === "string" ? file : undefined,
      });
    }
  }

  #of(hour: number, session: string): Counts {
    let project = this.#projects.get(session);
    if (project === undefined) {
      project = maybeText(this.#project.get(session), "project") ?? "";
      this.#projects.set(session, project);
    }
    const projects = this.hours.get(hour) ?? new Map<string, Counts>();
    const counts = projects.get(project) ?? new Counts();
    this.hours.set(hour, projects.set(project, counts));
    return counts;
  }
}
