// The relay: takes events from the spool, in order, and keeps each until the server has said that it has it.
// - An event leaves the spool only once the server has committed it, or for rejected/, with a reason.
// - The order of a session is the order of storing: when one event has to wait, nothing overtakes it.
// - One event that cannot be understood, or is refused for good, never holds up those behind it.
// - Memory is bounded by what is in flight, whatever waits in the spool.
// - It ends by itself when idle, and on request within a second, losing nothing.

import type { Config } from "../config/config.ts";
import type { Log } from "../platform/log.ts";
import { isAlive, isWriting, startDetached } from "../platform/process.ts";
import { VERSION } from "../platform/version.ts";
import { monitorStarter } from "../services/monitor.ts";
import { appear, disappear, dropClaims } from "../services/presence.ts";
import { resolveTarget } from "../services/target.ts";
import { readBoot } from "../spool/order.ts";
import { openSpool } from "../spool/spool.ts";
import { persist } from "./backoff.ts";
import { limitRejected, limitSpool } from "./limits.ts";
import { openNumbering } from "./numbering.ts";
import { packer } from "./parcel.ts";
import { forward } from "./session.ts";
import { reporter } from "./status.ts";
import { connect, NOBODY_THERE, type Uplink } from "./uplink.ts";

/** A file event may get lost; the directory is looked at this often all the same. */
const RESCAN_MS = 5000;
/** How often an entry that is still being written is looked at. */
const UNFINISHED_MS = 250;
/** A relay that has lived this long is no suspect any more: hooks may start its successor at once. */
const SETTLED_MS = 2000;
/** With a backlog and no server the relay stays this many idle periods; the next event starts it again. */
const BACKLOG_IDLE_PERIODS = 6;
/** How long `once` tries to reach a server. */
const ONCE_MS = 10_000;

export interface RelayOptions {
  readonly config: Config;
  readonly log: Log;
  /** The environment of what the relay starts. */
  readonly env: NodeJS.ProcessEnv;
  /** Ends the relay when aborted. */
  readonly signal: AbortSignal;
  /** Ends as soon as the spool is empty, or when no server took events for ten seconds. */
  readonly once?: boolean;
}

type Why = "idle" | "stopped" | "drained" | "unreachable";

export type RelayEnd =
  /** Another relay of this home lives. */
  | { readonly kind: "taken" }
  | { readonly kind: "ended"; readonly why: Why; readonly pending: number; readonly trouble?: string };

/** Runs the relay of this home to its end. The working directory has to be the home (see presence.ts). */
export async function runRelay({ config, log, env, signal, once = false }: RelayOptions): Promise<RelayEnd> {
  const { paths } = config;
  let lastEvent = performance.now();
  const arrivals = listeners();
  const onChange = () => {
    lastEvent = performance.now();
    arrivals.call();
  };
  const spool = openSpool({
    paths,
    boot: readBoot(paths.relayBoot, Date.now()),
    onChange,
    isAlive,
    isWriting,
    monotonic: () => performance.now(),
  });
  const opened = openNumbering(paths.relayState, spool.has, Date.now);
  if (opened.kind === "taken") {
    spool.close();
    return { kind: "taken" };
  }
  const { numbering } = opened;
  if (opened.setAside)
    log.error({ file: opened.setAside }, "relay.db could not be read and was set aside; sessions count from 1 again");

  const quit = new AbortController();
  const end = (why: Why) => quit.abort(why);
  const stop = () => end("stopped");
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();

  const status = reporter(config, spool, numbering);
  const limits = { config, numbering, log };
  let limited: ReturnType<typeof status.measured> | undefined;
  const limit = () => {
    const sizes = status.measured();
    if (sizes === limited) return; // what was dropped since is not in these sizes: it would be dropped twice
    limited = sizes;
    limitSpool(spool, sizes.bytes, limits);
  };
  let { rejected } = numbering.counters;
  const lookAround = () => {
    spool.refresh();
    arrivals.call();
    const { pending } = status.measured();
    limit();
    if (numbering.counters.rejected !== rejected) {
      rejected = numbering.counters.rejected;
      limitRejected(limits);
      status.changed();
    }
    const patience = config.relayIdleMs * (pending > 0 && !status.connected ? BACKLOG_IDLE_PERIODS : 1);
    if (performance.now() - lastEvent >= patience) end("idle");
  };
  /** Armed by what is stored and by every look around; nothing ticks while nothing is being written. */
  let unfinished: NodeJS.Timeout | undefined;
  const watchUnfinished = () => {
    unfinished ??= setTimeout(() => {
      unfinished = undefined;
      if (!spool.unfinished) return;
      watchUnfinished();
      spool.refresh();
      arrivals.call();
    }, UNFINISHED_MS);
  };
  const unwatch = arrivals.add(watchUnfinished);
  watchUnfinished();
  const timers = [
    setInterval(lookAround, Math.min(RESCAN_MS, config.relayIdleMs)),
    setTimeout(() => dropClaims(paths), SETTLED_MS),
  ];
  if (once) timers.push(setTimeout(() => !status.connected && end("unreachable"), ONCE_MS));

  appear(paths, Date.now());
  log.info({ version: VERSION }, "relay started");
  limitRejected(limits);
  limit();

  const work = {
    spool,
    numbering,
    pack: packer({ config, spool, numbering, log }),
    log,
    signal: quit.signal,
    onWake: arrivals.add,
    onDrained() {
      status.changed();
      if (once && !spool.unfinished) end("drained");
    },
  };
  const startMonitor = monitorStarter(config, env, log);
  const attempt = async (): Promise<string | undefined> => {
    const reached = await reach(config, quit.signal, startMonitor);
    if (typeof reached === "string") return reached;
    const { uplink, url } = reached;
    status.aim(url);
    status.up(uplink);
    log.info({ url }, "connected");
    const { delivered, reason, refused } = await forward(uplink, work);
    log.info({ url, delivered, reason }, "disconnected");
    status.down(reason);
    return delivered > 0 && !refused ? undefined : reason;
  };
  const onFailure = (reason: string, attempts: number, waitedMs: number) => {
    log[attempts === 1 ? "warn" : "debug"](
      { reason, attempts, waitedMs },
      "no server takes events now; they wait in the spool",
    );
    status.down(reason);
  };

  while (!quit.signal.aborted) {
    if (spool.any()) await persist(attempt, { signal: quit.signal, onWake: arrivals.add, onFailure });
    else if (once && !spool.unfinished) end("drained");
    else await arrivals.next(quit.signal);
  }

  unwatch();
  for (const timer of [...timers, unfinished]) clearTimeout(timer);
  signal.removeEventListener("abort", stop);
  const why = quit.signal.reason as Why;
  const before = spool.measure().pending;
  disappear(paths); // first absent, then the last look: what a hook stored while it saw us is seen
  const { pending } = spool.measure();
  status.end();
  spool.close();
  numbering.close();
  log.info({ why, pending, counters: numbering.counters }, "relay ended");
  if (why === "idle" && pending > before) startDetached("relay.js", [], env);
  return { kind: "ended", why, pending, ...(status.trouble ? { trouble: status.trouble } : {}) };
}

/** One attempt to reach the server, starting the monitor of this home where it should listen and does not. */
async function reach(
  config: Config,
  signal: AbortSignal,
  startMonitor: (signal: AbortSignal) => Promise<boolean>,
): Promise<{ uplink: Uplink; url: string } | string> {
  for (let second = false; ; second = true) {
    const target = resolveTarget(config);
    if (typeof target === "string") return target;
    const uplink = await connect({ url: target.url, token: target.token, version: VERSION }, signal);
    if (typeof uplink !== "string") return { uplink, url: target.url };
    if (second || !target.local || uplink !== NOBODY_THERE || !(await startMonitor(signal))) return uplink;
  }
}

interface Listeners {
  call(): void;
  /** @returns its own undo */
  add(listener: () => void): () => void;
  /** Resolves at the next call, or when the signal is aborted. */
  next(signal: AbortSignal): Promise<void>;
}

function listeners(): Listeners {
  const all = new Set<() => void>();
  const add = (listener: () => void) => {
    all.add(listener);
    return () => void all.delete(listener);
  };
  return {
    call() {
      for (const listener of [...all]) listener();
    },
    add,
    next: (signal) =>
      new Promise((resolve) => {
        const done = () => {
          remove();
          signal.removeEventListener("abort", done);
          resolve();
        };
        const remove = add(done);
        signal.addEventListener("abort", done, { once: true });
      }),
  };
}
