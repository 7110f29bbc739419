// Exports what happened as OpenTelemetry traces: a consumer of the store with a cursor of its own.
// - The cursor moves when the collector has taken all spans that have ended up to there: what it has not taken waits in the
//   store, however long it is away, and is sent again after a restart, as the same spans.
// - What a session did before the cursor is read again from the store when it goes on: nothing else is kept.
// - A batch that the collector refuses for good is halved until what it refuses is alone; that is counted and left out.

import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import { projectName } from "../contract/project.ts";
import type { Reason } from "../contract/reasons.ts";
import type { EventRow } from "../contract/row.ts";
import { textOf } from "../contract/texts.ts";
import type { Turn } from "../contract/turn.ts";
import { Latch } from "../platform/latch.ts";
import type { Log } from "../platform/log.ts";
import { Outstanding } from "../platform/outstanding.ts";
import { statusOf } from "../store/consumed.ts";
import type { Store } from "../store/port.ts";
import { type Encoder, encoderFor } from "./encode.ts";
import { type Endpoint, OTLP, shownUrl } from "./endpoint.ts";
import { heldIn } from "./held.ts";
import { openPost, type Post } from "./post.ts";
import type { Span } from "./span.ts";
import { type About, type Draft, finish, Tracing } from "./trace.ts";

const PAGE = 1000;
/** Of one request. */
const MAX_SPANS = 500;
/** Sessions that are remembered; one that was forgotten is read again from the store. */
const MAX_SESSIONS = 500;
/** What transcripts know of a turn, its tokens, comes a moment after its end. */
const SETTLE_MS = 3000;
/** While nothing is new: a look all the same. */
const LOOK_MS = 60_000;
const FIRST_DELAY_MS = 1000;
const MAX_DELAY_MS = 60_000;

export interface OtlpOptions {
  readonly config: Config;
  readonly store: Store;
  readonly log: Log;
  /** ms since 1970 */
  readonly now: () => number;
  /** The turns of a session with what they cost. */
  readonly priced: (session: string, turns: readonly Turn[]) => Promise<readonly Turn[]>;
  readonly settleMs?: number;
  readonly firstDelayMs?: number;
}

export interface Export {
  status(): Promise<ConsumerStatus>;
  close(): Promise<void>;
}

/** Starts exporting to an endpoint. */
export const startOtlp = (options: OtlpOptions, endpoint: Endpoint): Promise<Export> =>
  new Exporter(options, endpoint).start();

class Exporter implements Export {
  readonly #options: OtlpOptions;
  readonly #endpoint: Endpoint;
  readonly #encoder: Encoder;
  readonly #post: Post;
  readonly #stop = new AbortController();
  readonly #tracings = new Map<string, Tracing>();
  /** Sessions of which something is known that no event tells. */
  readonly #changed = new Outstanding<string>();
  readonly #wake = new Latch();
  #unsubscribe = () => {};
  #running: Promise<void> = Promise.resolve();
  #n = 0;
  #delivered = 0;
  #refused = 0;
  #deliveredAt: number | undefined;
  #reason: Reason | undefined;

  constructor(options: OtlpOptions, endpoint: Endpoint) {
    this.#options = options;
    this.#endpoint = endpoint;
    this.#encoder = encoderFor(endpoint.protocol, endpoint.resource);
    this.#post = openPost(endpoint, options.now);
  }

  async start(): Promise<Export> {
    const { store, log } = this.#options;
    const known = (await store.consumers()).find(({ name }) => name === OTLP);
    this.#n = known?.n ?? (await store.figures()).newest;
    if (!known) await store.advance(OTLP, this.#n);
    this.#unsubscribe = store.subscribe(({ rows, sessions }) => {
      const told = new Set(rows.map(({ session }) => session));
      this.#changed.add(sessions.filter((session) => !told.has(session)));
      this.#wake.set();
    });
    log.info({ url: shownUrl(this.#endpoint.url), after: this.#n }, "turns are exported as traces");
    this.#running = this.#run();
    return this;
  }

  status(): Promise<ConsumerStatus> {
    return statusOf(this.#options.store, {
      name: OTLP,
      n: this.#n,
      delivered: this.#delivered,
      refused: this.#refused,
      deliveredAt: this.#deliveredAt,
      reason: this.#reason,
    });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#unsubscribe();
    this.#wake.set();
    await this.#running;
    this.#post.close();
  }

  async #run(): Promise<void> {
    const { log, firstDelayMs = FIRST_DELAY_MS } = this.#options;
    for (let delay = firstDelayMs; !this.#isOver; )
      try {
        const isMore = (await this.#step()) || (await this.#lookAtChanged());
        delay = firstDelayMs;
        if (!isMore && !this.#isOver) await this.#wake.wait(LOOK_MS);
      } catch (error) {
        log.warn({ err: error }, "traces could not be made; it is tried again");
        this.#tracings.clear();
        await this.#pause(delay);
        delay = Math.min(delay * 2, MAX_DELAY_MS);
      }
  }

  get #isOver(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Exports the next events. Returns false where there are none. */
  async #step(): Promise<boolean> {
    const { store, config, now, settleMs = SETTLE_MS } = this.#options;
    const rows = await store.rows({}, { after: this.#n, limit: PAGE });
    const newest = rows.at(-1);
    if (!newest) return false;
    const age = now() - newest.t;
    if (age >= 0 && age < settleMs) await this.#pause(settleMs - age);
    if (this.#isOver) return false;
    const held = config.otlpContent ? await heldIn(store, this.#n, rows.length) : undefined;
    const drafts = new Map<string, Draft[]>();
    for (const row of rows) {
      const found = (await this.#tracingFor(row)).take(row, held?.get(row.id));
      if (found.length > 0) drafts.set(row.session, [...(drafts.get(row.session) ?? []), ...found]);
    }
    if (!(await this.#deliver(drafts))) return false;
    await this.#advance(newest.n);
    return true;
  }

  async #advance(n: number): Promise<void> {
    const { store, log } = this.#options;
    this.#n = n;
    const trouble = await store.advance(OTLP, n);
    if (trouble) log.warn({ reason: trouble }, "how far traces are exported could not be kept");
  }

  /** A session's process may be gone, or its user may have broken a turn off: no event says so. */
  #lookAtChanged(): Promise<boolean> {
    return this.#changed.settle(async ([id]) => id !== undefined && this.#lookAt(id), 1);
  }

  /** Exports how the turn of a session ended that no event has ended. Returns false where there is nothing else to look at. */
  async #lookAt(id: string): Promise<boolean> {
    const session = await this.#options.store.session(id);
    const kind = session?.state === "lost" ? "gone" : session?.state === "interrupted" ? "interrupted" : undefined;
    if (!session || !kind) return this.#changed.size > 0;
    const tracing = this.#tracings.get(id) ?? (await this.#readAgain(id, this.#n));
    if (!tracing.isOpen) return this.#changed.size > 0;
    await this.#deliver(new Map([[id, tracing.learn({ kind, t: session.since })]]));
    return true;
  }

  /** The session's spans so far: remembered, or made from the store again. */
  async #tracingFor({ session, n, seq, event }: EventRow): Promise<Tracing> {
    const known = this.#tracings.get(session);
    if (known) {
      this.#tracings.delete(session);
      this.#tracings.set(session, known); // the one that was used last is the last to be forgotten
      return known;
    }
    const isNew = seq === 1 && event === "SessionStart";
    return this.#keep(isNew ? new Tracing(session) : await this.#readAgain(session, n - 1));
  }

  #keep(tracing: Tracing): Tracing {
    this.#tracings.set(tracing.id, tracing);
    const [oldest] = this.#tracings.keys();
    if (this.#tracings.size > MAX_SESSIONS && oldest !== undefined) this.#tracings.delete(oldest);
    return tracing;
  }

  /** What the session did up to a cursor; what ended by then was given out then. */
  async #readAgain(session: string, upTo: number): Promise<Tracing> {
    const tracing = new Tracing(session);
    for (let after = 0; after < upTo && !this.#isOver; ) {
      const rows = await this.#options.store.rows({ session }, { after, limit: PAGE });
      for (const row of rows) if (row.n <= upTo) tracing.take(row);
      if (rows.length < PAGE) break;
      after = rows.at(-1)?.n ?? upTo;
    }
    return tracing;
  }

  /** Sends what has ended. Returns false where that was interrupted. */
  async #deliver(drafts: ReadonlyMap<string, readonly Draft[]>): Promise<boolean> {
    const spans: Span[] = [];
    for (const [session, found] of drafts) spans.push(...(await this.#finished(session, found)));
    for (let at = 0; at < spans.length; at += MAX_SPANS)
      if (!(await this.#send(spans.slice(at, at + MAX_SPANS)))) return false;
    return true;
  }

  async #finished(session: string, drafts: readonly Draft[]): Promise<Span[]> {
    const { store, config, priced } = this.#options;
    if (drafts.length === 0) return [];
    const known = await store.session(session);
    const turns = drafts.some(({ turn }) => turn) ? await priced(session, await store.turns(session)) : [];
    const about: About = {
      project: projectName(known ?? {}),
      host: known?.host ?? "",
      model: known?.tokens?.model ?? known?.model,
    };
    return drafts.map((draft) => finish(draft, about, turnOf(draft, turns), config.otlpContent));
  }

  /** Sends spans until the collector has taken them. Returns false where that was interrupted. */
  async #send(spans: readonly Span[]): Promise<boolean> {
    const { log, firstDelayMs = FIRST_DELAY_MS } = this.#options;
    const body = this.#encoder.encode(spans);
    for (let delay = firstDelayMs; ; delay = Math.min(delay * 2, MAX_DELAY_MS)) {
      const posted = await this.#post(body, this.#encoder.contentType, this.#stop.signal);
      if (this.#isOver && posted.kind !== "taken") return false;
      switch (posted.kind) {
        case "taken":
          this.#took(spans.length, posted.answer);
          return true;
        case "too_large":
        case "refused": {
          if (spans.length === 1) {
            this.#refused += 1;
            log.warn({ cause: "cause" in posted ? posted.cause : "too large" }, "a span was refused for good");
            return true;
          }
          const half = Math.ceil(spans.length / 2);
          return (await this.#send(spans.slice(0, half))) && this.#send(spans.slice(half));
        }
        case "again":
          if (this.#reason?.code !== posted.reason.code)
            log.warn({ reason: posted.reason }, `traces wait: ${textOf(posted.reason)}`);
          this.#reason = posted.reason;
          await this.#pause(posted.afterMs ?? delay * (0.5 + Math.random() / 2));
          if (this.#isOver) return false;
      }
    }
  }

  #took(count: number, answer: Uint8Array): void {
    const { log, now } = this.#options;
    if (this.#reason) log.info("traces are taken again");
    this.#reason = undefined;
    this.#deliveredAt = now();
    let refused = 0;
    try {
      const { spans, message } = this.#encoder.refused(answer);
      refused = Math.min(spans, count);
      if (refused > 0) log.warn({ refused, message }, "the collector refused some of the spans");
    } catch {
      // whatever it says, it has taken them
    }
    this.#refused += refused;
    this.#delivered += count - refused;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => {});
  }
}

function turnOf({ turn }: Draft, turns: readonly Turn[]): Turn | undefined {
  if (!turn) return undefined;
  return (
    turns.find(({ id }) => id !== undefined && id === turn.id) ?? turns.find(({ number }) => number === turn.number)
  );
}
