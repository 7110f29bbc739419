// The monitor: takes events in over Socket.IO and HTTP, keeps them, shows them.
// - One for a home; it listens on loopback unless told otherwise, and asks for a token.
// - An event is acknowledged after the commit.
// - Started by itself, it ends by itself: after a while without events and without an open page.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import type { Config } from "../config/config.ts";
import { type Ack, SERVICE } from "../contract/ack.ts";
import { LIVE_NAMESPACE } from "../contract/live.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import type { EventRow } from "../contract/row.ts";
import type { Log } from "../platform/log.ts";
import { isAlive } from "../platform/process.ts";
import { VERSION } from "../platform/version.ts";
import { dropAddress, takeLock, writeAddress } from "../services/address.ts";
import { isLoopback } from "../services/target.ts";
import { readOrMakeToken } from "../services/token.ts";
import { openCounting } from "../store/counting.ts";
import { isCorrupt, lastSetAside, openDatabase, setDatabaseAside } from "../store/schema.ts";
import { openStore } from "../store/store.ts";
import { timelineOf } from "../store/timeline.ts";
import { followTranscripts } from "../transcripts/follow.ts";
import { openAccess } from "./access.ts";
import { requestHandler } from "./http.ts";
import { openIngest } from "./ingest.ts";
import { type Live, openLive } from "./live.ts";
import { exposition } from "./metrics.ts";
import { readPages } from "./page.ts";
import { isEnvelope, rawReader } from "./raw.ts";
import { serveRelays } from "./relays.ts";
import { startRetention } from "./retention.ts";

/** Larger than an envelope may be; Socket.IO's default of 1 MB with room for escapes. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;
const LOST_EVERY_MS = 30_000;

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
  readonly now: () => number;
}

export interface Monitor {
  readonly url: string;
  /** Resolves when it has to be closed for its own reasons: nothing to do, or a damaged store. */
  readonly over: Promise<"idle" | "damaged">;
  close(): Promise<void>;
}

/** @returns the running monitor, or in words why it does not run */
export async function startMonitor({
  config,
  log,
  host,
  port,
  allowRemote,
  autostarted,
  now,
}: MonitorOptions): Promise<Monitor | string> {
  const { paths } = config;
  const token = () => config.serverToken ?? readOrMakeToken(paths);
  if (!allowRemote && !isLoopback(host.includes(":") ? `[${host}]` : host))
    return `${host} lets other machines connect, and the token travels in clear; --allow-remote or monitor.allowRemote says that this is meant`;
  try {
    token();
  } catch (error) {
    return (error as Error).message;
  }
  const unlock = takeLock(paths);
  if (!unlock) return "another monitor of this home runs already";

  const instance = randomBytes(16).toString("hex");
  const startedAt = now();
  const store = openDatabase(paths.store, (db) => openStore(db, now), startedAt);
  const setAside = lastSetAside(paths.store);
  if (setAside) log.error({ file: setAside }, "a store was damaged and set aside; move it away to end this message");

  const http = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 });
  let bound = port;
  const nobodys = randomBytes(32).toString("hex");
  const access = openAccess({
    token() {
      try {
        return token();
      } catch (error) {
        log.error({ err: error }, "the token cannot be trusted: nobody is let in");
        return nobodys;
      }
    },
    port: () => bound,
    host,
    hostName: config.hostName,
    now,
    onRotated() {
      log.info("the token is a new one: all connections are closed, and come back with it");
      setImmediate(() => {
        for (const name of ["/", LIVE_NAMESPACE]) io.of(name).disconnectSockets(true);
      });
    },
  });
  const relays = new Map<string, RelayStatus>();
  let live: Live | undefined;
  let trouble: string | undefined;
  let damaged = false;
  const ending = Promise.withResolvers<"idle" | "damaged">();
  const transcripts = followTranscripts(config, store, log, () => live?.publish([]));
  const ingest = openIngest({
    store,
    log,
    onRows(rows: readonly EventRow[]) {
      trouble = undefined;
      live?.publish(rows);
      transcripts.noticed(rows);
    },
    onTrouble(error) {
      trouble = error.message;
      if (!isCorrupt(error) || damaged) return;
      damaged = true;
      log.error({ err: error }, "the store is damaged: the monitor ends, and the next one begins another");
      ending.resolve("damaged");
    },
  });
  const retention = startRetention(config, store, log, now);
  const health = (full: boolean): Record<string, unknown> => ({
    status: "healthy",
    service: SERVICE,
    version: VERSION,
    pid: process.pid,
    instance,
    ...(full
      ? {
          startedAt,
          now: now(),
          host: config.hostName,
          events: store.events,
          newest: store.newest,
          waiting: ingest.waiting,
          counters: ingest.counters,
          gaps: store.gaps(),
          bytes: store.bytes(),
          removed: retention.removed,
          retentionMs: config.monitorRetentionMs,
          maxBytes: config.monitorMaxBytes,
          clients: live?.clients ?? 0,
          relays: [...relays.values()],
          ...(trouble === undefined ? {} : { trouble }),
          ...(setAside ? { setAside } : {}),
        }
      : {}),
  });
  const counting = openCounting({ file: paths.store, prices: config.prices });
  const readRaw = rawReader(config, now);
  http.on(
    "request",
    requestHandler({
      access,
      pages: readPages(),
      health,
      metrics: () =>
        exposition({
          version: VERSION,
          ingest: ingest.counters,
          events: store.events,
          gaps: store.gaps(),
          bytes: store.bytes(),
          clients: live?.clients ?? 0,
          relays: [...relays.values()],
        }),
      rows: store.rows,
      envelopes: store.envelopes,
      envelope: store.envelope,
      sessions: store.sessions,
      session: store.session,
      timeline: (id) => timelineOf(store.db, id),
      stats: counting.of,
      async accept(item) {
        if (isEnvelope(item))
          return { ack: await new Promise<Ack>((resolve) => ingest.take(item, resolve)), raw: false };
        const envelope = readRaw(item);
        if (typeof envelope === "string") return { ack: { ok: false, permanent: true, reason: envelope }, raw: true };
        return { ack: await new Promise<Ack>((resolve) => ingest.add(envelope, resolve)), raw: true };
      },
      now,
    }),
  );

  const io = new Server(http, {
    serveClient: false,
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    allowRequest: (request, decide) =>
      decide(null, access.hostAllowed(request.headers) && access.originAllowed(request.headers)),
  });
  serveRelays(io, access, ingest, relays);
  live = openLive(io, store, access, () => health(true));

  const listening = await listen(http, host, port);
  if (typeof listening === "string") {
    live.close();
    retention.close();
    await transcripts.close();
    await counting.close();
    store.close();
    unlock();
    return listening;
  }
  bound = listening.port;
  const url = `http://${host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host}:${bound}`;
  writeAddress(paths, { url, pid: process.pid, instance, version: VERSION, startedAt });
  log.info({ url, version: VERSION, events: store.events }, "monitor started");

  const lost = setInterval(() => {
    try {
      store.findLost(config.hostName, (pid) => !isAlive(pid));
      live?.publish([]);
    } catch (error) {
      log.warn({ err: error }, "sessions could not be looked through");
    }
  }, LOST_EVERY_MS);
  lost.unref();

  let ended: Promise<void> | undefined;
  const close = (): Promise<void> => {
    ended ??= (async () => {
      clearInterval(lost);
      clearInterval(idleTimer);
      dropAddress(paths, instance);
      ingest.flush();
      live?.close();
      retention.close();
      await transcripts.close();
      await counting.close();
      io.disconnectSockets(true);
      http.closeAllConnections();
      await io.close();
      ingest.flush();
      try {
        store.close();
      } catch (error) {
        log.warn({ err: error }, "the store could not be closed");
      }
      if (damaged) log.error({ file: setDatabaseAside(paths.store, now()) }, "the damaged store was set aside");
      unlock();
      log.info("monitor ended");
    })();
    return ended;
  };
  let idleTimer: NodeJS.Timeout | undefined;
  if (autostarted) {
    let busyAt = performance.now();
    idleTimer = setInterval(
      () => {
        if ((live?.clients ?? 0) > 0) busyAt = performance.now();
        if (performance.now() - Math.max(busyAt, ingest.lastAt) >= config.monitorIdleMs) ending.resolve("idle");
      },
      Math.min(config.monitorIdleMs / 4, 30_000),
    );
  }
  return { url, over: ending.promise, close };
}

async function listen(
  http: ReturnType<typeof createServer>,
  host: string,
  port: number,
): Promise<AddressInfo | string> {
  http.listen(port, host);
  try {
    await once(http, "listening");
    return http.address() as AddressInfo;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") return `port ${port} is taken by another program`;
    if (code === "EACCES") return `port ${port} may not be used by this user`;
    return message;
  }
}
