// One connection to a server, over Socket.IO, from its opening to its end.
// - Emits only while connected: socket.io-client would keep what is emitted before in memory, and send it twice.
// - "delivered" needs an answer. A server that answers nothing in particular (python-socketio) has acknowledged.
// - No answer is not a no: an event that was not answered goes back to its holder when the connection ends.

import type { Socket } from "socket.io-client";
import { BATCH_EVENT, type Outcome, readAck, readBatchAck } from "../contract/ack.ts";
import { PACE_EVENT, Pace } from "../contract/pace.ts";
import type { ConnectionReason } from "../contract/reasons.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import { listOf, Serialised } from "./encoder.ts";

/** What is sent of an event. */
export interface Sendable {
  /** The envelope, serialised. */
  readonly json: string;
  /** Of `json`, in UTF-8. */
  readonly bytes: number;
}

/** Longer than a busy server needs; then the connection counts as dead, since repeats are worse than waiting. */
const ANSWER_TIMEOUT_MS = 15_000;
/** Of the events in one message: some thirty. What is larger is no object that V8 can collect cheaply. */
const MAX_MESSAGE_BYTES = 64 * 1024;
/** How often the time of the oldest answer that is missing is looked at. */
const LOOK_MS = 3000;

/** Called at most once for an event, by its place among those sent, and not at all once the connection has ended. */
export type OnOutcome = (index: number, outcome: Outcome) => void;

export class Connection {
  readonly url: string;
  readonly #socket: Socket;
  readonly #ended = Promise.withResolvers<ConnectionReason>();
  /** When each message was sent whose answer is missing, oldest first; by the clock that does not jump. */
  readonly #sentAt = new Map<number, number>();
  /** What waits for the answer to a question. */
  readonly #asked = new Set<(answer: unknown) => void>();
  #messages = 0;
  #timer: NodeJS.Timeout | undefined;
  #window = 1;
  #batch = 1;
  #isOurs = false;
  /** Why it was closed from this side. */
  #reason: ConnectionReason | undefined;
  #gatherMs: number | undefined;
  #onPace: (gatherMs: number) => void = () => {};

  /** Takes over a socket that is connected. */
  constructor(socket: Socket, url: string) {
    this.#socket = socket;
    this.url = url;
    socket.once("disconnect", (cause) => {
      clearInterval(this.#timer);
      for (const resolve of this.#asked) resolve(undefined);
      this.#reason ??= { code: "disconnected", cause };
      this.#ended.resolve(this.#reason);
    });
    socket.on(PACE_EVENT, (given: unknown) => {
      const pace = Pace.safeParse(given);
      if (!pace.success) return;
      this.#gatherMs = pace.data.gatherMs;
      this.#onPace(pace.data.gatherMs);
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

  /** Calls back with what the server says of how long events may be gathered, now and whenever that changes. */
  onPace(callback: (gatherMs: number) => void): void {
    this.#onPace = callback;
    if (this.#gatherMs !== undefined) callback(this.#gatherMs);
  }

  /** Sends events, in order, in as few messages as the server takes. */
  send(events: readonly Sendable[], onOutcome: OnOutcome): void {
    for (let from = 0; from < events.length; ) {
      const size = this.#messageSize(events, from);
      if (size === 1) this.#sendOne(events, from, onOutcome);
      else this.#sendMany(events, from, size, onOutcome);
      from += size;
    }
  }

  /** How many of the events go into one message. */
  #messageSize(events: readonly Sendable[], from: number): number {
    const most = Math.min(this.#batch, events.length - from);
    let size = 0;
    for (let bytes = 0; size < most; size++) {
      bytes += events[from + size]?.bytes ?? 0;
      if (bytes > MAX_MESSAGE_BYTES) break;
    }
    return Math.max(1, size);
  }

  #sendOne(events: readonly Sendable[], index: number, onOutcome: OnOutcome): void {
    this.#emit("claude_event", events[index]?.json ?? "", (answer) => {
      const { outcome, ours, window, batch } = readAck(answer);
      if (ours) this.#isOurs = true;
      if (window !== undefined) this.#window = window;
      if (batch !== undefined) this.#batch = batch;
      onOutcome(index, outcome);
    });
  }

  #sendMany(events: readonly Sendable[], from: number, size: number, onOutcome: OnOutcome): void {
    const envelopes = events.slice(from, from + size).map(({ json }) => json);
    this.#emit(BATCH_EVENT, listOf(envelopes), (answer) => {
      for (const [offset, outcome] of readBatchAck(answer, size).entries()) onOutcome(from + offset, outcome);
    });
  }

  /** Says how the relay fares, to the bundled monitor only. */
  report(status: RelayStatus): void {
    if (this.#isOurs && this.isOpen) this.#socket.emit("relay_status", status);
  }

  /** Asks something else of the server: what it answered; undefined where the connection ended before. */
  async ask(event: string, value: unknown): Promise<unknown> {
    if (!this.isOpen) return undefined;
    const { promise, resolve } = Promise.withResolvers<unknown>();
    this.#asked.add(resolve);
    this.#emit(event, JSON.stringify(value), resolve);
    const answer = await promise;
    this.#asked.delete(resolve);
    return answer;
  }

  /** Says something that needs no answer. */
  say(event: string, value: unknown): void {
    if (this.isOpen) this.#socket.emit(event, new Serialised(JSON.stringify(value)));
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
