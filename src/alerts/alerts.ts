// Alerts: a consumer of the store that tells people what they asked to be told, each cause once.
// - What was found is kept in alerts.db before the cursor moves; what is not delivered waits there, also over a restart.
// - Of several monitors on one store, one alone looks for what is to be told, and another once that one is gone. Each delivers
//   what it has found; what was claimed by one is told by no other. What relays and this machine's hosts say is told by the
//   monitor that they talk to.
// - A channel that is away holds up no other. What comes together goes in one message; at night it waits, if so set.
// - Between sending and noting it a crash may lie: then the same message is sent again, with the same id.

import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { Alert, AlertsAnswer, HookRun, TestAnswer } from "../contract/alerts.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import { CHECK_SESSION } from "../contract/forget.ts";
import type { EventRow } from "../contract/row.ts";
import type { SessionSummary } from "../contract/session.ts";
import type { Log } from "../platform/log.ts";
import { isCorrupt, setAside } from "../platform/sqlite.ts";
import type { Prices } from "../prices/prices.ts";
import type { Store } from "../store/port.ts";
import { type Budgets, openBudgets } from "./budgets.ts";
import { type Channel, messageFor, openChannel, type Surroundings, testAlert } from "./channel.ts";
import { type Outbox, openOutbox } from "./outbox.ts";
import { type Flow, type Found, flowTrouble } from "./rules.ts";
import { aboutRule, channelStatus, DESKTOP, quietFor, type Rule, type Setup, setupOf } from "./setup.ts";
import { openWatch, type Watch, waitingSessions } from "./watch.ts";

/** As it is called in the store, in status and metrics. */
export const ALERTS = "alerts";
const PAGE = 500;
/** What comes within this time is looked at together: who sends much is not slowed down by who looks. */
const TOGETHER_MS = 500;
/** While nothing is new: flow and budgets are looked at all the same. */
const LOOK_MS = 10_000;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 300_000;
/** Between two messages of a channel. */
const GAP_MS = 1000;
const MOST_IN_ONE = 50;
const HISTORY = 200;
/** Ids of alerts that are known to have been claimed. */
const MAX_CLAIMED = 10_000;

export interface AlertsOptions extends Surroundings {
  readonly config: Config;
  readonly store: Store;
  readonly prices: Prices;
  readonly log: Log;
  /** What relays say of events on their way. */
  readonly flow: () => Flow;
  /** Address of the dashboard. */
  readonly page: () => string | undefined;
  readonly firstDelayMs?: number;
  readonly lookMs?: number;
}

export interface Alerts {
  status(): Promise<ConsumerStatus>;
  answer(limit?: number): AlertsAnswer;
  /** Hooks have run, by the host's own figures. */
  hooksRan(runs: readonly HookRun[]): void;
  /** Sends a test through one channel, or through all. */
  test(name?: string): Promise<TestAnswer>;
  close(): Promise<void>;
}

/** Starts watching; resolves once it does. */
export async function startAlerts(options: AlertsOptions): Promise<Alerts> {
  const alerts = new RunningAlerts(options);
  await alerts.start();
  return alerts;
}

class RunningAlerts implements Alerts {
  readonly #options: AlertsOptions;
  readonly #setup: Setup;
  readonly #outbox: Outbox;
  readonly #channels: ReadonlyMap<string, Channel>;
  readonly #watch: Watch;
  readonly #budgets: Budgets;
  readonly #stop = new AbortController();
  readonly #troubles = new Map<string, string>();
  /** Found while others committed. */
  #late: Found[] = [];
  #wake = Promise.withResolvers<void>();
  #unsubscribe = () => {};
  #running: Promise<unknown> = Promise.resolve();
  #outgoing = Promise.withResolvers<void>();
  /** This monitor is the one that looks. */
  #isLooking = false;
  #leave: () => Promise<void> = async () => {};
  /** A look has failed on its way: some of what comes next may have been counted already. */
  #mayBeCounted = false;
  /** The look that is under way. */
  #look: Promise<unknown> = Promise.resolve();
  /** Ids that were claimed here or elsewhere. */
  readonly #claimed = new Set<string>();
  /** How far it has been looked, and the newest position that it was told of. */
  #n = 0;
  #newest = 0;
  #delivered = 0;
  #refused = 0;
  #deliveredAt: number | undefined;

  constructor(options: AlertsOptions) {
    this.#options = options;
    const { config, store, prices, log, now } = options;
    this.#setup = setupOf(config);
    this.#outbox = openSound(config.paths.alerts, now(), log);
    this.#channels = new Map(this.#setup.channels.map((channel) => [channel.name, openChannel(channel, options)]));
    this.#watch = openWatch(store, this.#setup.rules);
    this.#budgets = openBudgets(store, prices, this.#setup.rules, now);
  }

  async start(): Promise<void> {
    const { store, now } = this.#options;
    this.#unsubscribe = store.subscribe(({ rows, sessions }) => {
      // Kept later: what fails here must not fail who commits.
      if (this.#isLooking) this.#late.push(...this.#watch.late(rows, now()));
      this.#budgets.changed(sessions);
      this.#newest = rows.reduce((newest, { n }) => Math.max(newest, n), this.#newest);
      this.#wake.resolve();
    });
    this.#leave = await store.alone(ALERTS, () => this.#begin());
    this.#running = Promise.all([this.#run(), ...[...this.#channels.values()].map((channel) => this.#serve(channel))]);
  }

  /** Goes on where the one before has stopped. */
  async #begin(): Promise<{ close(): Promise<void> }> {
    const { store, now } = this.#options;
    const known = (await store.consumers()).find(({ name }) => name === ALERTS);
    this.#newest = (await store.figures()).newest;
    this.#n = known?.n ?? this.#newest;
    if (!known) await store.advance(ALERTS, this.#n);
    await this.#watch.prime(this.#n, now());
    this.#isLooking = true;
    this.#wake.resolve();
    return {
      close: async () => {
        this.#isLooking = false;
        this.#late = [];
        await this.#look.catch(() => {});
      },
    };
  }

  async status(): Promise<ConsumerStatus> {
    const known = (await this.#options.store.consumers()).find(({ name }) => name === ALERTS);
    const [trouble] = this.#troubles.values();
    return {
      name: ALERTS,
      n: this.#isLooking ? this.#n : (known?.n ?? 0),
      waiting: this.#outbox.counts().waiting,
      missed: known?.missed ?? 0,
      delivered: this.#delivered,
      refused: this.#refused,
      ...(this.#deliveredAt === undefined ? {} : { deliveredAt: this.#deliveredAt }),
      ...(trouble === undefined ? {} : { trouble, reason: { code: "unknown", given: trouble } }),
    };
  }

  answer(limit = HISTORY): AlertsAnswer {
    const { rules, content } = this.#setup;
    const { alertQuiet } = this.#options.config;
    return {
      rules: rules.map(aboutRule),
      channels: [...this.#channels.values()].map(({ settings, trouble }) =>
        channelStatus(settings, undefined, this.#troubles.get(settings.name) ?? trouble),
      ),
      content: content ? "content" : "names",
      ...(alertQuiet === undefined ? {} : { quiet: alertQuiet }),
      history: this.#outbox.history(limit),
    };
  }

  hooksRan(runs: readonly HookRun[]): void {
    this.#late.push(...this.#watch.hooks(runs, this.#options.now()));
    this.#wake.resolve();
  }

  test(name?: string): Promise<TestAnswer> {
    const meant = [...this.#channels.values()].filter(({ settings }) => name === undefined || settings.name === name);
    return tryOut(meant, this.#options.page(), this.#options.now(), this.#stop.signal);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    this.#wake.resolve();
    this.#tellChannels();
    await this.#leave();
    await this.#running;
    for (const channel of this.#channels.values()) channel.close();
    this.#outbox.close();
  }

  /** Each channel waits on the promise of the moment at which it looked: none misses what comes after. */
  #tellChannels(): void {
    this.#outgoing.resolve();
    this.#outgoing = Promise.withResolvers<void>();
  }

  get #isOver(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Keeps those of what was found that nobody has claimed before. */
  async #claim(found: readonly Found[]): Promise<void> {
    const news = found.filter(({ alert: { id } }) => !this.#claimed.has(id));
    if (news.length === 0) return;
    const own = new Set(await this.#options.store.claim(news.map(({ alert: { id } }) => id)));
    this.#add(news.filter(({ alert: { id } }) => own.has(id)));
    for (const { alert } of news) this.#claimed.add(alert.id);
    for (const id of this.#claimed) {
      if (this.#claimed.size <= MAX_CLAIMED) break;
      this.#claimed.delete(id);
    }
  }

  /** Keeps what was found, for the channels that are there. */
  #add(found: readonly Found[]): void {
    const { now, log } = this.#options;
    for (const { alert, to } of found) {
      const channels = to.filter((name) => this.#canUse(name));
      const { content: _content, ...names } = alert;
      const kept: Alert = this.#setup.content ? alert : names;
      if (!this.#outbox.add(kept, channels, now())) continue;
      log.info({ alert: alert.id, when: alert.when, session: alert.session }, "an alert");
      this.#tellChannels();
    }
  }

  /** The desktop that nobody named is used where there is one, and not missed where there is none. */
  #canUse(name: string): boolean {
    const channel = this.#channels.get(name);
    if (!channel) return false;
    const isImplied = name === DESKTOP && !this.#options.config.alertChannels.some((each) => each.name === DESKTOP);
    return !isImplied || channel.trouble === undefined;
  }

  async #run(): Promise<void> {
    const { log, lookMs = LOOK_MS } = this.#options;
    while (!this.#isOver) {
      try {
        this.#wake = Promise.withResolvers<void>();
        const look = this.#lookOn();
        this.#look = look;
        const next = await look;
        if (next === 0) continue;
        if (this.#isOver) return;
        await Promise.race([this.#wake.promise, this.#pause(Math.min(next, lookMs))]);
        await this.#pause(Math.min(TOGETHER_MS, lookMs));
      } catch (error) {
        if (this.#isOver) return;
        this.#mayBeCounted = true;
        log.warn({ err: error }, "alerts could not be looked for; it is tried again");
        await this.#pause(lookMs);
      }
    }
  }

  /** Looks at what is new, and at what no event tells. Returns ms until the next look. */
  async #lookOn(): Promise<number> {
    for (const rule of this.#setup.rules) if (rule.when === "relay") this.#add(this.#flowOf(rule));
    const late = this.#late;
    const { length } = late;
    await this.#claim(late.slice(0, length));
    late.splice(0, length); // not before: the store may be away
    if (this.#isLooking && (await this.#step())) return 0;
    return this.#isLooking ? this.#lookAround() : Number.POSITIVE_INFINITY;
  }

  /** Looks at the next events. Returns false where there are none, or no rule asks for them. */
  async #step(): Promise<boolean> {
    const { store } = this.#options;
    if (!this.#watch.readsRows) {
      if (this.#newest > this.#n) await this.#advance(this.#newest);
      return false;
    }
    if (this.#mayBeCounted) await this.#watch.prime(this.#n, this.#options.now());
    this.#mayBeCounted = false;
    const rows = await store.rows({}, { after: this.#n, limit: PAGE });
    const newest = rows.at(-1);
    if (!newest) return false;
    const told = rows.filter(isTold);
    const about = await sessionsOf(store, told);
    for (const row of told) {
      const session = about.get(row.session);
      if (session) await this.#claim(await this.#watch.take(row, session));
    }
    await this.#advance(newest.n);
    return true;
  }

  async #advance(n: number): Promise<void> {
    this.#n = n;
    const trouble = await this.#options.store.advance(ALERTS, n);
    if (trouble) this.#options.log.warn({ reason: trouble }, "how far alerts have read could not be kept");
  }

  /** What no event tells: who waits for too long, and what was spent. Returns ms until the next look, at least one. */
  async #lookAround(): Promise<number> {
    const { store, now } = this.#options;
    const waits = await waitingSessions(store, this.#setup.rules, now());
    await this.#claim(waits.found);
    await this.#claim(await this.#budgets.look());
    return waits.next === undefined ? Number.POSITIVE_INFINITY : Math.max(1, waits.next - now());
  }

  #flowOf(rule: Rule): Found[] {
    const flow = this.#options.flow();
    const before = this.#outbox.kept("lost");
    this.#outbox.keep("lost", String(Math.max(flow.lost, Number(before ?? 0))));
    return flowTrouble(rule, flow, before === undefined ? flow.lost : Number(before), this.#options.now());
  }

  /** Delivers what waits for a channel, one message after the other, until the end. */
  async #serve(channel: Channel): Promise<void> {
    const { name } = channel.settings;
    const { now, firstDelayMs = FIRST_DELAY_MS, log } = this.#options;
    for (let delay = firstDelayMs; !this.#isOver; ) {
      const news = this.#outgoing.promise;
      const waiting = this.#outbox.waitingFor(name);
      const quiet = waiting.length === 0 ? 0 : quietFor(this.#setup.quiet, new Date(now()));
      if (waiting.length === 0 || quiet > 0) {
        const pause = quiet > 0 ? Math.min(quiet, MAX_DELAY_MS) : MAX_DELAY_MS;
        await Promise.race([news, this.#pause(pause)]);
        continue;
      }
      const pending = (await this.#stillTrue(name, waiting)).slice(0, MOST_IN_ONE);
      const message = messageFor(pending, this.#options.page());
      if (!message) continue;
      const sent = await channel.send(message, this.#stop.signal);
      if (this.#isOver && sent.kind !== "delivered") return;
      const ids = pending.map(({ id }) => id);
      if (sent.kind === "again") {
        this.#outbox.note(ids, name, { state: "waiting", now: now(), tried: true, reason: sent.trouble });
        if (!this.#troubles.has(name)) log.warn({ channel: name, trouble: sent.trouble }, "alerts wait");
        this.#troubles.set(name, sent.trouble);
        await this.#pause(sent.afterMs ?? delay * (0.5 + Math.random() / 2));
        delay = Math.min(delay * 2, MAX_DELAY_MS);
        continue;
      }
      delay = firstDelayMs;
      this.#noteEnd(name, ids, sent.kind === "refused" ? sent.trouble : undefined);
      await this.#pause(GAP_MS);
    }
  }

  #noteEnd(channel: string, ids: readonly string[], trouble: string | undefined): void {
    const { now, log } = this.#options;
    const state = trouble === undefined ? "delivered" : "refused";
    this.#outbox.note(ids, channel, {
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
    const { store, now } = this.#options;
    const left: Alert[] = [];
    const settled: string[] = [];
    for (const alert of waiting) {
      const session = alert.when === "waiting" && alert.session ? await store.session(alert.session) : undefined;
      if (session && session.state !== "waiting") settled.push(alert.id);
      else left.push(alert);
    }
    if (settled.length > 0) this.#outbox.note(settled, channel, { state: "settled", now: now(), tried: false });
    return left;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(Math.min(ms, MAX_DELAY_MS), undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}

/** The outbox; a damaged one is set aside, and another begun. */
function openSound(file: string, now: number, log: Log): Outbox {
  try {
    return openOutbox(file);
  } catch (error) {
    if (!isCorrupt(error)) throw error;
    log.error({ file: setAside(file, now) }, "what was told before is damaged and was set aside");
    return openOutbox(file);
  }
}

/** What a hook has told: an import tells of what is long over. */
const isTold = ({ source, session }: EventRow): boolean => source === undefined && session !== CHECK_SESSION;

async function sessionsOf(store: Store, rows: readonly EventRow[]): Promise<ReadonlyMap<string, SessionSummary>> {
  const ids = [...new Set(rows.map(({ session }) => session))];
  if (ids.length === 0) return new Map();
  const { sessions } = await store.sessions({ ids, limit: ids.length });
  return new Map(sessions.map((session) => [session.id, session]));
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
