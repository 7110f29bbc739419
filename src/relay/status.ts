// What the relay says of itself: to relay.json and, over the connection, to the bundled monitor; at most once a second.

import type { Reason } from "../contract/reasons.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import { textOf } from "../contract/texts.ts";
import type { SpoolSizes } from "../spool/sizes.ts";
import type { Connection } from "./connection.ts";
import type { Sequence } from "./sequence.ts";

const EVERY_MS = 1000;
/** Sizes are not measured again sooner than this, */
const MEASURE_EVERY_MS = 500;
/** nor so often that it takes more than this share of the time, however large the spool is. */
const MEASURE_SHARE = 0.02;

export interface StatusOptions {
  /** What does not change while the relay lives. */
  readonly identity: Pick<RelayStatus, "pid" | "version" | "program" | "host" | "machine" | "pidns" | "startedAt">;
  readonly sequence: Sequence;
  readonly measure: () => SpoolSizes;
  /** Puts the status where people and tools find it. */
  readonly write: (status: RelayStatus) => void;
  /** What of it is said to the server; absent: all. */
  readonly told?: (status: RelayStatus) => RelayStatus;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export class StatusReporter {
  readonly #options: StatusOptions;
  #url = "";
  #connection: Connection | undefined;
  #reason: Reason | undefined;
  #retryAt: number | undefined;
  #sizes: SpoolSizes;
  #nextMeasure = 0;
  #timer: NodeJS.Timeout | undefined;
  #lastSaid = Number.NEGATIVE_INFINITY;

  constructor(options: StatusOptions) {
    this.#options = options;
    this.#sizes = this.#measure();
  }

  connectedBy(connection: Connection): void {
    this.#connection = connection;
    this.#url = connection.url;
    this.#reason = undefined;
    this.#retryAt = undefined;
    this.changed();
  }

  /** Says why there is no connection, and when the next attempt is made at the latest, where one is to be made. */
  disconnected(reason: Reason, retryAt?: number): void {
    this.#connection = undefined;
    this.#reason = reason;
    this.#retryAt = retryAt;
    this.changed();
  }

  get isConnected(): boolean {
    return this.#connection?.isOpen ?? false;
  }

  /** Why there is no connection. */
  get reason(): Reason | undefined {
    return this.#reason;
  }

  /** Sizes of the spool; as old as measuring it often enough would cost too much. */
  sizes(): SpoolSizes {
    if (performance.now() >= this.#nextMeasure) this.#sizes = this.#measure();
    return this.#sizes;
  }

  /** Says soon what is different. */
  changed(): void {
    this.#timer ??= setTimeout(
      () => this.#say(this.sizes()),
      Math.max(0, this.#lastSaid + EVERY_MS - performance.now()),
    ).unref();
  }

  /** Says the last words. */
  end(): void {
    this.#say(this.#measure(), this.#options.now());
  }

  #measure(): SpoolSizes {
    const before = performance.now();
    const sizes = this.#options.measure();
    const after = performance.now();
    this.#nextMeasure = after + Math.max(MEASURE_EVERY_MS, (after - before) / MEASURE_SHARE);
    return sizes;
  }

  #say(spool: SpoolSizes, endedAt?: number): void {
    const { identity, sequence, write, told = (all) => all, now } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lastSaid = performance.now();
    sequence.save();
    const status: RelayStatus = {
      ...identity,
      updatedAt: now(),
      url: this.#url,
      connected: this.isConnected,
      ...(this.#reason ? { trouble: textOf(this.#reason), reason: this.#reason } : {}),
      ...(this.#retryAt === undefined || endedAt !== undefined ? {} : { retryAt: this.#retryAt }),
      ...(endedAt === undefined ? {} : { endedAt }),
      counters: { ...sequence.counters },
      spool,
    };
    write(status);
    this.#connection?.report(told(status));
  }
}
