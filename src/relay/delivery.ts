// One connection's work: sends what the spool holds and what comes, until the connection ends or the relay stops.
// - Events leave in order and as many at a time as the server allows; each stays in the spool until its answer.
// - When one has to be sent again, the delivery ends there: nothing overtakes it.

import { setImmediate as turn } from "node:timers/promises";
import type { Outcome } from "../contract/ack.ts";
import type { ConnectionReason, Reason } from "../contract/reasons.ts";
import { textOf } from "../contract/texts.ts";
import type { Latch } from "../platform/latch.ts";
import type { Log } from "../platform/log.ts";
import type { Spool } from "../spool/spool.ts";
import type { Connection } from "./connection.ts";
import type { Outbound, OutboundEvent } from "./outbound.ts";
import type { Sequence } from "./sequence.ts";

/** Entries that are read, numbered and made ready in one go. */
const BATCH = 128;
/** Envelopes in flight, bytes, which the socket may have to hold: what bounds the relay's memory, together with the server's window. */
const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;
/** How long making events ready may keep the process from listening. */
const TURN_MS = 20;
/** How long answers that are under way are waited for at the end. */
const LAST_ANSWERS_MS = 500;

export interface DeliveryOptions {
  readonly spool: Spool;
  readonly outbound: Outbound;
  readonly sequence: Sequence;
  readonly log: Log;
  /** Set whenever there may be something to do: by the spool, and by who aborts `stop`. */
  readonly wake: Latch;
  /** Ends the delivery when aborted. */
  readonly stop: AbortSignal;
  /** Called whenever nothing is left to send and nothing in flight. */
  readonly onDrained: () => void;
}

export interface DeliveryEnd {
  /** Events that the server took. */
  readonly delivered: number;
  /** The server said that it cannot store now: this event has to be sent again. */
  readonly refused?: Reason;
  /** Why the connection ended. */
  readonly reason: ConnectionReason;
}

/** Delivers until the end; what was not answered by then is in the spool still. */
export function deliver(connection: Connection, options: DeliveryOptions): Promise<DeliveryEnd> {
  return new Delivery(connection, options).run();
}

/** An event whose answer is awaited. */
type InFlight = Omit<OutboundEvent, "json">;

class Delivery {
  readonly #connection: Connection;
  readonly #options: DeliveryOptions;
  readonly #inFlight = new Set<InFlight>();
  #inFlightBytes = 0;
  /** Answers that have come and are not settled yet, in the order of coming. */
  #answers: { readonly event: InFlight; readonly outcome: Outcome }[] = [];
  #delivered = 0;
  #refused: Reason | undefined;
  #isOver = false;

  constructor(connection: Connection, options: DeliveryOptions) {
    this.#connection = connection;
    this.#options = options;
    void connection.ended.then(() => {
      this.#isOver = true;
      options.wake.set();
    });
  }

  async run(): Promise<DeliveryEnd> {
    const { wake, stop, spool, onDrained } = this.#options;
    while (!this.#isOver && !this.#refused && !stop.aborted) {
      const mayHaveMore = this.#sendMore();
      if (!mayHaveMore && this.#inFlight.size === 0) onDrained();
      if (!mayHaveMore) await wake.wait();
      await turn(); // answers come in bursts: what they make room for is made ready together
      this.#settleAnswers();
    }
    if (!this.#isOver && !this.#refused) await this.#awaitLastAnswers();
    this.#connection.close();
    const reason = await this.#connection.ended;
    for (const { name } of this.#inFlight) spool.release(name);
    return { delivered: this.#delivered, reason, ...(this.#refused ? { refused: this.#refused } : {}) };
  }

  /** Fills what the server allows to be in flight; true if it gave way before that, so that the process can listen. */
  #sendMore(): boolean {
    const turnEnd = performance.now() + TURN_MS;
    for (;;) {
      const room = Math.min(BATCH, this.#connection.window - this.#inFlight.size);
      if (room <= 0 || this.#inFlightBytes > MAX_IN_FLIGHT_BYTES) return false;
      const events = this.#options.outbound.next(room);
      if (events === undefined) return false;
      if (events.length > 0) this.#send(events);
      if (performance.now() > turnEnd) return true;
    }
  }

  /** What is sent need not be kept: an event that has to be sent again is read from the spool again. */
  #send(events: readonly OutboundEvent[]): void {
    const sent = events.map(({ name, id, session, seq, bytes }): InFlight => ({ name, id, session, seq, bytes }));
    for (const event of sent) {
      this.#inFlight.add(event);
      this.#inFlightBytes += event.bytes;
    }
    this.#connection.send(events, (index, outcome) => {
      const event = sent[index];
      if (event) this.#answers.push({ event, outcome });
      this.#options.wake.set();
    });
  }

  /** Acts on the answers in order, up to the first that says that an event has to be sent again. */
  #settleAnswers(): void {
    const answers = this.#answers;
    this.#answers = [];
    for (const { event, outcome } of answers) {
      if (outcome.kind === "retry") {
        this.#refused = outcome.reason;
        return;
      }
      this.#inFlight.delete(event);
      this.#inFlightBytes -= event.bytes;
      if (outcome.kind === "delivered") this.#confirmed(event, outcome.repeated);
      else this.#rejected(event, outcome.reason);
    }
  }

  #confirmed(event: InFlight, repeated: boolean): void {
    const { spool, sequence } = this.#options;
    this.#delivered++;
    sequence.counters[repeated ? "repeated" : "forwarded"]++;
    // An entry that is not there was moved with the home: whoever sends it again has to give it the same number.
    if (spool.remove(event.name)) sequence.forget(event);
  }

  #rejected(event: InFlight, why: Reason): void {
    const { spool, sequence, log } = this.#options;
    const { name, session, seq } = event;
    log.warn({ entry: name, reason: why }, "the server refused an event for good; it goes to rejected/");
    const at = new Date().toISOString();
    if (!spool.reject(name, { at, by: "server", reason: textOf(why), why, session_id: session, seq })) return;
    sequence.counters.rejected++;
    sequence.forget(event);
  }

  /** Draining: nothing more is sent, and the answers that are under way are waited for. */
  async #awaitLastAnswers(): Promise<void> {
    const deadline = performance.now() + LAST_ANSWERS_MS;
    for (;;) {
      this.#settleAnswers();
      const leftMs = deadline - performance.now();
      if (this.#inFlight.size === 0 || this.#isOver || this.#refused || leftMs <= 0) return;
      await this.#options.wake.wait(leftMs);
    }
  }
}
