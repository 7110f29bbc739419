// What relays send over Socket.IO: events, each answered after its commit, and how they fare themselves.
// - Whoever has been told to send an event again is disconnected: stored now, what it sent after it would overtake it.

import type { Server } from "socket.io";
import { RelayStatus } from "../contract/relay-status.ts";
import type { Access } from "./access.ts";
import type { Ingest } from "./ingest.ts";

/** Relays whose state is shown; more than this many machines do not send to one monitor. */
const MAX_RELAYS = 50;

/** @param statuses the last word of each relay, by its host: kept up to date */
export function serveRelays(io: Server, access: Access, ingest: Ingest, statuses: Map<string, RelayStatus>): void {
  io.use((socket, next) => {
    next(access.mayConnect(socket) ? undefined : new Error("unauthorized: the token is not this monitor's"));
  });
  io.on("connection", (socket) => {
    let refused = false;
    socket.on("claude_event", (given: unknown, ...more: unknown[]) => {
      const answer = more.at(-1); // a newer relay may say more before it
      if (refused) return; // its sender has it still; stored now, it would overtake the one that was refused
      ingest.take(given, (ack) => {
        if (typeof answer === "function") answer(ack);
        if (ack.ok || ack.permanent) return;
        refused = true;
        setImmediate(() => socket.disconnect(true));
      });
    });
    socket.on("relay_status", (given: unknown) => {
      const status = RelayStatus.safeParse(given);
      if (status.success && (statuses.has(status.data.host) || statuses.size < MAX_RELAYS))
        statuses.set(status.data.host, status.data);
    });
  });
}
