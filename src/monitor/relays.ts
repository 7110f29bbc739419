// What relays send over Socket.IO: events, each answered after its commit, and how they fare themselves.
// - Whoever has been told to send an event again is disconnected: stored now, what it sent after it would overtake it.

import type { Server, Socket } from "socket.io";
import { type Ack, BATCH_EVENT, type BatchAck } from "../contract/ack.ts";
import { RelayStatus } from "../contract/relay-status.ts";
import type { Access } from "./access.ts";
import { type Ingest, MAX_BATCH } from "./ingest.ts";

/** Relays whose state is shown; more than this many machines do not send to one monitor. */
const MAX_RELAYS = 50;

/** Serves them; `statuses`, the last word of each relay by its host, is kept up to date. */
export function serveRelays(io: Server, access: Access, ingest: Ingest, statuses: Map<string, RelayStatus>): void {
  io.use((socket, next) => {
    next(access.mayConnect(socket) ? undefined : new Error("unauthorized: the token is not this monitor's"));
  });
  io.on("connection", (socket) => {
    takeEvents(socket, ingest);
    socket.on("relay_status", (given: unknown) => {
      const status = RelayStatus.safeParse(given);
      if (status.success && (statuses.has(status.data.host) || statuses.size < MAX_RELAYS))
        statuses.set(status.data.host, status.data);
    });
  });
}

/** The arguments of an event end with the function that answers it; a newer relay may say more before that. */
const answerIn = (more: readonly unknown[]): ((answer: unknown) => void) => {
  const last = more.at(-1);
  return typeof last === "function" ? (answer) => last(answer) : () => {};
};

function takeEvents(socket: Socket, ingest: Ingest): void {
  /** It was told to send an event again: it has all after that still, too. */
  let isRefused = false;
  const refuse = () => {
    isRefused = true;
    setImmediate(() => socket.disconnect(true));
  };
  socket.on("claude_event", (given: unknown, ...more: unknown[]) => {
    const answer = answerIn(more);
    if (isRefused) return;
    ingest.take(given, (ack) => {
      answer(ack);
      if (mustBeSentAgain(ack)) refuse();
    });
  });
  socket.on(BATCH_EVENT, (given: unknown, ...more: unknown[]) => {
    const answer = answerIn(more);
    if (isRefused) return;
    if (!Array.isArray(given) || given.length === 0 || given.length > MAX_BATCH) return refuse();
    const outcomes: BatchAck["outcomes"][number][] = Array.from({ length: given.length });
    let awaited = given.length;
    let again = false;
    for (const [index, envelope] of given.entries())
      ingest.take(envelope, (ack) => {
        outcomes[index] = ack.ok ? ack.status : ack;
        again ||= mustBeSentAgain(ack);
        if (--awaited > 0) return;
        answer({ outcomes } satisfies BatchAck);
        if (again) refuse();
      });
  });
}

const mustBeSentAgain = (ack: Ack): boolean => !ack.ok && !ack.permanent;
