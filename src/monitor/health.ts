// What the monitor says of itself: the few words that anyone is told, and all of it for who has the token.

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import type { FullHealth, Health, SeenHealth } from "../contract/health.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import { textOf } from "../contract/texts.ts";
import { SERVICE } from "../contract/words.ts";
import { errorMessage } from "../platform/error.ts";
import type { Figures, Store, StoreTrouble } from "../store/port.ts";
import type { Ingest } from "./ingest.ts";
import type { Entrant } from "./members.ts";
import type { Retention } from "./retention.ts";

/** Which monitor it is. */
export interface Identity {
  /** Random. */
  readonly instance: string;
  readonly version: string;
  readonly pid: number;
  /** ms since 1970 */
  readonly startedAt: number;
  /** The machine's name. */
  readonly host: string;
}

export interface Report {
  brief(): Health;
  full(): Promise<FullHealth>;
}

export interface Reported {
  readonly identity: Identity;
  readonly config: Config;
  readonly store: Store;
  readonly ingest: Ingest;
  readonly retention: Retention;
  readonly relays: ReadonlyMap<string, RelayStatus>;
  /** Open pages and tails. */
  readonly clients: () => number;
  /** The name of the team whose monitor it is; undefined where it is nobody's. */
  readonly team?: () => string | undefined;
  /** How each consumer of the store is. */
  readonly consumers?: () => Promise<readonly ConsumerStatus[]>;
  readonly now: () => number;
}

const teamNamed = (name: string | undefined) => (name === undefined ? {} : { team: { name } });

export function healthReport({
  identity,
  config,
  store,
  ingest,
  retention,
  relays,
  clients,
  consumers,
  team,
  now,
}: Reported): Report {
  const { version, pid, instance, startedAt, host } = identity;
  const brief = () => ({ status: "healthy", service: SERVICE, version, pid, instance }) as const;
  let figures: Figures = { events: 0, newest: 0, gaps: 0, bytes: 0 };
  /** Why the store does not answer; the figures are then those of before. */
  const look = async (): Promise<StoreTrouble | undefined> => {
    try {
      figures = await store.figures();
      return undefined;
    } catch (error) {
      return { code: "store_unavailable", cause: errorMessage(error) };
    }
  };
  return {
    brief,
    async full() {
      const silent = await look();
      const trouble = silent ?? ingest.trouble;
      return {
        ...brief(),
        startedAt,
        now: now(),
        host,
        ...figures,
        waiting: ingest.waiting,
        counters: ingest.counters,
        removed: retention.removed,
        retentionMs: config.monitorRetentionMs,
        maxBytes: config.monitorMaxBytes,
        registered: existsSync(join(config.paths.app, "registered")),
        ...teamNamed(team?.()),
        clients: clients(),
        relays: [...relays.values()],
        consumers: silent ? [] : [...((await consumers?.()) ?? [])],
        ...(trouble ? { trouble: textOf(trouble), reason: trouble } : {}),
      };
    },
  };
}

/** What of it somebody is told: machines and exports are an admin's matter, and of everybody's events a member knows nothing. */
export function healthFor({ role, person }: Entrant, health: FullHealth): SeenHealth {
  if (!person || role === "admin") return health;
  const { consumers: _, ...seen } = { ...health, relays: [] };
  if (role === "viewer") return seen;
  const { events, newest, waiting, counters, gaps, bytes, removed, clients, reason, trouble, setAside, ...own } = seen;
  return trouble === undefined ? own : { ...own, trouble: "the team's store does not take events now" };
}
