// One connection to a server, over Socket.IO, from its opening to its end.
// - Emits only while connected: socket.io-client would keep what is emitted before in memory, and send it twice.
// - "delivered" needs an answer. A server that answers nothing in particular (python-socketio) has acknowledged.
// - No answer is not a no: an event that was not answered goes back to its holder when the connection ends.

import type { Socket } from "socket.io-client";
import { type Outcome, readAck } from "../contract/ack.ts";
import type { ConnectionReason } from "../contract/reasons.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import { Serialised } from "./encoder.ts";
import type { OutboundEvent } from "./outbound.ts";

/** Longer than a busy server needs; then the connection counts as dead, since repeats are worse than waiting. */
const ANSWER_TIMEOUT_MS = 15_000;
/** How often the time of the oldest answer that is missing is looked at. */
const LOOK_MS = 1000;

/** Called at most once for an event, and not at all once the connection has ended. */
export type OnOutcome = (event: OutboundEvent, outcome: Outcome) => void;

export class Connection {
  readonly url: string;
  readonly #socket: Socket;
  readonly #ended = Promise.withResolvers<ConnectionReason>();
  /** When each message was sent whose answer is missing, oldest first; by the clock that does not jump. */
  readonly #sentAt = new Map<number, number>();
  #messages = 0;
  #timer: NodeJS.Timeout | undefined;
  #window = 1;
  #isOurs = false;
  /** Why it was closed from this side. */
  #reason: ConnectionReason | undefined;

  /** Takes over a socket that is connected. */
  constructor(socket: Socket, url: string) {
    this.#socket = socket;
    this.url = url;
    socket.once("disconnect", (cause) => {
      clearInterval(this.#timer);
      this.#reason ??= { code: "disconnected", cause };
      this.#ended.resolve(this.#reason);
    });
  }

  /** How many events the server lets be in flight; 1 until it says more. */
  get window(): number {
    return this.#window;
  }

  get isOpen(): boolean {
    return this.#socket.connected;
  }

  /** Resolves with the reason when the connection has ended. */
  get ended(): Promise<ConnectionReason> {
    return this.#ended.promise;
  }

  /** Sends events, in order. */
  send(events: readonly OutboundEvent[], onOutcome: OnOutcome): void {
    for (const event of events)
      this.#emit("claude_event", event.json, (answer) => {
        const { outcome, ours, window } = readAck(answer);
        if (ours) this.#isOurs = true;
        if (window !== undefined) this.#window = window;
        onOutcome(event, outcome);
      });
  }

  /** Says how the relay fares, to the bundled monitor only. */
  report(status: RelayStatus): void {
    if (this.#isOurs && this.isOpen) this.#socket.emit("relay_status", status);
  }

  close(): void {
    this.#end({ code: "stopped" });
  }

  #emit(event: string, json: string, onAnswer: (answer: unknown) => void): void {
    const message = ++this.#messages;
    this.#sentAt.set(message, performance.now());
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
    this.#socket.emit(event, new Serialised(json), (answer: unknown) => {
      if (this.#sentAt.delete(message) && this.#reason === undefined) onAnswer(answer);
    });
  }

  /** One timer for all that is in flight: the oldest answer that is missing ends the connection. */
  #look(): void {
    const [oldest] = this.#sentAt.values();
    if (oldest === undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (performance.now() - oldest > ANSWER_TIMEOUT_MS)
      this.#end({ code: "no_answer", url: this.url, afterMs: ANSWER_TIMEOUT_MS });
  }

  #end(reason: ConnectionReason): void {
    this.#reason ??= reason;
    this.#socket.close();
  }
}
