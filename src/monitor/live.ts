// /live: rows as they are committed, in order, none missed; sessions and health as they change.
// - A client that subscribes with the last `n` it has is given all that came since, then what comes.
// - It joins the others once it has all that they were given: what is committed meanwhile it reads from the store.

import type { Namespace, Server, Socket } from "socket.io";
import { CHECK_SESSION } from "../contract/forget.ts";
import { LIVE_NAMESPACE, Subscribe } from "../contract/live.ts";
import type { EventRow } from "../contract/row.ts";
import type { Log } from "../platform/log.ts";
import type { Store } from "../store/port.ts";
import type { Access } from "./access.ts";

const PAGE = 500;
const SESSIONS_EVERY_MS = 250;
const HEALTH_EVERY_MS = 2000;
/** Sessions said at once; more than change in a quarter of a second anywhere. */
const MAX_SESSIONS = 1000;
const ROOM = "live";

const isShown = ({ session }: EventRow): boolean => session !== CHECK_SESSION;

export interface Live {
  /** Clients that are connected: open pages and tails. */
  readonly clients: number;
  close(): void;
}

/** Serves the namespace; `health` is what is sent as that. */
export function openLive(io: Server, store: Store, access: Access, health: () => Promise<unknown>, log: Log): Live {
  const live: Namespace = io.of(LIVE_NAMESPACE);
  /** The newest row that the room was given. */
  let said = 0;
  /** Clients that have read further than the room was told: rows that another process has committed. */
  const ahead = new Map<Socket, number>();
  const changed = new Set<string>();
  let sessionsTimer: NodeJS.Timeout | undefined;
  /** Ticks while somebody listens. */
  let healthTimer: NodeJS.Timeout | undefined;
  const quietly = (work: Promise<void>) =>
    void work.catch((error: unknown) => log.warn({ err: error }, "pages could not be told what is new"));

  live.use((socket, next) => {
    const link = "unauthorized: `mpm monitor open` gives a link that lets a browser in";
    next(access.mayConnect(socket) ? undefined : new Error(link));
  });
  live.on("connection", (socket) => {
    healthTimer ??= setInterval(() => quietly(sayHealth()), HEALTH_EVERY_MS).unref();
    socket.on("subscribe", (given: unknown, answer: unknown) => {
      const wish = Subscribe.safeParse(given ?? {});
      const after = wish.success ? wish.data.after : undefined;
      quietly(subscribe(socket, after, (n) => typeof answer === "function" && answer({ n })));
    });
  });
  const subscribe = async (socket: Socket, after: number | undefined, answer: (n: number) => void) => {
    const { newest } = await store.figures();
    answer(newest);
    await catchUp(socket, after ?? newest);
  };
  const catchUp = async (socket: Socket, from: number): Promise<void> => {
    for (let after = from; socket.connected; ) {
      const before = said;
      const rows = await store.rows({}, { after, limit: PAGE });
      if (rows.length > 0) socket.emit("rows", { rows: rows.filter(isShown) });
      after = rows.at(-1)?.n ?? after;
      // What the room was given before the look was stored by then; if it was given more meanwhile, that is read, too.
      if (rows.length < PAGE && said === before) {
        if (after > said) ahead.set(socket, after);
        return void socket.join(ROOM);
      }
    }
  };
  const sayRows = (rows: readonly EventRow[]): void => {
    live
      .to(ROOM)
      .except([...ahead.keys()].map(({ id }) => id))
      .emit("rows", { rows });
    for (const [socket, n] of ahead) {
      const news = rows.filter((row) => row.n > n);
      if (news.length > 0) socket.emit("rows", { rows: news });
      if (n <= said || !socket.connected) ahead.delete(socket);
    }
  };
  const sayHealth = async (): Promise<void> => {
    if (live.sockets.size > 0) live.emit("health", await health());
    else {
      clearInterval(healthTimer);
      healthTimer = undefined;
    }
  };
  const saySessions = async (): Promise<void> => {
    sessionsTimer = undefined;
    const ids = [...changed];
    changed.clear();
    const { sessions } = await store.sessions({ ids, limit: MAX_SESSIONS });
    const there = new Set(sessions.map(({ id }) => id));
    const gone = ids.slice(0, MAX_SESSIONS).filter((id) => !there.has(id));
    if (ids.length > 0) live.to(ROOM).emit("sessions", { sessions, ...(gone.length > 0 ? { gone } : {}) });
  };
  const stop = store.subscribe(({ rows, sessions }) => {
    said = rows.at(-1)?.n ?? said;
    if (live.sockets.size === 0) return;
    const shown = rows.filter(isShown);
    if (shown.length > 0) sayRows(shown);
    for (const id of sessions) if (id !== CHECK_SESSION) changed.add(id);
    sessionsTimer ??= setTimeout(() => quietly(saySessions()), SESSIONS_EVERY_MS).unref();
  });
  return {
    get clients() {
      return live.sockets.size;
    },
    close() {
      stop();
      clearInterval(healthTimer);
      clearTimeout(sessionsTimer);
    },
  };
}
