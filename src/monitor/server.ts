// The monitor: takes events in over Socket.IO and HTTP, keeps them, shows them.
// - One for a home; it listens on loopback unless told otherwise, and asks for a token.
// - An event is acknowledged after the commit.
// - Started by itself, it ends by itself: after a while without events and without an open page.
// - Each step opens one part and says how it closes; the parts close in reverse, also when a later step cannot be taken.

import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Server as HttpServer } from "node:http";
import type { Config } from "../config/config.ts";
import type { Ack } from "../contract/ack.ts";
import { LIVE_NAMESPACE } from "../contract/live.ts";
import type { ReasonOf, StartReason } from "../contract/reasons.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import { done, failed, type Result } from "../contract/result.ts";
import type { ContentLevel } from "../contract/team.ts";
import { errorMessage } from "../platform/error.ts";
import { lazily } from "../platform/lazily.ts";
import type { Log } from "../platform/log.ts";
import { thisMachine } from "../platform/machine.ts";
import { nameSystemError } from "../platform/system-error.ts";
import { VERSION } from "../platform/version.ts";
import { dropAddress, writeAddress } from "../services/address.ts";
import { takeLock } from "../services/lock.ts";
import { isLoopbackAddress, urlOf } from "../services/target.ts";
import { readOrMakeToken, type TokenTrouble } from "../services/token.ts";
import type { Store } from "../store/port.ts";
import { type Access, openAccess } from "./access.ts";
import { answerAtHome } from "./at-home.ts";
import type { Accept } from "./body.ts";
import { type Ending, endWhenIdle, endWhenMoved } from "./ending.ts";
import { type Entrance, type EntranceOptions, openEntrance } from "./entrance.ts";
import { healthFor, healthReport, type Identity } from "./health.ts";
import { type Ingest, openIngest } from "./ingest.ts";
import { openStore } from "./keep.ts";
import { closeServers, createHttp, listen, portOf } from "./listen.ts";
import { openLive } from "./live.ts";
import type { Entrant, Members } from "./members.ts";
import { paceRelays } from "./pace.ts";
import { openRates } from "./rate.ts";
import { isEnvelope, rawReader } from "./raw.ts";
import { startReaders } from "./readers.ts";
import { limitDevices, senderOf, serveRelays } from "./relays.ts";
import { Refusal } from "./respond.ts";
import { needs } from "./team.ts";
import { openTeamService } from "./team-service.ts";

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
  const started = await open(options, opened, close).catch((error: unknown): Result<Monitor, NoStart> => {
    options.log.error({ err: error }, "the monitor cannot start");
    return failed({ code: "unknown", given: messageOf(error) });
  });
  if (!started.ok) await close();
  return started;
}

async function open(
  options: MonitorOptions,
  opened: AsyncDisposableStack,
  close: () => Promise<void>,
): Promise<Result<Monitor, NoStart>> {
  const { config, log, now, env } = options;
  const ending = Promise.withResolvers<Ending>();
  const instance = randomBytes(16).toString("hex");
  const identity: Identity = { instance, version: VERSION, pid: process.pid, startedAt: now(), host: config.hostName };
  const address: { url?: string } = {};
  const page = () => address.url;

  const allowed = checkOptions(options);
  if (!allowed.ok) return allowed;
  const locked = lockHome(config, log, opened);
  if (!locked.ok) return locked;
  const isHome = endWhenMoved(config, log, ending, opened);
  const kept = await openStore(options, isHome, opened);
  if (!kept.ok) return kept;
  const { store, shared } = kept.value;
  const team = await openTeamService({ store, shared, config, log, url: page, now });
  opened.defer(() => team.close());

  // Who sends.
  const rotated = new EventEmitter();
  const http = createHttp();
  const access = accessOf(options, http, rotated, team.members);
  const rates = openRates(now);
  const entrance = openSockets({ http, access, rates }, rotated, log, opened);
  const { io } = entrance;
  const ingest = takeEvents(store, shared !== undefined, log, ending, opened);
  const relays = new Map<string, RelayStatus>();
  const limitsOf = limitDevices(now);
  serveRelays(io, { access, ingest, statuses: relays, log, now, devices: team.devices, limitsOf });
  team.endWhoIsOut(io, access);
  paceRelays(io);

  // Who reads.
  const readers = await startReaders({ config, log, env, now, store, team: shared?.team, relays, page }, opened);
  const { prices, measures, retention, imports, alerts } = readers;
  const health = healthReport({
    identity,
    config,
    store,
    ingest,
    retention,
    relays,
    clients: () => io.of(LIVE_NAMESPACE).sockets.size,
    team: () => team.team?.name,
    consumers: readers.statuses,
    now,
  });
  const live = openLive(io, {
    access,
    viewOf: (entrant) => (entrant.device ? undefined : team.viewOf(entrant)),
    health: health.full,
    told: healthFor,
    onWatch: async (entrant) => team.audit?.list(entrant, "events"),
    log,
  });
  opened.defer(() => live.close());

  // Who asks.
  const acceptor = acceptorOf(config, ingest, () => team.team?.content, now);
  const mayAppend = ({ device }: Entrant, count: number) => device === undefined || limitsOf(device.id).events(count);
  const { viewOf, signIn } = team;
  const parts = {
    access,
    rates,
    health,
    measures,
    mayAppend,
    imports,
    prices,
    acceptor,
    alerts,
    signIn,
    viewOf,
    store,
    now,
  };
  const answers = lazily(async () => {
    const { openAnswers } = await import("./answers.ts");
    return openAnswers({ ...parts, team: team.handlers(prices), audit: () => team.audit });
  });
  entrance.serve((request, response) => {
    answers().then(
      (answer) => answer(request, response),
      (error: unknown) => {
        log.error({ err: error }, "no request can be answered");
        response.destroy();
      },
    );
  });

  const listening = await listen(http, options);
  if (!listening.ok) return listening;
  const url = urlOf(options.host, listening.value);
  address.url = url;
  opened.defer(() => ingest.flush()); // what came until the last connection was closed
  opened.defer(() => closeServers(entrance, http));
  const { pid, host, startedAt } = identity;
  await answerAtHome(config.paths.monitorSocket, health.full, log, opened);
  writeAddress(config.paths, { url, pid, instance, version: VERSION, startedAt, host, ...thisMachine() });
  opened.defer(() => dropAddress(config.paths, instance));
  alerts().catch((error: unknown) => log.error({ err: error }, "alerts do not work"));
  const busyAt = () => Math.max(ingest.lastAt, readers.deliveredAt);
  if (options.autostarted) endWhenIdle(config, busyAt, live, ending, opened);
  const { events, setAside } = await store.figures();
  log.info({ url, version: VERSION, events }, "monitor started");
  if (setAside) log.error({ file: setAside }, "a store was damaged and set aside; move it away to end this message");
  // Whoever waits for the monitor comes first.
  setImmediate(() => void answers().catch(() => {}));
  return done({ url, over: ending.promise, close });
}

function checkOptions({ config, host, allowRemote }: MonitorOptions): Result<undefined, NoStart> {
  if (!allowRemote && !isLoopbackAddress(host)) return failed({ code: "remote_not_allowed", host });
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

const messageOf = (error: unknown): string => nameSystemError(error) ?? errorMessage(error);

function lockHome({ paths }: Config, log: Log, opened: AsyncDisposableStack): Result<undefined, StartReason> {
  const unlock = takeLock(paths);
  if (!unlock) return failed({ code: "already_running" });
  opened.defer(() => {
    unlock();
    log.info("monitor ended");
  });
  return done(undefined);
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
  isShared: boolean,
  log: Log,
  ending: PromiseWithResolvers<Ending>,
  opened: AsyncDisposableStack,
): Ingest {
  const ingest = openIngest({
    store,
    isShared,
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

/** Takes the items of somebody's POST, each an envelope or what becomes one here. Throws a Refusal where they may not send. */
function acceptorOf(config: Config, ingest: Ingest, content: () => ContentLevel | undefined, now: () => number) {
  const readRaw = rawReader(config, now);
  return (entrant: Entrant): Accept => {
    const sender = senderOf(entrant, content());
    if (entrant.person && !sender) throw new Refusal(403, needs("a machine that has joined"));
    return async (item) => {
      if (isEnvelope(item.value))
        return { ack: await new Promise<Ack>((answer) => ingest.take(item.value, answer, sender)), raw: false };
      const envelope = readRaw(item);
      if (typeof envelope === "string") return { ack: { ok: false, permanent: true, reason: envelope }, raw: true };
      return { ack: await new Promise<Ack>((answer) => ingest.add(envelope, answer, sender)), raw: true };
    };
  };
}
