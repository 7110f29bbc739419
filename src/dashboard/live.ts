// The live stream: rows in the order of the store, none missed, sessions and health as they change.
// - Of the sessions, those that go on are here, the latest ones, and those that a view has asked for: never all of them.
// - After a break the stream goes on behind the last row that came.
// - Listeners get each row once, in order; a row that comes again is left out here.

import { signal } from "@preact/signals";
import { io, type Socket } from "socket.io-client";
import { SeenHealth } from "../contract/health.ts";
import { LIVE_NAMESPACE, LiveRows, LiveSessions, Subscribed } from "../contract/live.ts";
import type { EventRow } from "../contract/row.ts";
import type { SessionSummary } from "../contract/session.ts";
import { ask } from "./api.ts";

export type Connection = "connecting" | "live" | "lost" | "refused";

const RECONNECT_FIRST_MS = 250;
const RECONNECT_MAX_MS = 5000;
const GOING_ON = { query: new URLSearchParams({ state: "working,waiting,idle,interrupted", limit: "1000" }) };
const ONE = { query: new URLSearchParams({ limit: "1" }) };
const LATEST = { query: new URLSearchParams({ limit: "50" }) };
/** Ids in one request for sessions. */
const ASKED_AT_ONCE = 100;

export const connection = signal<Connection>("connecting");
/** Since when the monitor is not heard of, ms; undefined while it is. */
export const lostSince = signal<number | undefined>(undefined);
export const sessions = signal<ReadonlyMap<string, SessionSummary>>(new Map());
/** How many sessions are stored; undefined until it is known. */
export const stored = signal<number | undefined>(undefined);
/** Until the first list of sessions came. */
export const loading = signal(true);
/** What GET /health says, and the stream's `health` since; undefined until it came. */
export const health = signal<SeenHealth | undefined>(undefined);
/** Of the monitor that gave us this page. */
export const loadedVersion = signal<string | undefined>(undefined);
/** How often the monitor has come back: what failed meanwhile is asked for again. */
export const returns = signal(0);
/** The newest row's cursor. */
export const newest = signal(0);
/** Why the list of sessions could not be read. */
export const trouble = signal<string | undefined>(undefined);

type RowListener = (rows: readonly EventRow[]) => void;
const listeners = new Set<RowListener>();

/** Hands over every batch of new rows until the returned function is called. */
export function onRows(listener: RowListener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function startLive(): { close(): void } {
  let last: number | undefined;
  const socket: Socket = io(LIVE_NAMESPACE, {
    transports: ["websocket"],
    reconnectionDelay: RECONNECT_FIRST_MS,
    reconnectionDelayMax: RECONNECT_MAX_MS,
    withCredentials: true,
  });
  const lose = (state: Connection): void => {
    connection.value = state;
    lostSince.value ??= Date.now();
  };
  const refresh = async (): Promise<void> => {
    const known = [...sessions.peek().keys()];
    const [going, list, state] = await Promise.all([ask("sessions", GOING_ON), ask("sessions", LATEST), ask("health")]);
    if (going.ok) mergeSessions(going.value.sessions);
    if (list.ok) {
      mergeSessions(list.value.sessions);
      stored.value = list.value.total;
    }
    if (going.ok && list.ok) {
      const answered = new Set([...going.value.sessions, ...list.value.sessions].map(({ id }) => id));
      void renew(known.filter((id) => !answered.has(id)));
    }
    trouble.value = list.ok ? undefined : list.reason.message;
    if (state.ok) {
      health.value = state.value;
      loadedVersion.value ??= state.value.version;
    }
    loading.value = false;
  };
  socket.on("connect", () => {
    socket.emit("subscribe", last === undefined ? {} : { after: last }, (answer: unknown) => {
      const { n = 0, anew = false } = Subscribed.safeParse(answer).data ?? {};
      // Whatever is here is of a store that is gone, and its cursors with it.
      if (anew) return location.reload();
      last ??= n;
      newest.value = Math.max(newest.value, last);
      if (connection.peek() !== "live" && lostSince.peek() !== undefined) returns.value++;
      connection.value = "live";
      lostSince.value = undefined;
    });
    void refresh();
  });
  socket.on("disconnect", (reason) => {
    lose("lost");
    // The server closed it on purpose (it ends): the client library would not come back by itself.
    if (reason === "io server disconnect") setTimeout(() => socket.connect(), RECONNECT_FIRST_MS);
  });
  socket.on("connect_error", (error) => {
    // Refused by the monitor's own check: trying again does not help until there is a new link.
    const refused = !socket.active;
    lose(refused ? "refused" : "lost");
    if (refused) trouble.value = error.message;
    if (loading.value) void refresh();
  });
  socket.on("rows", (given: unknown) => {
    const { rows } = LiveRows.safeParse(given).data ?? { rows: [] };
    const fresh = rows.filter((row) => row.n > (last ?? 0));
    if (fresh.length === 0) return;
    last = fresh.at(-1)?.n ?? last;
    newest.value = last ?? 0;
    for (const listener of listeners) listener(fresh);
  });
  socket.on("sessions", (given: unknown) => {
    const { sessions: changed, gone = [] } = LiveSessions.safeParse(given).data ?? { sessions: [] };
    if (gone.length > 0) {
      drop(gone);
      void recount();
    }
    if (changed.some(({ id }) => !sessions.peek().has(id))) void recount();
    mergeSessions(changed, true);
  });
  socket.on("health", (given: unknown) => {
    const state = SeenHealth.safeParse(given);
    if (state.success) health.value = state.data;
  });
  return { close: () => socket.close() };
}

/** Asks for sessions that were known before a break, which may have ended since, or be there no more. */
async function renew(ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += ASKED_AT_ONCE) {
    const some = ids.slice(at, at + ASKED_AT_ONCE);
    const list = await ask("sessions", { query: new URLSearchParams({ id: some.join(","), limit: "1000" }) });
    if (!list.ok) return;
    mergeSessions(list.value.sessions);
    const there = new Set(list.value.sessions.map(({ id }) => id));
    drop(some.filter((id) => !there.has(id)));
  }
}

function drop(ids: readonly string[]): void {
  if (ids.length === 0) return;
  const gone = new Set(ids);
  sessions.value = new Map([...sessions.peek()].filter(([id]) => !gone.has(id)));
}

async function recount(): Promise<void> {
  const one = await ask("sessions", ONE);
  if (one.ok) stored.value = one.value.total;
}

/** Sessions that are asked for now, or that there are none of. */
const asked = new Set<string>();

/** Brings sessions here that a view shows and that are not here: what is not stored stays away. */
export async function want(ids: Iterable<string>): Promise<void> {
  const missing = [...new Set(ids)].filter((id) => !asked.has(id) && !sessions.peek().has(id));
  for (let at = 0; at < missing.length; at += ASKED_AT_ONCE) {
    const some = missing.slice(at, at + ASKED_AT_ONCE);
    for (const id of some) asked.add(id);
    const list = await ask("sessions", { query: new URLSearchParams({ id: some.join(","), limit: "1000" }) });
    if (list.ok) mergeSessions(list.value.sessions);
    else for (const id of some) asked.delete(id);
  }
}

/** Takes note of sessions that a view was given. @param isNews nothing that is known can be newer */
export function mergeSessions(changed: readonly SessionSummary[], isNews = false): void {
  // An answer may be older than what the stream has said meanwhile.
  const fresh = changed.filter(({ id, lastAt }) => {
    const known = sessions.value.get(id);
    return isNews || !known || known.lastAt <= lastAt;
  });
  if (fresh.length > 0) sessions.value = new Map([...sessions.value, ...fresh.map((one) => [one.id, one] as const)]);
}
