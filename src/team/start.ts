// Forwarding as long as this machine belongs to a team: begun when it joins, ended when it leaves, by the file that says so.

import type { Config } from "../config/config.ts";
import type { ConsumerStatus } from "../contract/consumer.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/port.ts";
import type { Forwarding } from "./forward.ts";
import { readMembership } from "./membership.ts";

/** How often the file is looked at; who asks for the status has it looked at, too. */
const LOOK_MS = 10_000;
const TEAM = "team";

export interface TeamOptions {
  readonly config: Config;
  readonly store: Store;
  readonly log: Log;
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
  const { config, store, log } = options;
  let current: { readonly token: string; readonly forwarding: Forwarding } | undefined;
  let trouble: string | undefined;
  let looking: Promise<void> | undefined;
  let isClosed = false;

  const look = async (): Promise<void> => {
    const read = readMembership(config.paths);
    const said = read.ok ? undefined : read.reason.code;
    if (!read.ok && said !== trouble) log.error({ reason: read.reason }, "the team's file cannot be trusted");
    trouble = said;
    const membership = read.ok ? read.value : undefined;
    if (current?.token === membership?.token) return;
    const hadOne = current !== undefined;
    await current?.forwarding.close();
    current = undefined;
    // Another membership begins anew. A file that cannot be trusted now may be the same one in a moment.
    if (hadOne && read.ok) for (const name of [TEAM, `${TEAM} facts`]) await store.dismiss(name);
    if (!membership) return;
    const { startForwarding } = await import("./forward.ts"); // most machines belong to no team
    if (!isClosed) current = { token: membership.token, forwarding: startForwarding({ ...options, membership }) };
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
