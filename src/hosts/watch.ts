// Watches the hosts of this machine: who of them waits for a person, and whether the person has answered.
// - A session is looked at while a question of it is open: at once when its host's file changes, else once a second, and
//   more often while a hook is at work that may answer.
// - A host that says that it waits, though no event did, is looked at likewise.
// - Nothing here is needed: without files and processes to look at, questions end with the next event of their call.

import type { StoredEnvelope } from "../contract/envelope.ts";
import type { EventRow } from "../contract/row.ts";
import type { SessionSummary } from "../contract/session.ts";
import { textOf } from "../contract/texts.ts";
import type { Log } from "../platform/log.ts";
import { SURE_MS } from "../session/open.ts";
import { openElsewhere } from "../store/elsewhere.ts";
import type { Store } from "../store/port.ts";
import { hookedOf, learned } from "./asked.ts";
import { childrenOf } from "./children.ts";
import { Directories, SETTLE_MS } from "./directories.ts";
import { type Here, watchForGone } from "./gone.ts";
import { readSessionFile, type SessionFile, sessionsBeside } from "./session-file.ts";

const EVERY_MS = 1000;
/** While a hook is at work on a question: whether it has answered shows by how soon after its end the host goes on. */
const HOOKED_EVERY_MS = 200;
/** Sessions whose directory is remembered. */
const MAX_PLACES = 2000;
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

interface Watched {
  /** When its newest question became known, or a hook was last seen at work on one, by performance.now(). */
  freeAt: number;
  timer: NodeJS.Timeout | undefined;
}

/** Watches until the returned function is called, which resolves when nothing is looked at any more. */
export function watchHosts({ store, here, log, now }: HostsOptions): () => Promise<void> {
  const watched = new Map<string, Watched>();
  /** The directory with its host's file, by session; undefined: of another machine, or not known. */
  const places = new Map<string, string | undefined>();
  const elsewhere = openElsewhere(store, here.machine, () => performance.now());
  let looking: Promise<void> = Promise.resolve();
  let closed = false;
  const directories = new Directories((directory, pid) => {
    looking = looking.then(() => onFile(directory, pid)).catch(failed);
  });

  const placeOf = async (session: string): Promise<string | undefined> => {
    if (places.has(session)) return places.get(session);
    const [row] = await store.rows({ session }, { limit: 1 });
    const envelope = row && (await store.envelope(row.id));
    const place = envelope && isOfHere(envelope, here) ? sessionsBeside(envelope.data["transcript_path"]) : undefined;
    places.set(session, place);
    const [oldest] = places.keys();
    if (places.size > MAX_PLACES && oldest !== undefined) places.delete(oldest);
    if (place !== undefined) directories.watch(place);
    return place;
  };
  const fileOf = async ({ id, pid }: Pick<SessionSummary, "id" | "pid">): Promise<SessionFile | undefined> => {
    const place = await placeOf(id);
    const file = place !== undefined && pid !== undefined ? await readSessionFile(place, pid) : undefined;
    return file?.sessionId === id ? file : undefined;
  };
  const look = async (session: string, entry: Watched): Promise<void> => {
    const summary = await store.session(session);
    if (!summary || !isWatchable(summary)) return stop(session);
    const file = await fileOf(summary);
    const isOpen = summary.waits.some(({ for: { code } }) => code !== "prompt");
    if (!isOpen && file?.status !== "waiting") return stop(session);
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
    lookIn(session, entry, isHooked ? HOOKED_EVERY_MS : untilSure > 0 ? untilSure : EVERY_MS);
  };
  const lookIn = (session: string, entry: Watched, ms: number): void => {
    clearTimeout(entry.timer);
    if (closed || watched.get(session) !== entry) return;
    entry.timer = setTimeout(() => {
      looking = looking
        .then(() => look(session, entry))
        .catch((error: unknown) => {
          log.warn({ err: error, session }, "a host could not be looked at");
          lookIn(session, entry, EVERY_MS);
        });
    }, ms);
    entry.timer.unref();
  };
  const stop = (session: string): void => {
    clearTimeout(watched.get(session)?.timer);
    watched.delete(session);
  };
  const start = (session: string): void => {
    const entry = watched.get(session) ?? { freeAt: 0, timer: undefined };
    entry.freeAt = performance.now();
    watched.set(session, entry);
    lookIn(session, entry, SETTLE_MS);
  };
  const onFile = async (directory: string, pid: number): Promise<void> => {
    const file = await readSessionFile(directory, pid);
    if (!file) return;
    const entry = watched.get(file.sessionId);
    if (entry) lookIn(file.sessionId, entry, 0);
    else if (file.status === "waiting") start(file.sessionId);
  };
  const notice = async (rows: readonly EventRow[]): Promise<void> => {
    // What a transcript tells of the past asks nobody.
    const heard = rows.filter(({ source }) => source === undefined);
    const ours = await elsewhere.here(heard.map(({ session }) => session));
    for (const session of ours) {
      const place = await placeOf(session);
      if (place !== undefined) directories.watch(place);
    }
    for (const row of heard) if (ours.has(row.session) && asks(row)) start(row.session);
  };
  const lookBack = async (): Promise<void> => {
    const { sessions } = await store.sessions({ states: ["working", "waiting"], limit: RECENT });
    for (const { id, waits } of sessions) {
      await placeOf(id);
      if (waits.length > 0) start(id);
    }
  };
  const failed = (error: unknown) => log.warn({ err: error }, "hosts could not be watched");
  const unsubscribe = store.subscribe(({ rows }) => {
    if (rows.length > 0 && !closed) looking = looking.then(() => notice(rows)).catch(failed);
  }, "own");
  looking = lookBack().catch(failed);
  const stopLooking = watchForGone({ store, here, now, fileOf }, log);
  return async () => {
    closed = true;
    unsubscribe();
    for (const { timer } of watched.values()) clearTimeout(timer);
    watched.clear();
    directories.close();
    await Promise.all([looking, stopLooking()]);
  };
}

/** An event with which a question may begin. */
function asks({ event, tool }: EventRow): boolean {
  return ASKS.has(event) || (event === "PreToolUse" && tool !== undefined && ASKING_TOOLS.has(tool));
}

function isOfHere({ host }: StoredEnvelope, here: Here): boolean {
  return host.machine === undefined ? host.name === here.name : host.machine === here.machine;
}

/** Sessions of other machines are watched as well: what nobody answers at once is asked of a person there, too. */
function isWatchable({ state }: SessionSummary): boolean {
  return state !== "ended" && state !== "lost";
}
