// /live: rows as they are committed, in order, none missed; sessions and health as they change.
// - Those who see the same share a feed (feed.ts): in a team each member has one, all who see everything have another.

import type { Namespace, Server } from "socket.io";
import type { FullHealth, SeenHealth } from "../contract/health.ts";
import { LIVE_NAMESPACE, Subscribe, type Subscribed } from "../contract/live.ts";
import type { Log } from "../platform/log.ts";
import type { Access } from "./access.ts";
import { Feed, patiently, type Quietly, type View } from "./feed.ts";
import type { Entrant } from "./members.ts";

const HEALTH_EVERY_MS = 2000;

export interface Live {
  /** Clients that are connected: open pages and tails. */
  readonly clients: number;
  close(): void;
}

export interface LiveParts {
  readonly access: Access;
  /** What who has entered sees; undefined: nothing. */
  readonly viewOf: (entrant: Entrant) => View | undefined;
  readonly health: () => Promise<FullHealth>;
  /** What of it somebody is told. */
  readonly told: (entrant: Entrant, health: FullHealth) => SeenHealth;
  /** Called when somebody begins to look. */
  readonly onWatch: (entrant: Entrant) => Promise<void>;
  readonly log: Log;
}

/** Serves the namespace. */
export function openLive(io: Server, { access, viewOf, health, told, onWatch, log }: LiveParts): Live {
  const live: Namespace = io.of(LIVE_NAMESPACE);
  const feeds = new Map<string, { readonly feed: Feed; clients: number }>();
  const quietly: Quietly = (work) =>
    void work.catch((error: unknown) => log.warn({ err: error }, "pages could not be told what is new"));

  /** Kept until as many have let go of it. */
  const takeFeed = (view: View): Feed => {
    const shared = feeds.get(view.name) ?? { feed: new Feed(live, view, quietly), clients: 0 };
    shared.clients++;
    feeds.set(view.name, shared);
    return shared.feed;
  };
  const letGo = ({ name }: View): void => {
    const shared = feeds.get(name);
    if (!shared || --shared.clients > 0) return;
    shared.feed.close();
    feeds.delete(name);
  };

  /** Ticks while somebody listens. */
  let healthTimer: NodeJS.Timeout | undefined;
  const sayHealth = async (): Promise<void> => {
    if (live.sockets.size === 0) {
      clearInterval(healthTimer);
      healthTimer = undefined;
      return;
    }
    const full = await health();
    for (const socket of live.sockets.values()) {
      const entrant = access.entrantOf(socket.request);
      if (entrant) socket.emit("health", told(entrant, full));
    }
  };

  live.use(async (socket, next) => {
    const entrant = await access.letConnect(socket);
    const link = "unauthorized: `mpm monitor open` gives a link that lets a browser in";
    next(entrant && viewOf(entrant) ? undefined : new Error(link));
  });
  live.on("connection", (socket) => {
    const entrant = access.entrantOf(socket.request);
    const view = entrant && viewOf(entrant);
    if (!entrant || !view) return void socket.disconnect(true);
    healthTimer ??= setInterval(() => quietly(sayHealth()), HEALTH_EVERY_MS).unref();
    const feed = takeFeed(view);
    socket.on("disconnect", () => {
      letGo(view);
    });
    /** Written down once, and before anything is shown. */
    let noted: Promise<unknown> | undefined;
    socket.on("subscribe", (given: unknown, answer: unknown) => {
      const wish = Subscribe.safeParse(given ?? {});
      const after = wish.success ? wish.data.after : undefined;
      noted ??= patiently(socket, () => onWatch(entrant));
      const tell = (told: Subscribed) => typeof answer === "function" && answer(told);
      quietly(noted.then(() => feed.subscribe(socket, after, tell)));
    });
  });
  return {
    get clients() {
      return live.sockets.size;
    },
    close() {
      clearInterval(healthTimer);
      for (const { feed } of feeds.values()) feed.close();
      feeds.clear();
    },
  };
}
