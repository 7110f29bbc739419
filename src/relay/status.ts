// What the relay says of itself: to relay.json and, over the connection, to the bundled monitor.
// - At most once a second; of events that went their way, less often while nobody watches.

import type { Reason } from "../contract/reasons.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import { textOf } from "../contract/texts.ts";
import type { SpoolSizes } from "../spool/sizes.ts";
import type { Connection } from "./connection.ts";
import type { Sequence } from "./sequence.ts";

const EVERY_MS = 1000;
/** Putting a file in another's place and waking the monitor costs more than the events of a second. */
const UNWATCHED_EVERY_MS = 5000;
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
  /** Milliseconds that only go forward. */
  readonly monotonic: () => number;
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
  /** When a change has to be said, and when counters do; never where there is none. */
  #changedAt = Number.POSITIVE_INFINITY;
  #countedAt = Number.POSITIVE_INFINITY;
  #lastSaid = Number.NEGATIVE_INFINITY;
  #isWatched = true;

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
    if (this.#options.monotonic() >= this.#nextMeasure) this.#sizes = this.#measure();
    return this.#sizes;
  }

  /** Says soon what is different. */
  changed(): void {
    if (this.#changedAt < Number.POSITIVE_INFINITY) return;
    this.#changedAt = this.#lastSaid + EVERY_MS;
    this.#arm();
  }

  /** Events went their way: the counters say so soon where somebody watches, else once no more come, or after a while. */
  counted(): void {
    if (this.#isWatched) this.changed();
    else {
      const quietAt = this.#options.monotonic() + EVERY_MS;
      this.#countedAt = Math.min(quietAt, this.#lastSaid + UNWATCHED_EVERY_MS);
      this.#arm();
    }
  }

  /** Whether anybody sees at once what is said. */
  watched(isWatched: boolean): void {
    this.#isWatched = isWatched;
    if (isWatched && this.#countedAt < Number.POSITIVE_INFINITY) this.changed();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const inMs = Math.min(this.#changedAt, this.#countedAt) - this.#options.monotonic();
    this.#timer = setTimeout(() => this.#say(this.sizes()), Math.max(0, inMs)).unref();
  }

  /** Says the last words. */
  end(): void {
    this.#say(this.#measure(), this.#options.now());
  }

  #measure(): SpoolSizes {
    const { measure, monotonic } = this.#options;
    const before = monotonic();
    const sizes = measure();
    const after = monotonic();
    this.#nextMeasure = after + Math.max(MEASURE_EVERY_MS, (after - before) / MEASURE_SHARE);
    return sizes;
  }

  #say(spool: SpoolSizes, endedAt?: number): void {
    const { identity, sequence, write, told = (all) => all, now, monotonic } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#changedAt = Number.POSITIVE_INFINITY;
    this.#countedAt = Number.POSITIVE_INFINITY;
    this.#lastSaid = monotonic();
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
