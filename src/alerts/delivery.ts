// Delivery: what was found goes from the outbox through the channels, each message once.
// - What is not delivered waits in the outbox, also over a restart. A channel that is away holds up no other.
// - What comes together goes in one message to people, to a program one by one; at night it waits, if so set. What has
//   settled meanwhile is not sent.
// - Between sending and noting it a crash may lie: then the same message is sent again, with the same id.

import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { Alert, AlertsAnswer, TestAnswer } from "../contract/alerts.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import { errorMessage } from "../platform/error.ts";
import { Latch } from "../platform/latch.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/port.ts";
import { type Channel, messageFor, openChannel, type Surroundings, testAlert } from "./channel.ts";
import type { Outbox } from "./outbox.ts";
import type { Found } from "./rules.ts";
import { channelStatus, DESKTOP, quietFor, type Setup } from "./setup.ts";

const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 300_000;
/** Between two messages of a channel. */
const GAP_MS = 1000;
const MOST_IN_ONE = 50;

export interface DelivererOptions extends Surroundings {
  readonly config: Config;
  readonly setup: Setup;
  readonly outbox: Outbox;
  readonly store: Store;
  readonly log: Log;
  /** Address of the dashboard. */
  readonly page: () => string | undefined;
  readonly firstDelayMs?: number;
}

/** What a channel does next: waits for news, for so long at most; goes on; or tries again, after so long where it was told. */
type Next =
  | { readonly kind: "idle"; readonly ms: number }
  | { readonly kind: "delivered" }
  | { readonly kind: "failed"; readonly ms?: number | undefined };

export class Deliverer {
  readonly #options: DelivererOptions;
  readonly #channels: ReadonlyMap<string, Channel>;
  readonly #stop = new AbortController();
  /** What a channel has last said that is no success, by its name. */
  readonly #troubles = new Map<string, string>();
  /** Why a channel is not served now, by its name: the store is away, or the disk of the outbox full. */
  readonly #unserved = new Map<string, string>();
  /** One for each channel that is served. */
  readonly #news: Latch[] = [];
  #serving: Promise<unknown> = Promise.resolve();
  #delivered = 0;
  #refused = 0;
  #deliveredAt: number | undefined;

  constructor(options: DelivererOptions) {
    this.#options = options;
    this.#channels = new Map(options.setup.channels.map((channel) => [channel.name, openChannel(channel, options)]));
  }

  start(): void {
    this.#serving = Promise.all([...this.#channels.values()].map((channel) => this.#serve(channel)));
  }

  /** Keeps what was found, for the channels that are there. */
  add(found: readonly Found[]): void {
    const { outbox, setup, now, log } = this.#options;
    for (const { alert, to } of found) {
      const channels = to.filter((name) => this.#canUse(name));
      const { content: _content, ...names } = alert;
      const kept: Alert = setup.content ? alert : names;
      if (!outbox.add(kept, channels, now())) continue;
      log.info({ alert: alert.id, when: alert.when, session: alert.session }, "an alert");
      this.#tellChannels();
    }
  }

  status(): Pick<ConsumerStatus, "waiting" | "delivered" | "refused" | "deliveredAt" | "trouble" | "reason"> {
    const [trouble] = [...this.#unserved.values(), ...this.#troubles.values()];
    return {
      waiting: this.#options.outbox.counts().waiting,
      delivered: this.#delivered,
      refused: this.#refused,
      ...(this.#deliveredAt === undefined ? {} : { deliveredAt: this.#deliveredAt }),
      ...(trouble === undefined ? {} : { trouble, reason: { code: "unknown", given: trouble } }),
    };
  }

  channels(): AlertsAnswer["channels"] {
    return [...this.#channels.values()].map(({ settings, trouble }) =>
      channelStatus(
        settings,
        undefined,
        this.#unserved.get(settings.name) ?? this.#troubles.get(settings.name) ?? trouble,
      ),
    );
  }

  /** Sends a test through one channel, or through all. */
  test(name?: string): Promise<TestAnswer> {
    const { page, now } = this.#options;
    const meant = [...this.#channels.values()].filter(({ settings }) => name === undefined || settings.name === name);
    return tryOut(meant, page(), now(), this.#stop.signal);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#tellChannels();
    await this.#serving;
    for (const channel of this.#channels.values()) channel.close();
  }

  #tellChannels(): void {
    for (const news of this.#news) news.set();
  }

  /** The desktop that nobody named is used where there is one, and not missed where there is none. */
  #canUse(name: string): boolean {
    const channel = this.#channels.get(name);
    if (!channel) return false;
    const isImplied = name === DESKTOP && !this.#options.config.alertChannels.some((each) => each.name === DESKTOP);
    return !isImplied || channel.trouble === undefined;
  }

  get #isOver(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Delivers what waits for a channel until the end. */
  async #serve(channel: Channel): Promise<void> {
    const { firstDelayMs = FIRST_DELAY_MS, log } = this.#options;
    const { name } = channel.settings;
    const news = new Latch();
    this.#news.push(news);
    for (let delay = firstDelayMs; !this.#isOver; ) {
      const next = await this.#deliverNext(channel).then(
        (then) => {
          this.#unserved.delete(name);
          return then;
        },
        (error: unknown): Next => {
          if (!this.#unserved.has(name)) log.warn({ channel: name, err: error }, "alerts wait");
          this.#unserved.set(name, errorMessage(error));
          return { kind: "failed" };
        },
      );
      if (next.kind === "idle") await news.wait(Math.min(next.ms, MAX_DELAY_MS));
      else if (next.kind === "delivered") await this.#pause(GAP_MS);
      else await this.#pause(next.ms ?? delay * (0.5 + Math.random() / 2));
      if (next.kind === "failed") delay = Math.min(delay * 2, MAX_DELAY_MS);
      else delay = firstDelayMs;
    }
  }

  /** Delivers what waits for a channel, as one message; of a webhook's the first. */
  async #deliverNext(channel: Channel): Promise<Next> {
    const { name, type } = channel.settings;
    const { outbox, setup, now, log, page } = this.#options;
    const waiting = outbox.waitingFor(name);
    if (waiting.length === 0) return { kind: "idle", ms: MAX_DELAY_MS };
    const quiet = quietFor(setup.quiet, new Date(now()));
    if (quiet > 0) return { kind: "idle", ms: quiet };
    const pending = (await this.#stillTrue(name, waiting)).slice(0, type === "webhook" ? 1 : MOST_IN_ONE);
    const message = messageFor(pending, page());
    if (!message) return { kind: "idle", ms: 0 };
    const sent = await channel.send(message, this.#stop.signal);
    if (this.#isOver && sent.kind !== "delivered") return { kind: "idle", ms: 0 };
    const ids = pending.map(({ id }) => id);
    if (sent.kind === "again") {
      outbox.note(ids, name, { state: "waiting", now: now(), tried: true, reason: sent.trouble });
      if (!this.#troubles.has(name)) log.warn({ channel: name, trouble: sent.trouble }, "alerts wait");
      this.#troubles.set(name, sent.trouble);
      return { kind: "failed", ms: sent.afterMs };
    }
    this.#noteEnd(name, ids, sent.kind === "refused" ? sent.trouble : undefined);
    return { kind: "delivered" };
  }

  #noteEnd(channel: string, ids: readonly string[], trouble: string | undefined): void {
    const { outbox, now, log } = this.#options;
    const state = trouble === undefined ? "delivered" : "refused";
    outbox.note(ids, channel, {
      state,
      now: now(),
      tried: true,
      ...(trouble === undefined ? {} : { reason: trouble }),
    });
    if (trouble === undefined) {
      this.#delivered += ids.length;
      this.#deliveredAt = now();
      this.#troubles.delete(channel);
    } else {
      this.#refused += ids.length;
      this.#troubles.set(channel, trouble);
      log.warn({ channel, trouble }, "an alert was refused for good");
    }
  }

  /** Without those whose session does not wait any more: they would call for what is done. */
  async #stillTrue(channel: string, waiting: readonly Alert[]): Promise<Alert[]> {
    const { outbox, store, now } = this.#options;
    const left: Alert[] = [];
    const settled: string[] = [];
    for (const alert of waiting) {
      const session = alert.when === "waiting" && alert.session ? await store.session(alert.session) : undefined;
      if (session && session.state !== "waiting") settled.push(alert.id);
      else left.push(alert);
    }
    if (settled.length > 0) outbox.note(settled, channel, { state: "settled", now: now(), tried: false });
    return left;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(Math.min(ms, MAX_DELAY_MS), undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}

/** Sends a test through each channel, at the same time. */
export async function tryOut(
  channels: readonly Channel[],
  page: string | undefined,
  now: number,
  signal: AbortSignal,
): Promise<TestAnswer> {
  const message = messageFor([testAlert(now)], page);
  const results = channels.map(async (channel) => {
    const { name } = channel.settings;
    if (!message || channel.trouble !== undefined) return { name, delivered: false, trouble: channel.trouble ?? "" };
    const sent = await channel.send(message, signal);
    return sent.kind === "delivered" ? { name, delivered: true } : { name, delivered: false, trouble: sent.trouble };
  });
  return { results: await Promise.all(results) };
}
