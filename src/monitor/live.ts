// /live: rows as they are committed, in order, none missed; sessions and health as they change.
// - A client that subscribes with the last `n` it has is given all that came since, then what comes.
// - From the last stored page to the room is one turn of the loop: nothing can be committed in between.

import type { Namespace, Server, Socket } from "socket.io";
import * as z from "zod";
import { LIVE_NAMESPACE } from "../contract/live.ts";
import type { EventRow } from "../contract/row.ts";
import type { Store } from "../store/store.ts";
import type { Access } from "./access.ts";

const PAGE = 500;
const SESSIONS_EVERY_MS = 250;
const HEALTH_EVERY_MS = 2000;
const ROOM = "live";

const Subscribe = z.looseObject({ after: z.number().int().min(0).optional() });

export interface Live {
  publish(rows: readonly EventRow[]): void;
  /** Clients that are connected: open pages and tails. */
  readonly clients: number;
  close(): void;
}

/** @param health what is sent as `health` */
export function openLive(io: Server, store: Store, access: Access, health: () => Record<string, unknown>): Live {
  const live: Namespace = io.of(LIVE_NAMESPACE);
  live.use((socket, next) => {
    const link = "unauthorized: `mpm monitor open` gives a link that lets a browser in";
    next(access.mayConnect(socket) ? undefined : new Error(link));
  });
  live.on("connection", (socket) => {
    socket.on("subscribe", (given: unknown, answer: unknown) => {
      const wish = Subscribe.safeParse(given ?? {});
      const after = wish.success ? wish.data.after : undefined;
      if (typeof answer === "function") answer({ n: store.newest });
      if (after === undefined) void socket.join(ROOM);
      else catchUp(socket, after);
    });
  });
  const catchUp = (socket: Socket, after: number) => {
    if (!socket.connected) return;
    const rows = store.rows({}, { after, limit: PAGE });
    if (rows.length > 0) socket.emit("rows", { rows });
    if (rows.length < PAGE) void socket.join(ROOM);
    else setImmediate(catchUp, socket, rows.at(-1)?.n ?? after);
  };

  let sessionsTimer: NodeJS.Timeout | undefined;
  /** Ticks while somebody listens. */
  let sayHealth: NodeJS.Timeout | undefined;
  live.on("connection", () => {
    sayHealth ??= setInterval(() => {
      if (live.sockets.size > 0) live.emit("health", health());
      else {
        clearInterval(sayHealth);
        sayHealth = undefined;
      }
    }, HEALTH_EVERY_MS).unref();
  });
  const saySessions = () => {
    sessionsTimer = undefined;
    const sessions = store.changed();
    if (sessions.length > 0) live.to(ROOM).emit("sessions", { sessions });
  };
  return {
    publish(rows) {
      if (rows.length > 0) live.to(ROOM).emit("rows", { rows });
      sessionsTimer ??= setTimeout(saySessions, SESSIONS_EVERY_MS);
      sessionsTimer.unref();
    },
    get clients() {
      return live.sockets.size;
    },
    close() {
      clearInterval(sayHealth);
      clearTimeout(sessionsTimer);
    },
  };
}
