// The live feed of the monitor, for who reads along in a terminal.
// - It comes back after every break, wherever the monitor listens then: each attempt finds it, and proves itself, anew.
// - Rows come once, in order; what was stored during a break comes after it.

import { io as connect, type Socket } from "socket.io-client";
import * as z from "zod/mini";
import type { Config } from "../config/config.ts";
import { LIVE_NAMESPACE, LiveRows, LiveSessions, Subscribed } from "../contract/live.ts";
import type { ConnectionReason } from "../contract/reasons.ts";
import type { EventRow } from "../contract/row.ts";
import { credentials, reasonOf } from "./handshake.ts";
import { resolveTarget } from "./target.ts";

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5000;

export interface LiveListener {
  /** Subscribed, again after each break. */
  readonly onLive?: () => void;
  /** Once for a break, with why no connection came about, or undefined where one has ended. */
  readonly onLost?: (reason: ConnectionReason | undefined) => void;
  /** New rows, and the cursor behind which they are. */
  readonly onRows?: (rows: readonly EventRow[], after: number) => void;
  readonly onSessions?: (changed: LiveSessions) => void;
}

export interface LiveOptions extends LiveListener {
  /** What the client calls itself. */
  readonly client: string;
  /** The cursor to begin behind; undefined: from now on. */
  readonly after?: number | undefined;
}

/** Follows the feed until it is closed. */
export function followLive(config: Config, { client, after, ...heard }: LiveOptions): { close(): void } {
  let last = after;
  let delay = FIRST_DELAY_MS;
  let lost: ConnectionReason["code"] | "ended" | undefined;
  let socket: Socket | undefined;
  let timer: NodeJS.Timeout | undefined;

  const again = (reason: ConnectionReason | undefined): void => {
    socket?.removeAllListeners();
    socket?.close();
    socket = undefined;
    const code = reason?.code ?? "ended";
    if (lost !== code) heard.onLost?.(reason);
    lost = code;
    timer = setTimeout(attempt, delay);
    delay = Math.min(2 * delay, MAX_DELAY_MS);
  };
  const attempt = (): void => {
    const target = resolveTarget(config);
    if (!target.ok) {
      again(target.reason);
      return;
    }
    const { url } = target.value;
    socket = connect(url + LIVE_NAMESPACE, {
      ...credentials(target.value, client),
      transports: ["websocket"],
      reconnection: false,
      forceNew: true,
    });
    socket.on("connect", () => {
      socket?.emit("subscribe", last === undefined ? {} : { after: last }, (answer: unknown) => {
        const subscribed = z.safeParse(Subscribed, answer);
        if (subscribed.success) last = subscribed.data.anew ? 0 : (last ?? subscribed.data.n);
        delay = FIRST_DELAY_MS;
        lost = undefined;
        heard.onLive?.();
      });
    });
    socket.on("rows", (message: unknown) => {
      const read = z.safeParse(LiveRows, message);
      const rows = read.success ? read.data.rows.filter(({ n }) => last === undefined || n > last) : [];
      const newest = rows.at(-1)?.n;
      if (newest === undefined) return;
      const from = last ?? (rows[0]?.n ?? 1) - 1;
      last = newest;
      heard.onRows?.(rows, from);
    });
    socket.on("sessions", (message: unknown) => {
      const read = z.safeParse(LiveSessions, message);
      if (read.success) heard.onSessions?.(read.data);
    });
    socket.on("connect_error", (error) => again(reasonOf(error, url)));
    socket.on("disconnect", () => again(undefined));
  };
  attempt();
  return {
    close() {
      clearTimeout(timer);
      socket?.removeAllListeners();
      socket?.close();
    },
  };
}
