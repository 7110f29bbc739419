// /live: rows as they are committed, in order, none missed; sessions and health as they change.
// - A client that subscribes with the last `n` it has is given all that came since, then what comes.
// - It joins the others once it has all that they were given: what is committed meanwhile it reads from the store.
// - A client is sent no more than it takes: one that reads slowly is given what it lacks from the store, page by page.
// - A cursor beyond all that is stored is of a store that was set aside: that client is told so, and given all.
// - Those who see the same share a feed: in a team each member has one, all who see everything have another.

import { setTimeout as sleep } from "node:timers/promises";
import type { Namespace, Server, Socket } from "socket.io";
import { CHECK_SESSION } from "../contract/forget.ts";
import type { FullHealth, SeenHealth } from "../contract/health.ts";
import { LIVE_NAMESPACE, Subscribe, type Subscribed } from "../contract/live.ts";
import type { EventRow } from "../contract/row.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/port.ts";
import type { Access } from "./access.ts";
import type { Entrant } from "./members.ts";

const PAGE = 500;
const SESSIONS_EVERY_MS = 250;
/** A store that did not answer is asked again after so long. */
const AGAIN_MS = 500;
const HEALTH_EVERY_MS = 2000;
/** Sessions said at once. */
const MAX_SESSIONS = 1000;
/** Messages in a row before which a client had not taken the last one: then it reads slowly. */
const SLOW_AFTER = 32;

const isShown = ({ session }: EventRow): boolean => session !== CHECK_SESSION;

export interface Live {
  /** Clients that are connected: open pages and tails. */
  readonly clients: number;
  close(): void;
}

/** What somebody sees: the part of the store that they may, which others may share. */
export interface View {
  /** The same for those who see the same. */
  readonly name: string;
  readonly store: Store;
  /** A cursor from which they miss nothing, and that tells them of nothing else: it counts no events of others. */
  newest(): Promise<number>;
}

/** The view of who sees all that is stored. */
export const wholeView = (store: Store): View => ({
  name: "all",
  store,
  newest: async () => (await store.figures()).newest,
});

/** The view of who sees their own: up to the newest row of their latest session. */
export const ownView = (name: string, store: Store): View => ({
  name,
  store,
  async newest() {
    const { sessions } = await store.sessions({ limit: 1 });
    const [latest] = sessions;
    const [row] = latest ? await store.rows({ session: latest.id }, { limit: 1 }) : [];
    return row?.n ?? 0;
  },
});

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
    const shared = feeds.get(view.name) ?? { feed: openFeed(live, view, quietly), clients: 0 };
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

/** Tries until the store answers, which may be away for a while; undefined where the client did not stay so long. */
async function patiently<T>(socket: Socket, work: () => Promise<T>): Promise<T | undefined> {
  while (socket.connected)
    try {
      return await work();
    } catch {
      await sleep(AGAIN_MS);
    }
  return undefined;
}

/** Waits until what was sent has left this process, or the client has. */
async function taken({ conn }: Socket): Promise<void> {
  while (conn.readyState === "open" && !conn.transport.writable)
    await new Promise<void>((resolve) => {
      const { transport } = conn;
      const go = (): void => {
        transport.off("ready", go);
        for (const event of ["close", "upgrade"]) conn.off(event, go);
        resolve();
      };
      transport.on("ready", go);
      for (const event of ["close", "upgrade"]) conn.on(event, go);
    });
}

type Quietly = (work: Promise<void>) => void;

interface Feed {
  /** Gives a client all that came after a row, then what comes; `answer` is told from where it may go on. */
  subscribe(socket: Socket, after: number | undefined, answer: (told: Subscribed) => void): Promise<void>;
  close(): void;
}

function openFeed(live: Namespace, view: View, quietly: Quietly): Feed {
  const { store } = view;
  const room = `feed ${view.name}`;
  /** Hears of sessions: from the beginning on, also while it still reads rows. */
  const lobby = `sessions ${view.name}`;
  /** The newest row that the room was given. */
  let said = 0;
  /** Clients that have read further than the room was told: rows that another process has committed. */
  const ahead = new Map<Socket, number>();
  /** Of who is in the room: before how many messages in a row it had not taken the last one. */
  const untaken = new Map<Socket, number>();
  const changed = new Set<string>();
  let sessionsTimer: NodeJS.Timeout | undefined;

  const catchUp = async (socket: Socket, from: number): Promise<void> => {
    for (let after = from; socket.connected; ) {
      await taken(socket);
      const before = said;
      const cursor = after;
      const rows = await patiently(socket, () => store.rows({}, { after: cursor, limit: PAGE }));
      if (rows === undefined) return;
      if (rows.length > 0) socket.emit("rows", { rows: rows.filter(isShown) });
      after = rows.at(-1)?.n ?? after;
      // What the room was given before the look was stored by then; if it was given more meanwhile, that is read, too.
      if (rows.length < PAGE && said === before) {
        if (after > said) ahead.set(socket, after);
        untaken.set(socket, 0);
        return void socket.join(room);
      }
    }
  };
  /** Takes those who read slowly out of the room until they have read what it was told so far. */
  const spareSlow = (): void => {
    for (const [socket, times] of untaken) {
      const missed = socket.conn.transport.writable ? 0 : times + 1;
      untaken.set(socket, missed);
      if (missed < SLOW_AFTER && socket.connected) continue;
      untaken.delete(socket);
      if (!socket.connected) continue;
      void socket.leave(room);
      const from = Math.max(said, ahead.get(socket) ?? 0);
      ahead.delete(socket);
      quietly(catchUp(socket, from));
    }
  };
  const sayRows = (rows: readonly EventRow[]): void => {
    live
      .to(room)
      .except([...ahead.keys()].map(({ id }) => id))
      .emit("rows", { rows });
    for (const [socket, n] of ahead) {
      const news = rows.filter((row) => row.n > n);
      if (news.length > 0) socket.emit("rows", { rows: news });
      if (n <= said || !socket.connected) ahead.delete(socket);
    }
  };
  const saySessions = async (): Promise<void> => {
    sessionsTimer = undefined;
    const ids = [...changed];
    changed.clear();
    for (let at = 0; at < ids.length; at += MAX_SESSIONS) {
      const some = ids.slice(at, at + MAX_SESSIONS);
      const { sessions } = await store.sessions({ ids: some, limit: MAX_SESSIONS });
      const there = new Set(sessions.map(({ id }) => id));
      const gone = some.filter((id) => !there.has(id));
      live.to(lobby).emit("sessions", { sessions, ...(gone.length > 0 ? { gone } : {}) });
    }
  };
  const stop = store.subscribe(({ rows, sessions }) => {
    spareSlow();
    said = rows.at(-1)?.n ?? said;
    const shown = rows.filter(isShown);
    if (shown.length > 0) sayRows(shown);
    for (const id of sessions) if (id !== CHECK_SESSION) changed.add(id);
    sessionsTimer ??= setTimeout(() => quietly(saySessions()), SESSIONS_EVERY_MS).unref();
  });
  return {
    async subscribe(socket, after, answer) {
      const newest = await patiently(socket, async () => (await store.figures()).newest);
      const n = await patiently(socket, view.newest);
      if (newest === undefined || n === undefined) return;
      const isAnew = after !== undefined && after > newest;
      answer({ n, ...(isAnew ? { anew: true } : {}) });
      await socket.join(lobby);
      await catchUp(socket, isAnew ? 0 : (after ?? newest));
    },
    close() {
      stop();
      clearTimeout(sessionsTimer);
    },
  };
}
