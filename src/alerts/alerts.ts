// Alerts: a consumer of the store that tells people what they asked to be told, each cause once.
// - What was found is kept in alerts.db before the cursor moves: from there it is delivered (delivery.ts).
// - Of several monitors on one store, one alone looks for what is to be told, and another once that one is gone. Each delivers
//   what it has found; what was claimed by one is told by no other. What relays and this machine's hosts say is told by the
//   monitor that they talk to.

import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { AlertsAnswer, HookRun, TestAnswer } from "../contract/alerts.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import { CHECK_SESSION } from "../contract/forget.ts";
import type { EventRow } from "../contract/row.ts";
import type { SessionSummary } from "../contract/session.ts";
import { Latch } from "../platform/latch.ts";
import type { Log } from "../platform/log.ts";
import { Outstanding } from "../platform/outstanding.ts";
import { isCorrupt, setAside } from "../platform/sqlite.ts";
import type { Prices } from "../prices/prices.ts";
import type { Store } from "../store/port.ts";
import { type Budgets, openBudgets } from "./budgets.ts";
import type { Surroundings } from "./channel.ts";
import { Deliverer } from "./delivery.ts";
import { newLosses } from "./losses.ts";
import { type Outbox, openOutbox } from "./outbox.ts";
import { type Flow, type Found, flowTrouble } from "./rules.ts";
import { aboutRule, type Setup, setupOf } from "./setup.ts";
import { openWatch, type Watch, waitingSessions } from "./watch.ts";

/** As it is called in the store, in status and metrics. */
const ALERTS = "alerts";
const PAGE = 500;
/** What comes within this time is looked at together: who sends much is not slowed down by who looks. */
const TOGETHER_MS = 500;
/** While something comes all the time, it is looked at no more often. */
const EVERY_MS = 2000;
/** While nothing is new: flow and budgets are looked at all the same. */
const LOOK_MS = 10_000;
const HISTORY = 200;
/** Name of the value that is kept: what each relay had lost when that was told. */
const LOST = "lost";
/** Alerts of a channel that are known to have been claimed. */
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
  /** Removes alerts about what the store has no more, and what is older than `before`, ms since 1970. */
  forget(before?: number): Promise<void>;
  /** Removes what is older than `before`, ms since 1970. */
  retain(before: number): void;
  close(): Promise<void>;
}

/** Starts watching; resolves once it does. */
export async function startAlerts(options: AlertsOptions): Promise<Alerts> {
  const alerts = new RunningAlerts(options);
  try {
    await alerts.start();
    return alerts;
  } catch (error) {
    await alerts.close();
    throw error;
  }
}

class RunningAlerts implements Alerts {
  readonly #options: AlertsOptions;
  readonly #setup: Setup;
  readonly #outbox: Outbox;
  readonly #deliverer: Deliverer;
  readonly #watch: Watch;
  readonly #budgets: Budgets;
  readonly #stop = new AbortController();
  /** Found while others committed. */
  readonly #late = new Outstanding<Found>();
  readonly #wake = new Latch();
  #unsubscribe = () => {};
  #running: Promise<unknown> = Promise.resolve();
  /** This monitor is the one that looks. */
  #isLooking = false;
  #leave: () => Promise<void> = async () => {};
  /** A look has failed on its way: some of what comes next may have been counted already. */
  #mayBeCounted = false;
  /** The look that is under way. */
  #look: Promise<unknown> = Promise.resolve();
  /** What was claimed here or elsewhere. */
  readonly #claimed = new Set<string>();
  /** Sessions that changed without an event: whoever forgets one tells all monitors so. */
  readonly #mayBeGone = new Outstanding<string>();
  /** How far it has been looked, and the newest position that it was told of. */
  #n = 0;
  #newest = 0;

  constructor(options: AlertsOptions) {
    this.#options = options;
    const { config, store, prices, log, now } = options;
    this.#setup = setupOf(config);
    this.#outbox = openSound(config.paths.alerts, now(), log);
    this.#deliverer = new Deliverer({ ...options, setup: this.#setup, outbox: this.#outbox });
    this.#watch = openWatch(store, this.#setup.rules);
    this.#budgets = openBudgets(store, prices, this.#setup.rules, now);
  }

  async start(): Promise<void> {
    const { store, now } = this.#options;
    this.#unsubscribe = store.subscribe(({ rows, sessions }) => {
      // Kept later: what fails here must not fail who commits.
      if (this.#isLooking) this.#late.add(this.#watch.late(rows, now()));
      this.#budgets.changed(sessions);
      const withEvents = new Set(rows.map(({ session }) => session));
      this.#mayBeGone.add(sessions.filter((id) => !withEvents.has(id)));
      this.#newest = rows.reduce((newest, { n }) => Math.max(newest, n), this.#newest);
      this.#wake.set();
    });
    this.#leave = await store.alone(ALERTS, () => this.#begin());
    this.#running = this.#run();
    this.#deliverer.start();
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
    this.#wake.set();
    return {
      close: async () => {
        this.#isLooking = false;
        await this.#look.catch(() => {});
        this.#late.clear();
      },
    };
  }

  async status(): Promise<ConsumerStatus> {
    const known = (await this.#options.store.consumers()).find(({ name }) => name === ALERTS);
    return {
      name: ALERTS,
      n: this.#isLooking ? this.#n : (known?.n ?? 0),
      missed: known?.missed ?? 0,
      ...this.#deliverer.status(),
    };
  }

  answer(limit = HISTORY): AlertsAnswer {
    const { rules, content } = this.#setup;
    const { alertQuiet } = this.#options.config;
    return {
      rules: rules.map(aboutRule),
      channels: this.#deliverer.channels(),
      content: content ? "content" : "names",
      ...(alertQuiet === undefined ? {} : { quiet: alertQuiet }),
      history: this.#outbox.history(limit),
    };
  }

  hooksRan(runs: readonly HookRun[]): void {
    this.#late.add(this.#watch.hooks(runs, this.#options.now()));
    this.#wake.set();
  }

  test(name?: string): Promise<TestAnswer> {
    return this.#deliverer.test(name);
  }

  async forget(before = 0): Promise<void> {
    const { projects, sessions } = this.#outbox.subjects();
    const there = new Set((await this.#options.store.projects()).map(({ name }) => name));
    this.#outbox.forget({ projects: projects.filter((name) => !there.has(name)), before });
    await this.#forgetGone(sessions);
  }

  retain(before: number): void {
    this.#outbox.forget({ before });
  }

  async #forgetGone(sessions: readonly string[]): Promise<void> {
    const gone: string[] = [];
    for (const session of sessions) if (!(await this.#options.store.session(session))) gone.push(session);
    if (gone.length > 0) this.#outbox.forget({ sessions: gone });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    this.#wake.set();
    const delivered = this.#deliverer.close();
    await this.#leave();
    await Promise.all([this.#running, delivered]);
    this.#outbox.close();
  }

  get #isOver(): boolean {
    return this.#stop.signal.aborted;
  }

  /**
   * Keeps those of what was found that nobody has claimed before. Throws where another has claimed some and not kept them
   * yet: whoever that is may have been killed in between.
   */
  async #claim(found: readonly Found[]): Promise<void> {
    const { store } = this.#options;
    const news = found.flatMap(perChannel).filter(({ claim }) => !this.#claimed.has(claim));
    if (news.length === 0) return;
    const claimed = await store.claim(news.map(({ claim }) => claim));
    const [own, undecided] = [new Set(claimed.own), new Set(claimed.undecided)];
    this.#deliverer.add(news.filter(({ claim }) => own.has(claim)));
    for (const { claim } of news) if (!undecided.has(claim)) this.#claimed.add(claim);
    if (own.size > 0) await store.keepClaimed(claimed.own);
    if (undecided.size > 0) throw new Undecided(`another monitor has claimed ${claimed.undecided.join(", ")}`);
    for (const id of this.#claimed) {
      if (this.#claimed.size <= MAX_CLAIMED) break;
      this.#claimed.delete(id);
    }
  }

  async #run(): Promise<void> {
    const { log, lookMs = LOOK_MS } = this.#options;
    while (!this.#isOver) {
      try {
        const look = this.#lookOn();
        this.#look = look;
        const next = await look;
        if (next === 0) continue;
        if (this.#isOver) return;
        const lookedAt = performance.now();
        await this.#wake.wait(Math.min(next, lookMs));
        await this.#pause(Math.min(Math.max(TOGETHER_MS, lookedAt + EVERY_MS - performance.now()), lookMs));
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
    this.#lookAtFlow();
    await this.#mayBeGone.settle((ids) => this.#forgetGone(ids.filter((id) => this.#outbox.isAbout(id))));
    await this.#late.settle((found) => this.#claim(found));
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

  /** What no event tells: who waits for too long, and what was spent. Returns ms until the next look. */
  async #lookAround(): Promise<number> {
    const { store, now } = this.#options;
    const waits = await waitingSessions(store, this.#setup.rules, now());
    await this.#claim(waits.found);
    const overspent = await this.#budgets.look();
    this.#late.add(overspent); // until they are claimed: they are found but once
    if (overspent.length > 0) return 0;
    return waits.next === undefined ? Number.POSITIVE_INFINITY : Math.max(1, waits.next - now());
  }

  /** What relays say, for each rule that asks for it. */
  #lookAtFlow(): void {
    const rules = this.#setup.rules.filter(({ when }) => when === "relay");
    if (rules.length === 0) return;
    const flow = this.#options.flow();
    const before = this.#outbox.kept(LOST);
    const { count, kept } = newLosses(before, flow.lost);
    for (const rule of rules) this.#deliverer.add(flowTrouble(rule, flow, count, this.#options.now()));
    if (kept !== before) this.#outbox.keep(LOST, kept);
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}

/** Each cause is told once a channel: a second rule may bring it to another one. */
const perChannel = ({ alert, to }: Found) =>
  to.map((channel) => ({ alert, to: [channel], claim: `${alert.id} ${channel}` }));

/** It is not known yet who tells what was found. */
class Undecided extends Error {}

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
