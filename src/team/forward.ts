// From the local store to the team's monitor: a consumer with a cursor of its own, over the same wire as the relay's.
// - The cursor moves when the team has acknowledged all up to there. What it has not taken waits in the store, however long
//   it is away; what retention removes before that is counted, and said.
// - What leaves is decided here, event by event: content.ts, at the lesser of `team.content` and what the team asks for.
// - A session that was over when the machine joined stays here; one that went on is sent from its beginning.

import type { Config } from "../config/config.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import type { StoredEnvelope } from "../contract/envelope.ts";
import { CHECK_SESSION } from "../contract/forget.ts";
import type { Reason } from "../contract/reasons.ts";
import { type ContentLevel, type DeviceReport, leastContent, REPORT_EVENT } from "../contract/team.ts";
import { textOf } from "../contract/texts.ts";
import { Latch } from "../platform/latch.ts";
import type { Log } from "../platform/log.ts";
import { VERSION } from "../platform/version.ts";
import { Backoff } from "../relay/backoff.ts";
import type { Connection, Sendable } from "../relay/connection.ts";
import { connect } from "../relay/uplink.ts";
import { askRoute } from "../services/route.ts";
import { statusOf } from "../store/consumed.ts";
import type { Store } from "../store/port.ts";
import { projectEnvelope } from "./content.ts";
import { cursorsOf } from "./cursors.ts";
import { type Facts, openFacts } from "./facts.ts";
import type { Membership } from "./membership.ts";

/** As it is called in status and metrics. */
const TEAM = "team";
/** Events that are read and sent at a time; the server may want fewer in flight. */
const PAGE = 256;
/** While nothing is new: a look all the same. */
const LOOK_MS = 60_000;
/** How often the team is told how this machine is. */
const REPORT_MS = 60_000;
/** Sessions whose age is remembered. */
const MAX_REMEMBERED = 1000;
/** Sessions that were open when the machine joined are looked for so far back. */
const OPEN_SINCE_MS = 86_400_000;
const OPEN_SESSIONS = 200;
/** How long the last answers are waited for when the monitor ends. */
const LAST_ANSWERS_MS = 500;

export interface ForwardOptions {
  readonly config: Config;
  readonly store: Store;
  readonly log: Log;
  readonly membership: Membership;
  /** ms since 1970 */
  readonly now: () => number;
}

export interface Forwarding {
  status(): Promise<ConsumerStatus>;
  /** When something was last delivered, by the clock that does not jump; 0 before that. */
  readonly deliveredAt: number;
  close(): Promise<void>;
}

/** Starts sending what the store has and what comes. */
export const startForwarding = (options: ForwardOptions): Forwarding => new Forwarder(options).start();

class Forwarder implements Forwarding {
  readonly #options: ForwardOptions;
  readonly #cursors: ReturnType<typeof cursorsOf>;
  readonly #facts: Facts;
  readonly #stop = new AbortController();
  readonly #wake = new Latch();
  readonly #backoff = new Backoff(this.#wake.set);
  /** Whether a session is sent at all. */
  readonly #isSent = new Map<string, boolean>();
  /** What is under way: resolved with why it was broken off, or with nothing when all is answered. */
  #answers: PromiseWithResolvers<Reason | undefined> | undefined;
  #running: Promise<void> = Promise.resolve();
  #level: ContentLevel = "metadata";
  #n = 0;
  #delivered = 0;
  #refused = 0;
  #refusedFacts = 0;
  #deliveredAt: number | undefined;
  #reason: Reason | undefined;
  deliveredAt = 0;

  constructor(options: ForwardOptions) {
    this.#options = options;
    this.#cursors = cursorsOf(options.membership);
    this.#facts = openFacts(
      {
        ...options,
        isSent: (session) => this.#leaves(session),
        onRefused: (session, reason) => {
          this.#refusedFacts++;
          options.log.warn({ session, reason }, "the team refused what was told of a session");
        },
        clock: () => performance.now(),
      },
      () => this.#level,
    );
  }

  start(): Forwarding {
    this.#running = this.#run();
    return this;
  }

  async status(): Promise<ConsumerStatus> {
    const status = await statusOf(this.#options.store, {
      name: this.#cursors.events,
      n: this.#n,
      delivered: this.#delivered,
      refused: this.#refused,
      deliveredAt: this.#deliveredAt,
      reason: this.#reason,
    });
    const refusedFacts = this.#refusedFacts;
    const content = this.#options.config.teamContent;
    return { ...status, name: TEAM, content, ...(refusedFacts > 0 ? { refusedFacts } : {}) };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.set();
    const late = setTimeout(() => this.#answers?.resolve(undefined), LAST_ANSWERS_MS);
    await this.#running;
    clearTimeout(late);
  }

  get #isOver(): boolean {
    return this.#stop.signal.aborted;
  }

  async #run(): Promise<void> {
    const { store, log, membership } = this.#options;
    const unsubscribe = store.subscribe(() => this.#wake.set());
    try {
      this.#n = await this.#beginning();
      log.info({ url: membership.url, after: this.#n }, "events are forwarded to the team");
      while (!this.#isOver) {
        if (!this.#backoff.due) await this.#wake.wait(LOOK_MS);
        else
          await this.#attempt().catch((error: unknown) =>
            this.#failed({ code: "store_unavailable", cause: String(error) }),
          );
      }
    } catch (error) {
      log.error({ err: error }, "nothing is forwarded to the team any more");
    } finally {
      unsubscribe();
      this.#facts.close();
    }
  }

  /** Where it goes on, or begins: with the sessions that are open now. */
  async #beginning(): Promise<number> {
    const { store, membership } = this.#options;
    const known = (await store.consumers()).find(({ name }) => name === this.#cursors.events);
    if (known) return known.n;
    const { newest } = await store.figures();
    const since = membership.joinedAt - OPEN_SINCE_MS;
    const states = ["working", "waiting", "idle", "interrupted"] as const;
    const { sessions } = await store.sessions({ states, since, limit: OPEN_SESSIONS });
    let n = newest;
    for (const { id } of sessions) {
      const [first] = await store.rows({ session: id }, { after: 0, limit: 1 });
      if (first) n = Math.min(n, first.n - 1);
    }
    await store.advance(this.#cursors.events, n);
    await store.advance(this.#cursors.facts, n);
    return n;
  }

  /** One connection's work, from the attempt to open it to its end. */
  async #attempt(): Promise<void> {
    const { membership, log } = this.#options;
    const { url, token } = membership;
    const connected = await connect({ url, token, local: false }, this.#stop.signal);
    if (!connected.ok) return this.#failed(connected.reason);
    const connection = connected.value;
    void connection.ended.then((reason) => {
      this.#answers?.resolve(reason);
      this.#wake.set();
    });
    const report = setInterval(() => void this.#report(connection).catch(() => {}), REPORT_MS).unref();
    let took = 0;
    try {
      this.#level = await this.#agreedLevel();
      this.#reason = undefined;
      let isReported = false;
      for (;;) {
        const step = await this.#step(connection);
        if (step.sent > 0) {
          took += step.sent;
          this.#backoff.succeeded();
        }
        if (step.trouble) return this.#failed(step.trouble);
        if (this.#isOver) return;
        if (step.isMore) continue;
        if (await this.#facts.send(connection, this.#n)) continue;
        if (!isReported) await this.#report(connection); // all has come: nothing that is old news a moment later
        isReported = true;
        await this.#wake.wait(this.#facts.dueInMs ?? LOOK_MS);
        if (!connection.isOpen) return this.#failed(await connection.ended);
      }
    } finally {
      clearInterval(report);
      connection.close();
      log.debug({ url, took }, "the connection to the team ended");
    }
  }

  /** Sends the next page. `sent`: events that the team has now. */
  async #step(connection: Connection): Promise<{ sent: number; isMore: boolean; trouble?: Reason }> {
    const { store } = this.#options;
    const limit = Math.max(1, Math.min(PAGE, connection.window));
    const page = await store.envelopes({}, { after: this.#n, limit });
    if (page.length === 0) return { sent: 0, isMore: false };
    const leaving: { readonly n: number; readonly event: Sendable }[] = [];
    for (const envelope of page)
      if (await this.#leaves(envelope.session_id)) leaving.push({ n: envelope.n, event: this.#made(envelope) });
    const last = page.at(-1)?.n ?? this.#n;
    const { done, trouble } = await this.#send(
      connection,
      leaving.map(({ event }) => event),
    );
    // What stands before the first event that was not taken is done; all of the page, where there is none.
    const next = leaving[done];
    await this.#advance(next === undefined ? last : next.n - 1);
    return { sent: done, isMore: true, ...(trouble ? { trouble } : {}) };
  }

  /** How many of the first events the team has taken, or refused for good. */
  async #send(
    connection: Connection,
    events: readonly Sendable[],
  ): Promise<{ readonly done: number; readonly trouble?: Reason }> {
    if (events.length === 0) return { done: 0 };
    if (!connection.isOpen) return { done: 0, trouble: await connection.ended };
    const { log, now } = this.#options;
    const answered = new Set<number>();
    const all = Promise.withResolvers<Reason | undefined>();
    this.#answers = all;
    connection.send(events, (index, outcome) => {
      if (outcome.kind === "retry") return all.resolve(outcome.reason);
      if (outcome.kind === "rejected") {
        this.#refused++;
        log.warn({ reason: outcome.reason }, "the team refused an event");
      } else this.#delivered++;
      answered.add(index);
      if (answered.size === events.length) all.resolve(undefined);
    });
    const trouble = await all.promise;
    this.#answers = undefined;
    let done = 0;
    while (answered.has(done)) done++;
    if (done > 0) {
      this.#deliveredAt = now();
      this.deliveredAt = performance.now();
    }
    return { done, ...(trouble ? { trouble } : {}) };
  }

  #made({ n: _, ...envelope }: StoredEnvelope): Sendable {
    const json = JSON.stringify(projectEnvelope(envelope, this.#level, this.#options.membership.key));
    return { json, bytes: Buffer.byteLength(json) };
  }

  /** Not of a session that was over when the machine joined, nor of a check of our own. */
  async #leaves(session: string): Promise<boolean> {
    if (session === CHECK_SESSION) return false;
    const known = this.#isSent.get(session);
    if (known !== undefined) return known;
    const { store, membership } = this.#options;
    const summary = await store.session(session);
    const isSent = summary === undefined || summary.lastAt >= membership.joinedAt || isOpen(summary.state);
    if (this.#isSent.size >= MAX_REMEMBERED) this.#isSent.clear();
    if (isSent) this.#isSent.set(session, true);
    return isSent;
  }

  async #advance(n: number): Promise<void> {
    if (n <= this.#n) return;
    this.#n = n;
    const trouble = await this.#options.store.advance(this.#cursors.events, n);
    if (trouble) this.#options.log.warn({ reason: trouble }, "how far events are forwarded could not be kept");
  }

  /** What of an event leaves: what this machine allows, or less where the team asks for less. */
  async #agreedLevel(): Promise<ContentLevel> {
    const { config, membership } = this.#options;
    const answer = await askRoute(membership, "team", { signal: this.#stop.signal });
    return leastContent(config.teamContent, (answer.ok ? answer.value.team : membership.team).content);
  }

  async #report(connection: Connection): Promise<void> {
    const { waiting, missed, refused, trouble } = await this.status();
    connection.say(REPORT_EVENT, {
      version: VERSION,
      content: this.#level,
      waiting,
      lost: missed + refused,
      ...(trouble === undefined ? {} : { trouble }),
    } satisfies DeviceReport);
  }

  #failed(reason: Reason): void {
    if (this.#isOver) return;
    if (this.#reason?.code !== reason.code)
      this.#options.log.warn({ reason }, `events wait for the team: ${textOf(reason)}`);
    this.#reason = reason;
    this.#backoff.failed();
  }
}

const isOpen = (state: string): boolean => state !== "ended" && state !== "lost";
