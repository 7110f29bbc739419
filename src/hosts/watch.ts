// Watches the hosts of this machine: who of them waits for a person, and whether the person has answered.
// - A session is looked at while a question of it is open: at once when its host's file changes, else once a second, and
//   more often while a hook is at work that may answer.
// - A host that says that it waits, though no event did, is looked at likewise.
// - Nothing here is needed: without files and processes to look at, questions end with the next event of their call.

import type { EventRow } from "../contract/row.ts";
import type { SessionSummary } from "../contract/session.ts";
import { textOf } from "../contract/texts.ts";
import type { Log } from "../platform/log.ts";
import { SURE_MS } from "../session/open.ts";
import { type Elsewhere, openElsewhere } from "../store/elsewhere.ts";
import type { Store } from "../store/port.ts";
import { hookedOf, learned } from "./asked.ts";
import { childrenOf } from "./children.ts";
import { Directories, SETTLE_MS } from "./directories.ts";
import { type Here, watchForGone } from "./gone.ts";
import { Places } from "./places.ts";
import { readSessionFile } from "./session-file.ts";

const EVERY_MS = 1000;
/** While a hook is at work on a question: whether it has answered shows by how soon after its end the host goes on. */
const HOOKED_EVERY_MS = 200;
/** Sessions that may wait when the monitor starts. */
const RECENT = 100;
const ASKS = new Set(["PermissionRequest", "Elicitation", "Notification"]);
const ASKING_TOOLS = new Set(["AskUserQuestion", "ExitPlanMode"]);

export interface HostsOptions {
  readonly store: Store;
  readonly here: Here;
  readonly log: Log;
  /** ms since 1970 */
  readonly now: () => number;
}

/** A session that is looked at. */
interface Watched {
  /** When its newest question became known, or a hook was last seen at work on one, by performance.now(). */
  freeAt: number;
  timer: NodeJS.Timeout | undefined;
}

/** Watches until the returned function is called, which resolves when nothing is looked at any more. */
export function watchHosts(options: HostsOptions): () => Promise<void> {
  const watch = new HostsWatch(options);
  watch.start();
  return () => watch.close();
}

class HostsWatch {
  readonly #options: HostsOptions;
  readonly #directories: Directories;
  readonly #places: Places;
  readonly #elsewhere: Elsewhere;
  readonly #watched = new Map<string, Watched>();
  /** All looks, one after the other. */
  #looking: Promise<void> = Promise.resolve();
  #stops: readonly (() => unknown)[] = [];
  #isClosed = false;

  constructor(options: HostsOptions) {
    const { store, here } = options;
    this.#options = options;
    this.#elsewhere = openElsewhere(store, here.machine, () => performance.now());
    this.#directories = new Directories((directory, pid) => this.#inTurn(() => this.#takeFile(directory, pid)));
    this.#places = new Places(store, here, this.#directories);
  }

  start(): void {
    const { store, log, ...options } = this.#options;
    const unsubscribe = store.subscribe(({ rows }) => {
      if (rows.length > 0 && !this.#isClosed) this.#inTurn(() => this.#takeRows(rows));
    }, "own");
    this.#inTurn(() => this.#lookBack());
    const stopLooking = watchForGone({ ...options, store, fileOf: (session) => this.#places.fileOf(session) }, log);
    this.#stops = [unsubscribe, stopLooking];
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const stopped = this.#stops.map((stop) => stop());
    for (const { timer } of this.#watched.values()) clearTimeout(timer);
    this.#watched.clear();
    this.#directories.close();
    await Promise.all([this.#looking, ...stopped]);
  }

  #inTurn(look: () => Promise<void>): void {
    this.#looking = this.#looking
      .then(look)
      .catch((error: unknown) => this.#options.log.warn({ err: error }, "hosts could not be watched"));
  }

  /** Those that may wait when the monitor starts. */
  async #lookBack(): Promise<void> {
    const { sessions } = await this.#options.store.sessions({ states: ["working", "waiting"], limit: RECENT });
    for (const { id, waits } of sessions) {
      await this.#places.directoryOf(id);
      if (waits.length > 0) this.#watch(id);
    }
  }

  async #takeRows(rows: readonly EventRow[]): Promise<void> {
    // What a transcript tells of the past asks nobody.
    const heard = rows.filter(({ source }) => source === undefined);
    const ours = await this.#elsewhere.here(heard.map(({ session }) => session));
    for (const session of ours) await this.#places.directoryOf(session);
    for (const row of heard) if (ours.has(row.session) && asks(row)) this.#watch(row.session);
  }

  async #takeFile(directory: string, pid: number): Promise<void> {
    const file = await readSessionFile(directory, pid);
    if (!file) return;
    const entry = this.#watched.get(file.sessionId);
    if (entry) this.#lookIn(file.sessionId, entry, 0);
    else if (file.status === "waiting") this.#watch(file.sessionId);
  }

  #watch(session: string): void {
    const entry = this.#watched.get(session) ?? { freeAt: 0, timer: undefined };
    entry.freeAt = performance.now();
    this.#watched.set(session, entry);
    this.#lookIn(session, entry, SETTLE_MS);
  }

  #unwatch(session: string): void {
    clearTimeout(this.#watched.get(session)?.timer);
    this.#watched.delete(session);
  }

  #lookIn(session: string, entry: Watched, ms: number): void {
    clearTimeout(entry.timer);
    if (this.#isClosed || this.#watched.get(session) !== entry) return;
    entry.timer = setTimeout(() => {
      this.#inTurn(async () => {
        try {
          await this.#look(session, entry);
        } catch (error) {
          this.#options.log.warn({ err: error, session }, "a host could not be looked at");
          this.#lookIn(session, entry, EVERY_MS);
        }
      });
    }, ms);
    entry.timer.unref();
  }

  /** Looks whether a question of the session has been answered, and says when it is looked at next. */
  async #look(session: string, entry: Watched): Promise<void> {
    const { store, here, now } = this.#options;
    const summary = await store.session(session);
    if (!summary || !isWatchable(summary)) return this.#unwatch(session);
    const file = await this.#places.fileOf(summary);
    const isOpen = summary.waits.some(({ for: { code } }) => code !== "prompt");
    if (!isOpen && file?.status !== "waiting") return this.#unwatch(session);
    const time = now();
    const isOfHere = summary.pidns !== undefined && summary.pidns === here.pidns;
    const children = isOfHere && summary.pid !== undefined ? await childrenOf(summary.pid, here.bootedAt) : [];
    const isHooked = hookedOf(summary.waits, children).length > 0;
    if (isHooked) entry.freeAt = performance.now();
    const forMs = performance.now() - entry.freeAt;
    const facts = learned(summary, { file, children, forMs, now: time });
    if (facts.length > 0) {
      const trouble = await store.record([{ session, facts }]);
      if (trouble) throw new Error(textOf(trouble));
    }
    const untilSure = SURE_MS - (performance.now() - entry.freeAt);
    this.#lookIn(session, entry, isHooked ? HOOKED_EVERY_MS : untilSure > 0 ? untilSure : EVERY_MS);
  }
}

/** An event with which a question may begin. */
function asks({ event, tool }: EventRow): boolean {
  return ASKS.has(event) || (event === "PreToolUse" && tool !== undefined && ASKING_TOOLS.has(tool));
}

/** Sessions of other machines are watched as well: what nobody answers at once is asked of a person there, too. */
function isWatchable({ state }: SessionSummary): boolean {
  return state !== "ended" && state !== "lost";
}
