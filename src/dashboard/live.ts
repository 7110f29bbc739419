// The live stream: rows in the order of the store, none missed, sessions and health as they change.
// - After a break the stream goes on behind the last row that came.
// - Listeners get each row once, in order; a row that comes again is left out here.

import { signal } from "@preact/signals";
import { io, type Socket } from "socket.io-client";
import { FullHealth } from "../contract/health.ts";
import { LIVE_NAMESPACE, LiveRows, LiveSessions, Subscribed } from "../contract/live.ts";
import type { EventRow } from "../contract/row.ts";
import type { SessionSummary } from "../contract/session.ts";
import { ask } from "./api.ts";

export type Connection = "connecting" | "live" | "lost" | "refused";

const RECONNECT_FIRST_MS = 250;
const RECONNECT_MAX_MS = 5000;

export const connection = signal<Connection>("connecting");
/** Since when the monitor is not heard of, ms; undefined while it is. */
export const lostSince = signal<number | undefined>(undefined);
export const sessions = signal<ReadonlyMap<string, SessionSummary>>(new Map());
/** Until the first list of sessions came. */
export const loading = signal(true);
/** What GET /health says, and the stream's `health` since; undefined until it came. */
export const health = signal<FullHealth | undefined>(undefined);
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
    const [list, state] = await Promise.all([ask("sessions"), ask("health")]);
    if (list.ok) mergeSessions(list.value.sessions);
    trouble.value = list.ok ? undefined : list.reason.message;
    if (state.ok) health.value = state.value;
    loading.value = false;
  };
  socket.on("connect", () => {
    socket.emit("subscribe", last === undefined ? {} : { after: last }, (answer: unknown) => {
      last ??= Subscribed.safeParse(answer).data?.n ?? 0;
      newest.value = Math.max(newest.value, last);
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
  socket.on("sessions", (given: unknown) => mergeSessions(LiveSessions.safeParse(given).data?.sessions ?? []));
  socket.on("health", (given: unknown) => {
    const state = FullHealth.safeParse(given);
    if (state.success) health.value = state.data;
  });
  return { close: () => socket.close() };
}

function mergeSessions(changed: readonly SessionSummary[]): void {
  const next = new Map(sessions.value);
  for (const session of changed) next.set(session.id, session);
  sessions.value = next;
}
