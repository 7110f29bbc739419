// The relay: takes events from the spool, in order, and keeps each until the server has said that it has it.
// - An event leaves the spool only once the server has committed it, or for rejected/, with a reason.
// - The order of a session is the order of storing: when one event has to wait, nothing overtakes it.
// - One event that cannot be understood, or is refused for good, never holds up those behind it.
// - Memory is bounded by what is in flight, whatever waits in the spool.
// - It ends by itself when idle, and on request within a second, losing nothing.
//
//     waiting --an event--> connecting --connected--> delivering --the connection ends--+
//                             ^    |                                                    |
//                             |    +--no server--> pausing <--nothing was taken---------+
//                             +--time is up, or an event--+                             |
//     waiting <--events were taken------------------------------------------------------+
//     any of them --idle, stopped, drained, unreachable--> ended

import { dirname } from "node:path";
import { type Config, type Paths, pathsOf } from "../config/config.ts";
import type { Envelope } from "../contract/envelope.ts";
import type { ConnectionReason, Reason } from "../contract/reasons.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import type { Result } from "../contract/result.ts";
import { textOf } from "../contract/texts.ts";
import { watchIdentity } from "../platform/directory.ts";
import { Latch } from "../platform/latch.ts";
import type { Log } from "../platform/log.ts";
import { bootedAt, thisMachine } from "../platform/machine.ts";
import { bundle, isAlive, isWriting, startDetached } from "../platform/process.ts";
import { VERSION } from "../platform/version.ts";
import { monitorStarter } from "../services/monitor.ts";
import { appear, disappear, dropClaims, writeStatus } from "../services/presence.ts";
import { liveMonitor, mayAnswer, resolveTarget } from "../services/target.ts";
import { LOOK_MS } from "../spool/arrivals.ts";
import { readBoot } from "../spool/order.ts";
import { openRejected } from "../spool/rejected.ts";
import { Spool } from "../spool/spool.ts";
import { Backoff } from "./backoff.ts";
import type { Connection } from "./connection.ts";
import { deliver } from "./delivery.ts";
import { openHostPids } from "./host-pid.ts";
import { type Limits, openLimits } from "./limits.ts";
import { type Outbound, openOutbound } from "./outbound.ts";
import { openSequence, type Sequence } from "./sequence.ts";
import { StatusReporter } from "./status.ts";
import { connect } from "./uplink.ts";

/** A file event may get lost; the directory is looked at this often all the same. */
const RESCAN_MS = 5000;
/** However many events come, an attempt before its time is made at most this often. */
export const EARLY_EVERY_MS = 1000;
/** A relay that has lived this long is no suspect any more: hooks may start its successor at once. */
const SETTLED_MS = 2000;
/** With a backlog that no server takes the relay stays this many idle periods; the next event starts it again. */
const BACKLOG_IDLE_PERIODS = 6;
/** How long `once` tries to reach a server. */
const ONCE_MS = 10_000;

export interface RelayOptions {
  readonly paths: Paths;
  /**
   * Reads the settings. It is called once, when this relay is announced as the one of its home: who changes them finds it
   * running and ends it, or has changed them before they are read.
   */
  readonly settings: () => RelaySettings;
  /** The environment of what the relay starts. */
  readonly env: NodeJS.ProcessEnv;
  /** Ends the relay when aborted. */
  readonly signal: AbortSignal;
  /** Ends as soon as the spool is empty, or when no server took events for ten seconds. */
  readonly once?: boolean;
}

export interface RelaySettings {
  readonly config: Config;
  readonly log: Log;
  /** What of an event leaves this machine; absent: all of it. */
  readonly leaving?: ((event: Envelope) => Envelope) | undefined;
}

type Why = "idle" | "stopped" | "drained" | "unreachable" | "moved";

export type RelayEnd =
  /** Another relay of this home lives. */
  | { readonly kind: "held" }
  /** `reason`: why the server did not take what is pending. */
  | { readonly kind: "ended"; readonly why: Why; readonly pending: number; readonly reason?: Reason };

type State =
  /** Nothing is in the spool, and there is no connection. */
  | { readonly name: "waiting" }
  | { readonly name: "connecting" }
  /** No server takes events now. */
  | { readonly name: "pausing" }
  | { readonly name: "delivering"; readonly connection: Connection }
  | { readonly name: "ended"; readonly why: Why };

/** Runs the relay of this home to its end. The working directory has to be the home (see presence.ts). */
export async function runRelay(options: RelayOptions): Promise<RelayEnd> {
  const { paths, env } = options;
  const wake = new Latch();
  const isHome = watchIdentity(paths.home);
  const rejected = openRejected(paths.rejected);
  let lastStoredAt = performance.now();
  const spool = new Spool({
    dir: paths.spool,
    rejected,
    boot: readBoot(paths.relayBoot, Date.now()),
    onChange() {
      lastStoredAt = performance.now();
      wake.set();
    },
    isAlive,
    isWriting,
    monotonic: () => performance.now(),
    large: paths.relayLarge,
  });
  // Closed should what follows not come about, as on a full disk: what is watched would keep the process.
  using opening = new DisposableStack();
  opening.defer(() => spool.close());
  const opened = openSequence({ file: paths.relayState, stillThere: (name) => spool.has(name), now: Date.now });
  if (opened.kind === "held") return { kind: "held" };
  const { sequence } = opened;
  opening.defer(() => sequence.close());
  appear(paths, Date.now());
  const settled = { ...options, ...options.settings() };
  const { config, log, leaving } = settled;
  if (opened.setAside)
    log.error({ file: opened.setAside }, "relay.db could not be read and was set aside; sessions count from 1 again");
  const { spoolMaxBytes, rejectedMaxBytes } = config;
  const here = thisMachine();
  const outbound = openOutbound({
    config,
    spool,
    sequence,
    log,
    machine: here.machine,
    leaving,
    hostPids: openHostPids(here.pidns, bootedAt(Date.now()), Date.now),
  });
  const { sessionIn } = outbound;
  const relay = new Relay(settled, {
    wake,
    spool,
    sequence,
    outbound,
    limits: openLimits({ spool, rejected, sequence, sessionIn, log, spoolMaxBytes, rejectedMaxBytes }),
    status: new StatusReporter({
      identity: {
        pid: process.pid,
        version: VERSION,
        program: dirname(bundle("relay.js")),
        host: config.hostName,
        ...here,
        startedAt: Date.now(),
      },
      sequence,
      measure: () => spool.measure(),
      ...(leaving ? { told: numbersOf } : {}),
      write: (status) => void (isHome() && writeStatus(paths, status)),
      now: Date.now,
      monotonic: () => performance.now(),
    }),
    lastStoredAt: () => lastStoredAt,
    isHome,
  });

  opening.move();
  log.info({ version: VERSION }, "relay started");
  const { why, reason } = await relay.run();
  if (why === "moved") return leave(paths, relay, log);
  const before = spool.measure().pending;
  disappear(paths); // before the last look: what a hook stored while it saw this relay is seen by that
  const { pending } = spool.measure();
  relay.close();
  log.info({ why, pending, counters: sequence.counters }, "relay ended");
  if (why === "idle" && pending > before) startDetached(bundle("relay.js"), [], env);
  return { kind: "ended", why, pending, ...(reason ? { reason } : {}) };
}

/** What a team is told: neither machine, nor process, nor path. */
const numbersOf = ({ version, startedAt, updatedAt, connected, counters, spool }: RelayStatus): RelayStatus => ({
  ...{ version, startedAt, updatedAt, connected, counters, spool },
  ...{ pid: 0, host: "", url: "" },
});

/** Ends a relay whose home was moved away: what is at its path now is another's. Its working directory moved with it. */
function leave({ home }: Paths, relay: Relay, log: Log): RelayEnd {
  disappear(pathsOf("."));
  relay.close();
  log.warn({ home }, "the home was moved or replaced: relay ended, the next hook starts one where the home is");
  return { kind: "ended", why: "moved", pending: 0, reason: { code: "moved", home } };
}

interface Parts {
  readonly wake: Latch;
  readonly spool: Spool;
  readonly sequence: Sequence;
  readonly outbound: Outbound;
  readonly limits: Limits;
  readonly status: StatusReporter;
  /** When something was stored last, by the clock that does not jump. */
  readonly lastStoredAt: () => number;
  /** Whether the home is where it was. */
  readonly isHome: () => boolean;
}

class Relay {
  readonly #options: RelayOptions & RelaySettings;
  readonly #parts: Parts;
  readonly #stop = new AbortController();
  readonly #backoff: Backoff;
  readonly #startMonitor: ReturnType<typeof monitorStarter>;
  readonly #timers: NodeJS.Timeout[] = [];
  /** How many attempts have failed since a server took events, and when the last one ended. */
  #failures = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** The monitor of this home at the last attempt. */
  #seen: string | undefined;
  #rejectedBefore = 0;

  constructor(options: RelayOptions & RelaySettings, parts: Parts) {
    this.#options = options;
    this.#parts = parts;
    this.#backoff = new Backoff(parts.wake.set);
    this.#startMonitor = monitorStarter(options.config, options.env, options.log);
  }

  async run(): Promise<{ readonly why: Why; readonly reason?: Reason }> {
    const { config, signal, once = false } = this.#options;
    this.#stop.signal.addEventListener("abort", this.#parts.wake.set);
    signal.addEventListener("abort", this.#onSignal);
    if (signal.aborted) this.#onSignal();
    this.#timers.push(
      setInterval(() => this.#lookAround(), Math.min(RESCAN_MS, config.relayIdleMs)),
      setTimeout(() => this.#parts.isHome() && dropClaims(config.paths), SETTLED_MS),
    );
    if (once) this.#timers.push(setTimeout(() => this.#parts.status.isConnected || this.#end("unreachable"), ONCE_MS));
    this.#parts.limits.applyToRejected();
    this.#parts.limits.applyToSpool(this.#parts.status.sizes());

    let state: State = { name: "waiting" };
    while (state.name !== "ended") state = await this.#next(state);
    const { reason } = this.#parts.status;
    return { why: state.why, ...(reason ? { reason } : {}) };
  }

  close(): void {
    const { status, spool, sequence } = this.#parts;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.signal.removeEventListener("abort", this.#onSignal);
    status.end();
    spool.close();
    sequence.close();
  }

  /** Does what a state is for; the answer is the state after it. */
  async #next(state: State): Promise<State> {
    if (this.#stop.signal.aborted) return { name: "ended", why: this.#stop.signal.reason };
    switch (state.name) {
      case "waiting":
        return this.#awaitEvents();
      case "connecting":
        return this.#connect();
      case "pausing":
        return this.#pause();
      case "delivering":
        return this.#deliver(state.connection);
      case "ended":
        return state;
    }
  }

  async #awaitEvents(): Promise<State> {
    const { spool, wake } = this.#parts;
    while (!this.#stop.signal.aborted) {
      if (spool.any()) return { name: "connecting" };
      if (this.#options.once && !spool.unfinished) this.#end("drained");
      else await wake.wait();
    }
    return { name: "waiting" };
  }

  /**
   * Makes one attempt, and starts the monitor of this home where it should listen and does not. Why that does not start is
   * then why nothing is sent.
   */
  async #connect(): Promise<State> {
    const { status, spool } = this.#parts;
    // Where nobody is there for sure, the monitor starts beside the first attempt, which loads what the next one needs.
    const early = (await this.#isAlone()) ? this.#startMonitor(this.#stop.signal) : undefined;
    let reached = await this.#reach();
    if (!reached.ok && reached.mayStart) {
      const started = await (early ?? this.#startMonitor(this.#stop.signal));
      if (started?.ok) reached = await this.#reach();
      else if (started) return this.#failed(started.reason);
    }
    if (!reached.ok) return this.#failed(reached.reason);
    status.connectedBy(reached.value);
    status.watched(true); // until told otherwise
    reached.value.onPace((gatherMs) => {
      spool.gather(gatherMs);
      status.watched(gatherMs <= LOOK_MS);
    });
    this.#options.log.info({ url: reached.value.url }, "connected");
    return { name: "delivering", connection: reached.value };
  }

  /** Whether no monitor of this home runs, and no other program has its port. */
  async #isAlone(): Promise<boolean> {
    const { config } = this.#options;
    if (liveMonitor(config)) return false;
    const target = resolveTarget(config);
    return target.ok && target.value.local && !(await mayAnswer(target.value.url));
  }

  async #reach(): Promise<Result<Connection, ConnectionReason> & { readonly mayStart?: boolean }> {
    this.#seen = liveMonitor(this.#options.config)?.instance;
    const target = resolveTarget(this.#options.config);
    if (!target.ok) return target;
    const connected = await connect(target.value, this.#stop.signal);
    const mayStart = !connected.ok && target.value.local && connected.reason.code === "nothing_listens";
    return { ...connected, mayStart };
  }

  async #deliver(connection: Connection): Promise<State> {
    const { spool, outbound, sequence, wake, status } = this.#parts;
    const { log, once } = this.#options;
    const { delivered, refused, reason } = await deliver(connection, {
      spool,
      outbound,
      sequence,
      log,
      wake,
      stop: this.#stop.signal,
      onDrained: () => {
        status.counted();
        if (once && !spool.unfinished) this.#end("drained");
      },
    });
    spool.gather(LOOK_MS);
    log.info({ url: connection.url, delivered, reason, refused }, "disconnected");
    if (delivered === 0 || refused) return this.#failed(refused ?? reason);
    status.disconnected(reason);
    this.#failures = 0;
    this.#backoff.succeeded();
    return { name: "waiting" };
  }

  #failed(reason: Reason): State {
    const waitedMs = this.#failures === 0 ? 0 : Math.round(performance.now() - this.#failedAt);
    this.#failures++;
    this.#failedAt = performance.now();
    this.#backoff.failed();
    this.#parts.status.disconnected(reason, Date.now() + this.#backoff.longestMs);
    if (!this.#stop.signal.aborted)
      this.#options.log[this.#failures === 1 ? "warn" : "debug"](
        { reason, attempts: this.#failures, waitedMs },
        `no server takes events now, they wait in the spool: ${textOf(reason)}`,
      );
    return { name: "pausing" };
  }

  /**
   * Waits until an attempt is due. What is stored meanwhile, and a monitor of this home that appears, make it due before
   * its time, at most every EARLY_EVERY_MS.
   */
  async #pause(): Promise<State> {
    const { wake, lastStoredAt } = this.#parts;
    while (!this.#stop.signal.aborted) {
      if (this.#backoff.due) return { name: "connecting" };
      const isEarly = lastStoredAt() > this.#failedAt || this.#seen !== liveMonitor(this.#options.config)?.instance;
      const earlyInMs = isEarly ? this.#failedAt + EARLY_EVERY_MS - performance.now() : Number.POSITIVE_INFINITY;
      if (earlyInMs <= 0) return { name: "connecting" };
      await wake.wait(earlyInMs);
    }
    return { name: "pausing" };
  }

  /** What is done by the clock: a fresh look at the directory, the limits, and the end for want of events. */
  #lookAround(): void {
    const { spool, wake, status, limits, sequence, lastStoredAt } = this.#parts;
    const { relayIdleMs } = this.#options.config;
    if (!this.#parts.isHome()) {
      this.#end("moved");
      return;
    }
    spool.refresh();
    wake.set();
    const sizes = status.sizes();
    limits.applyToSpool(sizes);
    if (sequence.counters.rejected !== this.#rejectedBefore) {
      this.#rejectedBefore = sequence.counters.rejected;
      limits.applyToRejected();
      status.changed();
    }
    const patienceMs = relayIdleMs * (sizes.pending > 0 ? BACKLOG_IDLE_PERIODS : 1);
    if (performance.now() - lastStoredAt() >= patienceMs) this.#end("idle");
  }

  readonly #onSignal = (): void => this.#end("stopped");

  #end(why: Why): void {
    this.#stop.abort(why);
  }
}
