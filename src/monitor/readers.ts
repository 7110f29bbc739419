// What reads the store at its own pace, beside the answers to who asks: transcripts, hosts, retention, import, traces,
// forwarding, alerts. Each closes with `opened`, and says how it is where it goes on from a cursor.

import { platform } from "node:os";
import type { Alerts } from "../alerts/alerts.ts";
import { type Config, loadConfig } from "../config/config.ts";
import type { HookRun } from "../contract/alerts.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import { CHECK_SESSION } from "../contract/forget.ts";
import { lostOf, type RelayStatus } from "../contract/relay-status.ts";
import { startExport } from "../export/start.ts";
import type { Here } from "../hosts/gone.ts";
import { watchHosts } from "../hosts/watch.ts";
import { errorMessage } from "../platform/error.ts";
import { lazily } from "../platform/lazily.ts";
import type { Log } from "../platform/log.ts";
import { bootedAt, pidDomain, thisMachine } from "../platform/machine.ts";
import { isAlive, startTicks } from "../platform/process.ts";
import { openPrices, type Prices } from "../prices/prices.ts";
import type { Store } from "../store/port.ts";
import type { TeamStore } from "../store/team.ts";
import { followMembership } from "../team/start.ts";
import { followTranscripts } from "../transcripts/follow.ts";
import { pricedTurns } from "./cost.ts";
import { type Import, openImport } from "./import.ts";
import { type Measures, measure } from "./measure.ts";
import { type Retention, startRetention } from "./retention.ts";
import { keepStatusline } from "./statusline.ts";

export interface ReadersOptions {
  readonly config: Config;
  readonly log: Log;
  /** For programs that are started: what shows notifications. */
  readonly env: NodeJS.ProcessEnv;
  /** ms since 1970 */
  readonly now: () => number;
  readonly store: Store;
  /** Of a store that others forward to. */
  readonly team: TeamStore | undefined;
  /** What relays say of themselves, by connection. */
  readonly relays: ReadonlyMap<string, RelayStatus>;
  /** Address of the dashboard, once there is one. */
  readonly page: () => string | undefined;
}

export interface Readers {
  readonly prices: Prices;
  readonly retention: Retention;
  readonly imports: Import;
  readonly measures: Measures;
  /** Alerts, started with the first call. */
  alerts(): Promise<Alerts>;
  /** Of all that go on from a cursor. */
  statuses(): Promise<ConsumerStatus[]>;
  /** When something was last passed on, by the clock that does not jump; 0 before that. */
  readonly deliveredAt: number;
}

/** Starts all but alerts, which nothing that listens is to wait for. */
export async function startReaders(options: ReadersOptions, opened: AsyncDisposableStack): Promise<Readers> {
  const { config, store, log, now } = options;
  let hooksRan: (runs: readonly HookRun[]) => void = () => {};
  const transcripts = followTranscripts(config, store, log, now, (runs) => hooksRan(runs));
  opened.defer(() => transcripts.close());
  // Checks whose program was killed before it could clear up.
  if (await store.session(CHECK_SESSION)) await store.forget({ session: CHECK_SESSION });
  opened.defer(watchHosts({ store, here: hereOf(options), log, now }));
  const prices = openPrices(config.prices);
  const exporting = await startExport({
    config,
    store,
    log,
    now,
    priced: (session, turns) => pricedTurns({ store, prices, until: now() }, session, turns),
  });
  opened.defer(async () => exporting?.close());
  const forwarding = forwardingOf(options);
  opened.defer(async () => forwarding?.close());
  const imports = openImport(config, store, log, now);
  opened.defer(() => imports.close());
  const { measures, stop } = measure(store, now);
  opened.defer(stop);
  opened.defer(keepStatusline({ file: config.paths.statusline, store, prices, log, now }));
  const alerts = lazily(async () => {
    const started = await startAlerts(options, prices, opened);
    hooksRan = (runs) => started.hooksRan(runs);
    return started;
  });
  const retention = startRetention(config, store, log, now, {
    team: options.team,
    dropTold: async (before) => (await alerts()).retain(before),
  });
  opened.defer(() => retention.close());
  return {
    prices,
    retention,
    imports,
    measures,
    alerts,
    async statuses() {
      const asked = [exporting?.status(), forwarding?.status(), alerts().then((one) => one.status(), alertsTrouble)];
      return (await Promise.all(asked)).filter((one) => one !== undefined);
    },
    get deliveredAt() {
      return forwarding?.deliveredAt ?? 0;
    },
  };
}

function hereOf({ config, now }: ReadersOptions): Here {
  return {
    ...thisMachine(),
    pidDomain: pidDomain(),
    name: config.hostName,
    bootedAt: bootedAt(now()),
    isAlive,
    startTicks,
  };
}

/** Forwards to the team that this machine has joined; a shared store is where others forward to. */
function forwardingOf({ config, store, team, env, log, now }: ReadersOptions) {
  if (team) return undefined;
  const settings = () => loadConfig({ ...env, MPM_HOME: config.paths.home }, config.userHome);
  return followMembership({ config, store, log, now, content: () => settings().teamContent });
}

/** Starts what tells people; it is loaded once the monitor listens, which nothing is to delay. */
async function startAlerts(
  { config, log, env, now, store, relays, page }: ReadersOptions,
  prices: Prices,
  opened: AsyncDisposableStack,
): Promise<Alerts> {
  const { startAlerts: start } = await import("../alerts/alerts.ts");
  const flow = () => {
    const all = [...relays.values()];
    const oldest = all.flatMap(({ spool }) => spool.oldestAt ?? []);
    return {
      lost: new Map([...relays].map(([name, { counters }]) => [name, lostOf(counters)])),
      pending: all.reduce((sum, { spool }) => sum + spool.pending, 0),
      oldestAt: oldest.length > 0 ? Math.min(...oldest) : undefined,
    };
  };
  const alerts = await start({ config, log, env, now, store, prices, flow, page, platform: platform() });
  if (opened.disposed) await alerts.close();
  else opened.defer(() => alerts.close());
  return alerts;
}

/** What is said of alerts that cannot start, on a full disk for instance: it takes nothing else with it. */
function alertsTrouble(error: unknown): ConsumerStatus {
  const given = errorMessage(error);
  const counts = { n: 0, waiting: 0, missed: 0, delivered: 0, refused: 0 };
  return { name: "alerts", ...counts, trouble: `alerts do not work: ${given}`, reason: { code: "unknown", given } };
}
