// Forwarding as long as this machine belongs to a team: begun when it joins, ended when it leaves, by the file that says so.

import type { Config } from "../config/config.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import type { ContentLevel } from "../contract/team.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/port.ts";
import { dropOthers } from "./cursors.ts";
import type { Forwarding } from "./forward.ts";
import { readMembership } from "./membership.ts";

/** How often the file is looked at; who asks for the status has it looked at, too. */
const LOOK_MS = 10_000;

export interface TeamOptions {
  readonly config: Config;
  readonly store: Store;
  readonly log: Log;
  /** What of an event may leave this machine, by what is set now: its user may choose less while events are sent. */
  readonly content: () => ContentLevel;
  /** ms since 1970 */
  readonly now: () => number;
}

export interface TeamForwarding {
  /** Undefined where the machine belongs to no team. */
  status(): Promise<ConsumerStatus | undefined>;
  /** When something was last delivered, by the clock that does not jump; 0 before that. */
  readonly deliveredAt: number;
  close(): Promise<void>;
}

export function followMembership(options: TeamOptions): TeamForwarding {
  const { config, store, log, content } = options;
  let current: { readonly token: string; readonly level: ContentLevel; readonly forwarding: Forwarding } | undefined;
  let trouble: string | undefined;
  let looking: Promise<void> | undefined;
  let hasLooked = false;
  let isClosed = false;

  const look = async (): Promise<void> => {
    const read = readMembership(config.paths);
    const said = read.ok ? undefined : read.reason.code;
    if (!read.ok && said !== trouble) log.error({ reason: read.reason }, "the team's file cannot be trusted");
    trouble = said;
    const membership = read.ok ? read.value : undefined;
    const level = content();
    const isSame = current?.token === membership?.token && (!current || current.level === level);
    if (isSame && hasLooked) return;
    await current?.forwarding.close();
    current = undefined;
    // A file that cannot be trusted now may be the same one in a moment.
    if (read.ok) await dropOthers(store, membership);
    hasLooked = true;
    if (!membership) return;
    const { startForwarding } = await import("./forward.ts"); // most machines belong to no team
    if (isClosed) return;
    const forwarding = startForwarding({ ...options, config: { ...config, teamContent: level }, membership });
    current = { token: membership.token, level, forwarding };
  };
  const lookOnce = (): Promise<void> => {
    looking ??= look()
      .catch((error: unknown) => log.error({ err: error }, "forwarding to the team did not start"))
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const timer = setInterval(() => void lookOnce(), LOOK_MS).unref();
  void lookOnce();
  return {
    async status() {
      await lookOnce();
      return current?.forwarding.status();
    },
    get deliveredAt() {
      return current?.forwarding.deliveredAt ?? 0;
    },
    async close() {
      isClosed = true;
      clearInterval(timer);
      await looking;
      await current?.forwarding.close();
    },
  };
}
