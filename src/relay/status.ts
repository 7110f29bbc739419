// What the relay says of itself: to relay.json and, over the connection, to the bundled monitor; at most once a second.

import type { Config } from "../config/config.ts";
import type { RelayStatus } from "../contract/relay-status.ts";
import { VERSION } from "../platform/version.ts";
import { writeStatus } from "../services/presence.ts";
import type { Spool } from "../spool/spool.ts";
import type { Numbering } from "./numbering.ts";
import type { Uplink } from "./uplink.ts";

const EVERY_MS = 1000;
/** Measuring the spool may take this share of the time, however large it is. */
const MEASURE_SHARE = 0.02;

export interface Reporter {
  /** The address that events go to. */
  aim(url: string): void;
  up(uplink: Uplink): void;
  /** Not connected, and why. */
  down(trouble: string): void;
  readonly connected: boolean;
  readonly trouble: string | undefined;
  /** Sizes of the spool; as old as measuring it often enough would cost too much. */
  measured(): { readonly pending: number; readonly bytes: number; readonly oldestAt: number | null };
  /** Something is different: say so soon. */
  changed(): void;
  /** Says the last words. */
  end(): void;
}

export function reporter(config: Config, spool: Spool, numbering: Numbering): Reporter {
  const startedAt = Date.now();
  let url = "";
  let uplink: Uplink | undefined;
  let trouble: string | undefined;
  let sizes = spool.measure();
  let nextMeasure = 0;
  let timer: NodeJS.Timeout | undefined;
  let lastSaid = Number.NEGATIVE_INFINITY;

  const measured = () => {
    const before = performance.now();
    if (before >= nextMeasure) {
      sizes = spool.measure();
      const after = performance.now();
      nextMeasure = after + Math.max(EVERY_MS / 2, (after - before) / MEASURE_SHARE);
    }
    return sizes;
  };
  const say = (endedAt?: number) => {
    clearTimeout(timer);
    timer = undefined;
    lastSaid = performance.now();
    numbering.save();
    const status: RelayStatus = {
      pid: process.pid,
      version: VERSION,
      host: config.hostName,
      startedAt,
      updatedAt: Date.now(),
      url,
      connected: uplink?.connected ?? false,
      ...(trouble === undefined ? {} : { trouble }),
      ...(endedAt === undefined ? {} : { endedAt }),
      counters: { ...numbering.counters },
      spool: measured(),
    };
    writeStatus(config.paths, status);
    uplink?.report(status);
  };
  const changed = () => {
    timer ??= setTimeout(say, Math.max(0, lastSaid + EVERY_MS - performance.now()));
    timer.unref();
  };

  return {
    aim(to) {
      url = to;
    },
    up(link) {
      uplink = link;
      trouble = undefined;
      changed();
    },
    down(why) {
      uplink = undefined;
      trouble = why;
      changed();
    },
    get connected() {
      return uplink?.connected ?? false;
    },
    get trouble() {
      return trouble;
    },
    measured,
    changed,
    end() {
      nextMeasure = 0;
      say(Date.now());
    },
  };
}
