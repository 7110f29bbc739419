// A feed of /live: what is committed, for all who see the same of a store.
// - Who subscribes with the last `n` they have is given all that came since, then what comes.
// - They join the others once they have all that those were given: what is committed meanwhile is read from the store.
// - Who reads slowly is given what they lack from the store, page by page: nobody is sent more than they take.
// - A cursor beyond all that is stored is of a store that was set aside: who has it is told so, and given all.

import { setTimeout as sleep } from "node:timers/promises";
import type { Namespace, Socket } from "socket.io";
import { CHECK_SESSION } from "../contract/forget.ts";
import type { Subscribed } from "../contract/live.ts";
import type { EventRow } from "../contract/row.ts";
import { Outstanding } from "../platform/outstanding.ts";
import type { Store } from "../store/port.ts";

const PAGE = 500;
const SESSIONS_EVERY_MS = 250;
/** A store that did not answer is asked again after so long. */
const AGAIN_MS = 500;
/** Sessions said at once. */
const MAX_SESSIONS = 1000;
/** Messages in a row before which a client had not taken the last one: then it reads slowly. */
const SLOW_AFTER = 32;

const isShown = ({ session }: EventRow): boolean => session !== CHECK_SESSION;

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

/** Does what may fail, and says so in the log. */
export type Quietly = (work: Promise<void>) => void;

export class Feed {
  readonly #live: Namespace;
  readonly #view: View;
  readonly #quietly: Quietly;
  readonly #sessions: SessionNews;
  readonly #unsubscribe: () => void;
  /** Who is given rows as they come. */
  readonly #room: string;
  /** The newest row that the room was given. */
  #said = 0;
  /** Clients that have read further than the room was told: rows that another process has committed. */
  readonly #ahead = new Map<Socket, number>();
  /** Of who is in the room: before how many messages in a row it had not taken the last one. */
  readonly #untaken = new Map<Socket, number>();

  constructor(live: Namespace, view: View, quietly: Quietly) {
    this.#live = live;
    this.#view = view;
    this.#quietly = quietly;
    this.#room = `feed ${view.name}`;
    this.#sessions = new SessionNews(live, view, quietly);
    this.#unsubscribe = view.store.subscribe(({ rows, sessions }) => {
      this.#take(rows);
      this.#sessions.changed(sessions);
    });
  }

  /** Gives a client all that came after a row, then what comes; `answer` is told from where it may go on. */
  async subscribe(socket: Socket, after: number | undefined, answer: (told: Subscribed) => void): Promise<void> {
    const newest = await patiently(socket, async () => (await this.#view.store.figures()).newest);
    const n = await patiently(socket, () => this.#view.newest());
    if (newest === undefined || n === undefined) return;
    const isAnew = after !== undefined && after > newest;
    answer({ n, ...(isAnew ? { anew: true } : {}) });
    await this.#sessions.join(socket);
    await this.#catchUp(socket, isAnew ? 0 : (after ?? newest));
  }

  close(): void {
    this.#unsubscribe();
    this.#sessions.close();
  }

  #take(rows: readonly EventRow[]): void {
    this.#spareSlow();
    this.#said = rows.at(-1)?.n ?? this.#said;
    const shown = rows.filter(isShown);
    if (shown.length > 0) this.#say(shown);
  }

  #say(rows: readonly EventRow[]): void {
    this.#live
      .to(this.#room)
      .except([...this.#ahead.keys()].map(({ id }) => id))
      .emit("rows", { rows });
    for (const [socket, n] of this.#ahead) {
      const news = rows.filter((row) => row.n > n);
      if (news.length > 0) socket.emit("rows", { rows: news });
      if (n <= this.#said || !socket.connected) this.#ahead.delete(socket);
    }
  }

  /** Takes those who read slowly out of the room until they have read what it was told so far. */
  #spareSlow(): void {
    for (const [socket, times] of this.#untaken) {
      const missed = socket.conn.transport.writable ? 0 : times + 1;
      this.#untaken.set(socket, missed);
      if (missed < SLOW_AFTER && socket.connected) continue;
      this.#untaken.delete(socket);
      if (!socket.connected) continue;
      void socket.leave(this.#room);
      const from = Math.max(this.#said, this.#ahead.get(socket) ?? 0);
      this.#ahead.delete(socket);
      this.#quietly(this.#catchUp(socket, from));
    }
  }

  /** Gives a client what is stored after a row, and lets it into the room once that is all. */
  async #catchUp(socket: Socket, from: number): Promise<void> {
    for (let after = from; socket.connected; ) {
      await taken(socket);
      const before = this.#said;
      const cursor = after;
      const rows = await patiently(socket, () => this.#view.store.rows({}, { after: cursor, limit: PAGE }));
      if (rows === undefined) return;
      if (rows.length > 0) socket.emit("rows", { rows: rows.filter(isShown) });
      after = rows.at(-1)?.n ?? after;
      // What the room was given before the look was stored by then; if it was given more meanwhile, that is read, too.
      if (rows.length < PAGE && this.#said === before) {
        if (after > this.#said) this.#ahead.set(socket, after);
        this.#untaken.set(socket, 0);
        return void socket.join(this.#room);
      }
    }
  }
}

/** Says which sessions have changed or are gone, many at once; from the beginning on, also to who still reads rows. */
class SessionNews {
  readonly #live: Namespace;
  readonly #store: Store;
  readonly #quietly: Quietly;
  readonly #lobby: string;
  readonly #changed = new Outstanding<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(live: Namespace, { name, store }: View, quietly: Quietly) {
    this.#live = live;
    this.#store = store;
    this.#quietly = quietly;
    this.#lobby = `sessions ${name}`;
  }

  async join(socket: Socket): Promise<void> {
    await socket.join(this.#lobby);
  }

  changed(ids: readonly string[]): void {
    this.#changed.add(ids.filter((id) => id !== CHECK_SESSION));
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#quietly(this.#sayAll());
    }, SESSIONS_EVERY_MS).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #sayAll(): Promise<void> {
    while (this.#changed.size > 0) await this.#changed.settle((ids) => this.#say(ids), MAX_SESSIONS);
  }

  async #say(ids: readonly string[]): Promise<void> {
    const { sessions } = await this.#store.sessions({ ids, limit: MAX_SESSIONS });
    const there = new Set(sessions.map(({ id }) => id));
    const gone = ids.filter((id) => !there.has(id));
    this.#live.to(this.#lobby).emit("sessions", { sessions, ...(gone.length > 0 ? { gone } : {}) });
  }
}

/** Tries until the store answers, which may be away for a while; undefined where the client did not stay so long. */
export async function patiently<T>(socket: Socket, work: () => Promise<T>): Promise<T | undefined> {
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
