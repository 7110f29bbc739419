// The monitor: takes events in over Socket.IO and HTTP, keeps them, shows them.
// - One for a home; it listens on loopback unless told otherwise, and asks for a token.
// - An event is acknowledged after the commit.
// - Started by itself, it ends by itself: after a while without events and without an open page.
// - Each step opens one part and says how it closes; the parts close in reverse, also when a later step cannot be taken.

import { randomBytes } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import { platform } from "node:os";
import type { Alerts } from "../alerts/alerts.ts";
import { type Config, loadConfig } from "../config/config.ts";
import type { Ack } from "../contract/ack.ts";
import type { HookRun } from "../contract/alerts.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import { CHECK_SESSION } from "../contract/forget.ts";
import { LIVE_NAMESPACE } from "../contract/live.ts";
import type { ReasonOf, StartReason } from "../contract/reasons.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import { done, failed, type Result } from "../contract/result.ts";
import type { ContentLevel } from "../contract/team.ts";
import { textOf } from "../contract/texts.ts";
import type { ReadJson } from "../event/json.ts";
import { startExport } from "../export/start.ts";
import type { Here } from "../hosts/gone.ts";
import { watchHosts } from "../hosts/watch.ts";
import { watchIdentity } from "../platform/directory.ts";
import type { Log } from "../platform/log.ts";
import { bootedAt, pidDomain, thisMachine } from "../platform/machine.ts";
import { isAlive, startTicks } from "../platform/process.ts";
import { VERSION } from "../platform/version.ts";
import { openPrices, type Prices } from "../prices/prices.ts";
import { dropAddress, takeLock, writeAddress } from "../services/address.ts";
import { isLoopback } from "../services/target.ts";
import { readOrMakeToken, type TokenTrouble } from "../services/token.ts";
import type { Store } from "../store/port.ts";
import type { PostgresStore } from "../store/postgres/store.ts";
import { openSqlite } from "../store/sqlite/store.ts";
import { followMembership } from "../team/start.ts";
import { followTranscripts } from "../transcripts/follow.ts";
import { type Access, openAccess } from "./access.ts";
import { type ApiParts, apiHandlers } from "./api.ts";
import { type Entrance, type EntranceOptions, openEntrance } from "./entrance.ts";
import type { Handlers } from "./handlers.ts";
import { healthFor, healthReport, type Identity } from "./health.ts";
import { requestHandler } from "./http.ts";
import { openImport } from "./import.ts";
import { type Ingest, openIngest } from "./ingest.ts";
import { type Live, openLive, type View } from "./live.ts";
import { measure } from "./measure.ts";
import type { Entrant, Members } from "./members.ts";
import { exposition } from "./metrics.ts";
import { momentary } from "./momentary.ts";
import { paceRelays } from "./pace.ts";
import { readPages } from "./page.ts";
import { openRates } from "./rate.ts";
import { isEnvelope, rawReader } from "./raw.ts";
import { senderOf, serveRelays } from "./relays.ts";
import { Refusal } from "./respond.ts";
import { startRetention } from "./retention.ts";
import { keepStatusline } from "./statusline.ts";
import { needs } from "./team.ts";
import { openTeamService } from "./team-service.ts";
import { refuseUnreadable } from "./unreadable.ts";

const REQUEST_MS = 30_000;
const HEADERS_MS = 10_000;
/** Every program on a port of 127.0.0.1 adds to the cookies that a browser sends to all of them. */
const MAX_HEADER_BYTES = 128 * 1024;
/** How often connections are looked at that are too slow. */
const SLOW_LOOK_MS = 1000;
const IDLE_LOOK_MS = 30_000;
const HOME_LOOK_MS = 5000;

export interface MonitorOptions {
  readonly config: Config;
  readonly log: Log;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The user's word that other machines may connect. */
  readonly allowRemote: boolean;
  /** Ends when idle. */
  readonly autostarted: boolean;
  /** For programs that it starts: what shows notifications. */
  readonly env: NodeJS.ProcessEnv;
  /** ms since 1970 */
  readonly now: () => number;
}

/** Why a monitor ends by itself: nothing to do, a damaged store, or a home that is no longer where it was. */
export type Ending = "idle" | "damaged" | "moved";

/** Why a monitor does not run; `unknown` where no code has been given to it yet. */
export type NoStart = StartReason | TokenTrouble | ReasonOf<"unknown">;

export interface Monitor {
  readonly url: string;
  /** Resolves when it has to be closed for its own reasons. */
  readonly over: Promise<Ending>;
  close(): Promise<void>;
}

/** Starts the monitor of a home; the reason says why it does not run. */
export async function startMonitor(options: MonitorOptions): Promise<Result<Monitor, NoStart>> {
  const opened = new AsyncDisposableStack();
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= opened.disposeAsync();
    return closing;
  };
  const started = await open(options, opened, close);
  if (!started.ok) await close();
  return started;
}

async function open(
  options: MonitorOptions,
  opened: AsyncDisposableStack,
  close: () => Promise<void>,
): Promise<Result<Monitor, NoStart>> {
  const { config, log, now } = options;
  const ending = Promise.withResolvers<Ending>();
  const instance = randomBytes(16).toString("hex");
  const identity: Identity = { instance, version: VERSION, pid: process.pid, startedAt: now(), host: config.hostName };

  const allowed = checkOptions(options);
  if (!allowed.ok) return allowed;
  const locked = lockHome(config, log, opened);
  if (!locked.ok) return locked;
  const isHome = endWhenMoved(config, log, ending, opened);
  const kept = await openStore(options, isHome, opened);
  if (!kept.ok) return kept;
  const { store, shared } = kept.value;
  const team = await openTeamService({ store, shared, log, now });
  opened.defer(() => team.close());

  const rotated = new EventEmitter();
  const http = createServer({
    requestTimeout: REQUEST_MS,
    headersTimeout: HEADERS_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    connectionsCheckingInterval: SLOW_LOOK_MS,
  });
  http.on("clientError", refuseUnreadable);
  const access = accessOf(options, http, rotated, team.members);
  const rates = openRates(now);
  const entrance = openSockets({ http, access, rates }, rotated, log, opened);
  const ingest = takeEvents(store, log, ending, opened);
  const { io } = entrance;
  const relays = new Map<string, RelayStatus>();
  serveRelays(io, { access, ingest, statuses: relays, log, now, devices: team.devices });
  team.endWhoIsOut(io, access);
  paceRelays(io);
  const here: Here = {
    ...thisMachine(),
    pidDomain: pidDomain(),
    name: config.hostName,
    bootedAt: bootedAt(now()),
    isAlive,
    startTicks,
  };
  let hooksRan: (runs: readonly HookRun[]) => void = () => {};
  const transcripts = followTranscripts(config, store, log, now, (runs) => hooksRan(runs));
  opened.defer(() => transcripts.close());
  // Checks whose program was killed before it could clear up.
  if (await store.session(CHECK_SESSION)) await store.forget({ session: CHECK_SESSION });
  const retention = startRetention(config, store, log, now);
  opened.defer(() => retention.close());
  opened.defer(watchHosts({ store, here, log, now }));

  const clients = () => io.of(LIVE_NAMESPACE).sockets.size;
  /** Each part that reads the store at its own pace says here how it is, where it runs. */
  const consumers: (() => Promise<ConsumerStatus | undefined>)[] = [];
  const report = healthReport({
    identity,
    config,
    store,
    ingest,
    retention,
    relays,
    clients,
    team: () => team.team?.name,
    consumers: async () => (await Promise.all(consumers.map((status) => status()))).filter((one) => one !== undefined),
    now,
  });
  await exportTraces(options, store, consumers, opened);
  const settings = () => loadConfig({ ...options.env, MPM_HOME: config.paths.home }, config.userHome);
  // A shared store is where others forward to.
  const forwarding = shared
    ? undefined
    : followMembership({ config, store, log, now, content: () => settings().teamContent });
  if (forwarding) {
    opened.defer(() => forwarding.close());
    consumers.push(() => forwarding.status());
  }
  const live = openLive(io, {
    access,
    viewOf: (entrant) => (entrant.device ? undefined : team.viewOf(entrant)),
    health: report.full,
    told: healthFor,
    onWatch: async (entrant) => team.audit?.list(entrant, "events"),
    log,
  });
  opened.defer(() => live.close());
  const accept = acceptor(config, ingest, () => team.team?.content, now);
  const imports = openImport(config, store, log, now);
  opened.defer(() => imports.close());
  const prices = openPrices(config.prices);
  const { measures, stop } = measure(store, now);
  opened.defer(stop);
  const metrics = async (entrant: Entrant) => {
    await team.audit?.list(entrant, "metrics");
    return exposition({
      version: VERSION,
      health: await report.full(),
      measures,
      momentary: await momentary(store, prices, now()),
    });
  };
  const address: { url?: string } = {};
  const alerts = lazily(() => watchAlerts(options, { store, prices, relays, page: () => address.url }, opened));
  consumers.push(() => alerts().then((started) => started.status(), alertsTrouble));
  opened.defer(keepStatusline({ file: config.paths.statusline, store, prices, log, now }));
  const shown = { access, imports, prices, accept, alerts, team: team.handlers(prices, () => address.url), now };
  const handlersFor = perView(
    team.viewOf,
    ({ store }): ApiParts => ({ ...shown, store, health: report, audit: () => team.audit }),
  );
  entrance.serve(
    requestHandler({ access, rates, pages: readPages(), health: report, metrics, handlersFor, signIn: team.signIn }),
  );

  const listening = await listen(http, options);
  if (!listening.ok) return listening;
  const url = urlOf(options.host, listening.value);
  opened.defer(() => ingest.flush()); // what came until the last connection was closed
  opened.defer(() => closeServers(entrance, http));
  address.url = url;
  alerts().then(
    (started) => {
      hooksRan = (runs) => started.hooksRan(runs);
    },
    (error: unknown) => log.error({ err: error }, "alerts do not work"),
  );
  const { pid, host, startedAt } = identity;
  writeAddress(config.paths, { url, pid, instance, version: VERSION, startedAt, host, ...thisMachine() });
  opened.defer(() => dropAddress(config.paths, instance));
  const busyAt = () => Math.max(ingest.lastAt, forwarding?.deliveredAt ?? 0);
  if (options.autostarted) endWhenIdle(config, busyAt, live, ending, opened);
  const { events, setAside } = await store.figures();
  log.info({ url, version: VERSION, events }, "monitor started");
  if (setAside) log.error({ file: setAside }, "a store was damaged and set aside; move it away to end this message");
  return done({ url, over: ending.promise, close });
}

function checkOptions({ config, host, allowRemote }: MonitorOptions): Result<undefined, NoStart> {
  if (!allowRemote && !isLoopback(host.includes(":") ? `[${host}]` : host))
    return failed({ code: "remote_not_allowed", host });
  const token = tokenOf(config);
  return token.ok ? done(undefined) : token;
}

function tokenOf({ serverToken, paths }: Config): Result<string, NoStart> {
  if (serverToken !== undefined) return done(serverToken);
  try {
    return readOrMakeToken(paths);
  } catch (error) {
    return failed({ code: "unknown", given: messageOf(error) });
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function lockHome({ paths }: Config, log: Log, opened: AsyncDisposableStack): Result<undefined, StartReason> {
  const unlock = takeLock(paths);
  if (!unlock) return failed({ code: "already_running" });
  opened.defer(() => {
    unlock();
    log.info("monitor ended");
  });
  return done(undefined);
}

/** The database that is shared, where one is named, else the file of this home. */
async function openAdapter({ config, now }: MonitorOptions) {
  const pricing = openPrices(config.prices);
  const url = config.monitorStore;
  if (url === undefined) {
    const opened = openSqlite({ file: config.paths.store, now, pricing });
    return opened.ok ? done({ store: opened.value }) : opened;
  }
  const { openPostgres } = await import("../store/postgres/store.ts"); // its client is loaded by who needs it
  const opened = await openPostgres({ url, now, pricing });
  return opened.ok ? done({ store: opened.value, shared: opened.value }) : opened;
}

interface Kept {
  readonly store: Store;
  /** The same, where several people may share it. */
  readonly shared?: PostgresStore;
}

async function openStore(
  options: MonitorOptions,
  isHome: () => boolean,
  opened: AsyncDisposableStack,
): Promise<Result<Kept, StartReason>> {
  const { config, log } = options;
  const kept = await openAdapter(options);
  if (!kept.ok)
    return kept.reason.code === "store_newer"
      ? failed(kept.reason)
      : failed({ code: "store_unavailable", cause: textOf(kept.reason) });
  const { store } = kept.value;
  opened.defer(async () => {
    // Closing removes files by their paths: after a move they may be another monitor's.
    if (config.monitorStore === undefined && !isHome() && existsSync(config.paths.store)) return;
    try {
      const { setAside } = await store.close();
      if (setAside) log.error({ file: setAside }, "the damaged store was set aside");
    } catch (error) {
      log.warn({ err: error }, "the store could not be closed");
    }
  });
  return kept;
}

/** The handlers of what somebody sees, made once for all who see the same. */
function perView(
  viewOf: (entrant: Entrant) => View,
  partsOf: (view: View) => ApiParts,
): (entrant: Entrant) => Handlers {
  const made = new Map<string, Handlers>();
  return (entrant) => {
    const view = viewOf(entrant);
    let handlers = made.get(view.name);
    if (!handlers) {
      handlers = apiHandlers(partsOf(view));
      made.set(view.name, handlers);
    }
    return handlers;
  };
}

function accessOf(
  { config, log, host, now }: MonitorOptions,
  http: HttpServer,
  rotated: EventEmitter,
  members: Members | undefined,
): Access {
  const nobodys = randomBytes(32).toString("hex");
  return openAccess({
    token() {
      const token = tokenOf(config);
      if (token.ok) return token.value;
      log.error({ reason: token.reason }, "the token cannot be trusted: nobody is let in");
      return nobodys;
    },
    port: () => portOf(http),
    host,
    hostName: config.hostName,
    now,
    onRotated: () => void rotated.emit("rotated"),
    members,
  });
}

function openSockets(
  options: EntranceOptions,
  rotated: EventEmitter,
  log: Log,
  opened: AsyncDisposableStack,
): Entrance {
  const entrance = openEntrance(options);
  const { io } = entrance;
  const disconnect = () => {
    log.info("the token is a new one: all connections are closed, and come back with it");
    setImmediate(() => {
      for (const name of ["/", LIVE_NAMESPACE]) io.of(name).disconnectSockets(true);
    });
  };
  rotated.on("rotated", disconnect);
  opened.defer(() => void rotated.off("rotated", disconnect));
  return entrance;
}

function takeEvents(
  store: Store,
  log: Log,
  ending: PromiseWithResolvers<Ending>,
  opened: AsyncDisposableStack,
): Ingest {
  const ingest = openIngest({
    store,
    log,
    onTrouble(trouble) {
      if (trouble.code !== "store_damaged") return;
      log.error({ reason: trouble }, "the store is damaged: the monitor ends, and the next one begins another");
      ending.resolve("damaged");
    },
  });
  opened.defer(() => ingest.flush());
  return ingest;
}

/** Takes one item of a POST: an envelope, or what becomes one here. */
function acceptor(config: Config, ingest: Ingest, content: () => ContentLevel | undefined, now: () => number) {
  const readRaw = rawReader(config, now);
  return async (item: ReadJson, entrant: Entrant): Promise<{ readonly ack: Ack; readonly raw: boolean }> => {
    const sender = senderOf(entrant, content());
    if (entrant.person && !sender) throw new Refusal(403, needs("a machine that has joined"));
    if (isEnvelope(item.value))
      return { ack: await new Promise<Ack>((answer) => ingest.take(item.value, answer, sender)), raw: false };
    const envelope = readRaw(item);
    if (typeof envelope === "string") return { ack: { ok: false, permanent: true, reason: envelope }, raw: true };
    return { ack: await new Promise<Ack>((answer) => ingest.add(envelope, answer, sender)), raw: true };
  };
}

/** Exports turns where that is asked for. */
async function exportTraces(
  { config, log, now }: MonitorOptions,
  store: Store,
  consumers: (() => Promise<ConsumerStatus | undefined>)[],
  opened: AsyncDisposableStack,
): Promise<void> {
  const started = await startExport({ config, store, log, now });
  if (!started) return;
  opened.defer(() => started.close());
  consumers.push(() => started.status());
}

async function listen(http: HttpServer, { host, port }: MonitorOptions): Promise<Result<number, StartReason>> {
  http.listen(port, host);
  try {
    await once(http, "listening");
    return done(portOf(http));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE") return failed({ code: "port_taken", port });
    if (code === "EACCES") return failed({ code: "port_forbidden", port });
    return failed({ code: "listen_failed", cause: messageOf(error) });
  }
}

/** 0 while it does not listen. */
function portOf(http: HttpServer): number {
  const address = http.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function urlOf(host: string, port: number): string {
  const name = host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host;
  return `http://${name}:${port}`;
}

async function closeServers(entrance: Entrance, http: HttpServer): Promise<void> {
  const { io } = entrance;
  io.disconnectSockets(true);
  const closed = new Promise((resolve) => http.close(resolve));
  http.closeAllConnections();
  entrance.close();
  await io.close();
  await closed;
}

/** Ends the monitor when its home was moved away; the answer tells whether the home is where it was. */
function endWhenMoved(
  { paths }: Config,
  log: Log,
  ending: PromiseWithResolvers<Ending>,
  opened: AsyncDisposableStack,
): () => boolean {
  const isHome = watchIdentity(paths.home);
  const timer = setInterval(() => {
    if (isHome()) return;
    log.warn({ home: paths.home }, "the home was moved or replaced: the monitor ends");
    ending.resolve("moved");
  }, HOME_LOOK_MS);
  timer.unref();
  opened.defer(() => clearInterval(timer));
  return isHome;
}

function endWhenIdle(
  config: Config,
  /** When something was last taken in or passed on, by the clock that does not jump. */
  lastAt: () => number,
  live: Live,
  ending: PromiseWithResolvers<Ending>,
  opened: AsyncDisposableStack,
): void {
  let busyAt = performance.now();
  const look = () => {
    if (live.clients > 0) busyAt = performance.now();
    if (performance.now() - Math.max(busyAt, lastAt()) >= config.monitorIdleMs) ending.resolve("idle");
  };
  const timer = setInterval(look, Math.min(config.monitorIdleMs / 4, IDLE_LOOK_MS));
  opened.defer(() => clearInterval(timer));
}

interface AlertParts {
  readonly store: Store;
  readonly prices: Prices;
  readonly relays: ReadonlyMap<string, RelayStatus>;
  readonly page: () => string | undefined;
}

/** Starts what tells people; it is loaded once the monitor listens, which nothing is to delay. */
async function watchAlerts(
  { config, log, env, now }: MonitorOptions,
  { relays, ...parts }: AlertParts,
  opened: AsyncDisposableStack,
): Promise<Alerts> {
  const { startAlerts } = await import("../alerts/alerts.ts");
  const flow = () => {
    const all = [...relays.values()];
    const oldest = all.flatMap(({ spool }) => spool.oldestAt ?? []);
    return {
      lost: all.reduce((sum, { counters }) => sum + counters.dropped + counters.rejected + counters.discarded, 0),
      pending: all.reduce((sum, { spool }) => sum + spool.pending, 0),
      oldestAt: oldest.length > 0 ? Math.min(...oldest) : undefined,
    };
  };
  const alerts = await startAlerts({ config, log, env, now, flow, platform: platform(), ...parts });
  if (opened.disposed) await alerts.close();
  else opened.defer(() => alerts.close());
  return alerts;
}

/** What is said of alerts that cannot start, on a full disk for instance: it takes nothing else with it. */
function alertsTrouble(error: unknown): ConsumerStatus {
  const trouble = `alerts do not work: ${messageOf(error)}`;
  const counts = { n: 0, waiting: 0, missed: 0, delivered: 0, refused: 0 };
  return { name: "alerts", ...counts, trouble, reason: { code: "unknown", given: messageOf(error) } };
}

/** The work, done when it is first asked for, and once; one that failed is tried again when it is asked for again. */
function lazily<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work().catch((error: unknown) => {
      done = undefined;
      throw error;
    });
    return done;
  };
}
