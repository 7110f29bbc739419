// What events about to be stored make of their sessions: the rows for lists, the states, and what has ended.

import type { Envelope } from "../../contract/envelope.ts";
import { reduce } from "../../session/reduce.ts";
import type { Session } from "../../session/state.ts";
import { type Extracted, extract, headOf } from "../extract.ts";
import type { Statements } from "./connection.ts";
import { forgottenOf } from "./forgotten.ts";
import type { Scope } from "./scope.ts";
import { type Left, leave } from "./turns.ts";

/** An event and whose it is. */
export interface Given {
  readonly envelope: Envelope;
  readonly owner: string;
}

/** An event about to be stored. */
export interface Fresh extends Extracted, Given {
  readonly json: string;
}

export interface Understood {
  readonly fresh: readonly Fresh[];
  readonly left: Left;
  /** Those that the events are of. */
  readonly sessions: readonly Session[];
}

/** @param there the sessions of these events that are there already, by id */
export async function understand(
  sql: Statements,
  scope: Scope,
  given: readonly Given[],
  there: ReadonlyMap<string, Session>,
): Promise<Understood> {
  const sessions = new Map(there);
  const wanted = [...new Set(given.map(({ envelope: { session_id: id } }) => id))];
  const forgotten = await forgottenOf(
    sql,
    scope,
    wanted.filter((id) => !sessions.has(id)),
  );
  const left: Left = { turns: [], waits: [] };
  const touched = new Set(wanted);
  const fresh = given.map(({ envelope: event, owner }): Fresh => {
    const before = sessions.get(event.session_id);
    const removed = before ? undefined : forgotten.get(event.session_id);
    const seq = event.seq || (before?.maxSeq ?? removed ?? 0) + 1;
    const envelope = event.seq ? event : { ...event, seq };
    const json = JSON.stringify(envelope);
    const extracted = extract(envelope, Buffer.byteLength(json));
    const step = reduce(before, {
      kind: "event",
      row: extracted.row,
      head: headOf(envelope, extracted.project),
      ...(removed === undefined ? {} : { forgotten: Math.min(removed, seq - 1) }),
    });
    leave(left, before, step);
    sessions.set(event.session_id, step.session);
    return { ...extracted, envelope, json, owner };
  });
  return { fresh, left, sessions: [...sessions.values()].filter(({ id }) => touched.has(id)) };
}
