// One connection's work: sends what the spool holds and what comes, until the connection ends.
// - Events leave in order and as many at a time as the server allows; each stays in the spool until its answer.
// - When one has to be retried, the connection ends there: nothing overtakes it.

import type { Log } from "../platform/log.ts";
import type { Spool } from "../spool/spool.ts";
import type { Numbering } from "./numbering.ts";
import type { Parcel } from "./parcel.ts";
import type { Outcome, Uplink } from "./uplink.ts";

/** Entries that are read, numbered and packed in one go. */
const BATCH = 64;
/** Envelopes in flight, in characters of JSON: what bounds the relay's memory, together with the server's window. */
const MAX_IN_FLIGHT = 8 * 1024 * 1024;
/** How long packing may keep the process from listening. */
const TURN_MS = 20;
/** How long answers that are under way are waited for at the end. */
const LAST_ANSWERS_MS = 500;

export interface Work {
  readonly spool: Spool;
  readonly numbering: Numbering;
  readonly pack: (max: number) => Parcel[];
  readonly log: Log;
  /** Ends the session when aborted. */
  readonly signal: AbortSignal;
  /** Calls back when the spool may hold more; returns its own undo. */
  readonly onWake: (wake: () => void) => () => void;
  /** Called whenever nothing is left to send and nothing in flight. */
  readonly onDrained: () => void;
}

export interface SessionEnd {
  /** Events that the server took during this connection. */
  readonly delivered: number;
  readonly reason: string;
  /** The server said that it cannot store now. */
  readonly refused: boolean;
}

/** Works until the connection has ended; what was not answered by then is in the spool still. */
export async function forward(uplink: Uplink, work: Work): Promise<SessionEnd> {
  const { spool, numbering, pack, log, signal, onWake, onDrained } = work;
  const inFlight = new Map<string, Parcel>();
  let inFlightBytes = 0;
  let delivered = 0;
  let refused = "";
  let pumping = false;
  let over = false;

  const settle = (parcel: Parcel, outcome: Outcome) => {
    inFlight.delete(parcel.name);
    inFlightBytes -= parcel.json.length;
    if (outcome.kind === "retry") {
      refused ||= outcome.reason;
      spool.release(parcel.name);
      uplink.close();
      return;
    }
    if (outcome.kind === "delivered") {
      delivered++;
      if (outcome.repeated) numbering.counters.repeated++;
      else numbering.counters.forwarded++;
      spool.remove(parcel.name);
    } else {
      log.warn(
        { entry: parcel.name, reason: outcome.reason },
        "the server refused an event for good; it is in rejected/",
      );
      const reason = {
        at: new Date().toISOString(),
        by: "server",
        reason: outcome.reason,
        session_id: parcel.session,
        seq: parcel.seq,
      };
      if (spool.reject(parcel.name, reason)) numbering.counters.rejected++;
    }
    numbering.forget(parcel);
    pumpSoon();
  };

  /** Answers come in bursts: what they make room for is packed together, and numbered in one transaction. */
  const pumpSoon = () => {
    if (pumping) return;
    pumping = true;
    setImmediate(() => {
      pumping = false;
      pump();
    });
  };

  const pump = () => {
    if (pumping || over || signal.aborted || refused) return;
    const turnEnd = performance.now() + TURN_MS;
    for (;;) {
      const room = Math.min(BATCH, uplink.window - inFlight.size);
      if (room <= 0 || inFlightBytes > MAX_IN_FLIGHT) return;
      const parcels = pack(room);
      if (parcels.length === 0) break;
      for (const parcel of parcels) {
        inFlight.set(parcel.name, parcel);
        inFlightBytes += parcel.json.length;
        uplink.send(parcel.json, (outcome) => settle(parcel, outcome));
      }
      if (performance.now() > turnEnd) {
        pumpSoon();
        return;
      }
    }
    if (inFlight.size === 0) onDrained();
  };

  const unwake = onWake(pump);
  const stop = () => {
    if (inFlight.size === 0) uplink.close();
    else setTimeout(() => uplink.close(), LAST_ANSWERS_MS);
  };
  signal.addEventListener("abort", stop, { once: true });
  pump();
  if (signal.aborted) stop();
  const reason = await uplink.ended;
  over = true;
  unwake();
  signal.removeEventListener("abort", stop);
  for (const name of inFlight.keys()) spool.release(name);
  return { delivered, refused: refused !== "", reason: refused ? `the server cannot store now: ${refused}` : reason };
}
