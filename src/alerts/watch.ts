// The rules that follow events one by one, and those that look at who waits.

import { hash } from "node:crypto";
import type { HookRun } from "../contract/alerts.ts";
import type { EventRow } from "../contract/row.ts";
import type { SessionSummary } from "../contract/session.ts";
import type { Store } from "../store/port.ts";
import {
  arrivedLate,
  Bursts,
  concerns,
  type Found,
  HookCost,
  Latency,
  Repeats,
  turnEnded,
  waitingTooLong,
} from "./rules.ts";
import type { Rule } from "./setup.ts";

/** What is remembered of failures before a restart. */
const PRIMED_MS = 600_000;
const PRIMED_ROWS = 500;
const MOST_WAITING = 200;
/** Turns, among which is the one that an event has just ended. */
const LATEST = 20;

export interface Watch {
  /** Whether any rule follows events one by one. */
  readonly readsRows: boolean;
  /** What one more event of a session gives cause for. */
  take(row: EventRow, session: SessionSummary): Promise<Found[]>;
  /** What was committed now: how long it was on its way. */
  late(rows: readonly EventRow[], now: number): Found[];
  /** Hooks have run. */
  hooks(runs: readonly HookRun[], now: number): Found[];
  /** Counts what failed lately up to a cursor, and nothing besides: a restart begins no count anew, and none counts twice. */
  prime(upTo: number, now: number): Promise<void>;
}

export function openWatch(store: Store, rules: readonly Rule[]): Watch {
  const of = (when: Rule["when"]) => rules.filter((rule) => rule.when === when);
  const bursts = of("failures").map((rule) => ({ rule, state: new Bursts(rule) }));
  const repeats = of("repeat").map((rule) => ({ rule, state: new Repeats(rule) }));
  const latencies = of("latency").map((rule) => new Latency(rule));
  const costs = of("hooks").map((rule) => new HookCost(rule));
  const turns = of("turn_ended");

  const repeated = async (row: EventRow, session: SessionSummary): Promise<Found[]> => {
    if (row.event === "SessionEnd") for (const { state } of repeats) state.forget(row.session);
    const watching = repeats.filter(
      ({ rule, state }) => concerns(rule, session) && (row.failed === true || state.isWatching(row.session)),
    );
    if (watching.length === 0 || !/^PostToolUse(?:Failure)?$/.test(row.event)) return [];
    const key = await keyOf(store, row);
    return key === undefined ? [] : watching.flatMap(({ state }) => state.take(row, key, session) ?? []);
  };
  const ended = async (row: EventRow, session: SessionSummary): Promise<Found[]> => {
    const asked = turns.filter((rule) => concerns(rule, session));
    if (asked.length === 0 || row.agent !== undefined || !/^Stop(?:Failure)?$/.test(row.event)) return [];
    const turn = (await store.turns(row.session, { limit: LATEST })).findLast(
      ({ endedAt, startedAt }) => endedAt !== undefined && startedAt <= row.t && endedAt <= row.t,
    );
    return turn ? asked.flatMap((rule) => turnEnded(rule, session, turn) ?? []) : [];
  };
  return {
    readsRows: bursts.length + repeats.length + turns.length > 0,
    async take(row, session) {
      const failures = bursts.flatMap(({ rule, state }) =>
        concerns(rule, session) ? (state.take(row, session) ?? []) : [],
      );
      return [...failures, ...(await repeated(row, session)), ...(await ended(row, session))];
    },
    late: (rows, now) => [
      ...latencies.flatMap((latency) => latency.take(rows, now) ?? []),
      ...of("relay").flatMap((rule) => arrivedLate(rule, rows, now)),
    ],
    hooks: (runs, now) => costs.flatMap((cost) => cost.take(runs, now)),
    async prime(upTo, now) {
      if (bursts.length + repeats.length === 0) return;
      for (const { state } of [...bursts, ...repeats]) state.clear();
      const filter = { since: now - PRIMED_MS, failed: true };
      const rows = await store.rows(filter, { before: upTo + 1, limit: PRIMED_ROWS });
      for (const row of rows.toReversed()) {
        const session = await store.session(row.session);
        if (!session) continue;
        for (const { rule, state } of bursts) if (concerns(rule, session)) state.take(row, session);
        await repeated(row, session);
      }
    },
  };
}

/** What was called with what: the tool and its input. */
async function keyOf(store: Store, { id, tool }: EventRow): Promise<string | undefined> {
  const envelope = await store.envelope(id);
  if (!envelope || tool === undefined) return undefined;
  return hash("sha256", `${tool}\n${JSON.stringify(envelope.data["tool_input"] ?? null)}`);
}

/** Who waits for too long, and when the next one does, ms since 1970. */
export async function waitingSessions(
  store: Store,
  rules: readonly Rule[],
  now: number,
): Promise<{ readonly found: Found[]; readonly next: number | undefined }> {
  const asked = rules.filter(({ when }) => when === "waiting");
  if (asked.length === 0) return { found: [], next: undefined };
  const { sessions } = await store.sessions({ states: ["waiting"], limit: MOST_WAITING });
  const looked = sessions.flatMap((session) =>
    asked.filter((rule) => concerns(rule, session)).map((rule) => waitingTooLong(rule, session, now)),
  );
  const nexts = looked.flatMap(({ next }) => next ?? []);
  return { found: looked.flatMap(({ found }) => found), next: nexts.length > 0 ? Math.min(...nexts) : undefined };
}
