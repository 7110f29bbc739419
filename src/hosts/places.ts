// Where hosts keep what they write of their sessions: the directory of each session, and its host's file in it.

import type { StoredEnvelope } from "../contract/envelope.ts";
import type { SessionSummary } from "../contract/session.ts";
import type { Store } from "../store/port.ts";
import type { Directories } from "./directories.ts";
import type { Here } from "./gone.ts";
import { readSessionFile, type SessionFile, sessionsBeside } from "./session-file.ts";

/** Sessions whose directory is remembered. */
const MAX_PLACES = 2000;

export class Places {
  readonly #store: Store;
  readonly #here: Here;
  readonly #directories: Directories;
  /** By session; undefined: of another machine, or not known. */
  readonly #known = new Map<string, string | undefined>();

  /** Each directory that is found is watched by `directories`. */
  constructor(store: Store, here: Here, directories: Directories) {
    this.#store = store;
    this.#here = here;
    this.#directories = directories;
  }

  /** The directory of a session's host; undefined: of another machine, or not known. */
  async directoryOf(session: string): Promise<string | undefined> {
    const known = this.#known.has(session) ? this.#known.get(session) : await this.#find(session);
    if (known !== undefined) this.#directories.watch(known);
    return known;
  }

  /** What a session's host has written of it. */
  async fileOf({ id, pid }: Pick<SessionSummary, "id" | "pid">): Promise<SessionFile | undefined> {
    const directory = await this.directoryOf(id);
    const file = directory !== undefined && pid !== undefined ? await readSessionFile(directory, pid) : undefined;
    return file?.sessionId === id ? file : undefined;
  }

  async #find(session: string): Promise<string | undefined> {
    const [row] = await this.#store.rows({ session }, { limit: 1 });
    const envelope = row && (await this.#store.envelope(row.id));
    const isHere = envelope !== undefined && isOfHere(envelope, this.#here);
    const found = isHere ? sessionsBeside(envelope.data["transcript_path"]) : undefined;
    this.#known.set(session, found);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_PLACES && oldest !== undefined) this.#known.delete(oldest);
    return found;
  }
}

function isOfHere({ host }: StoredEnvelope, here: Here): boolean {
  return host.machine === undefined ? host.name === here.name : host.machine === here.machine;
}
