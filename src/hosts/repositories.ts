// Which repository a session works in: worktrees and subfolders of one repository are one project.
// - Only sessions of this machine can be told, and only while their directory is there.
// - A home directory that is a repository itself (dotfiles) makes nothing in it one project.

import type { SessionSummary } from "../contract/session.ts";
import { textOf } from "../contract/texts.ts";
import { mainCheckout } from "../platform/git.ts";
import type { Log } from "../platform/log.ts";
import type { SessionFacts, Store } from "../store/port.ts";
import type { Here } from "./gone.ts";

/** Sessions of before that are told when the monitor starts, the latest ones. */
const RECENT = 1000;
/** Directories and sessions that are remembered. */
const MAX_KNOWN = 5000;

export interface RepositoriesOptions {
  readonly store: Store;
  readonly here: Pick<Here, "machine" | "name">;
  /** The user's home directory. */
  readonly home: string;
  readonly log: Log;
  /** ms since 1970 */
  readonly now: () => number;
}

/** Tells sessions their repositories until the returned function is called, which resolves when nothing is looked at. */
export function watchRepositories({ store, here, home, log, now }: RepositoriesOptions): () => Promise<void> {
  const repositories = new Map<string, string | undefined>();
  const told = new Set<string>();
  let closed = false;
  let looking: Promise<void> = Promise.resolve();

  const repositoryOf = (project: string): string | undefined => {
    if (!repositories.has(project)) {
      if (repositories.size >= MAX_KNOWN) repositories.clear();
      repositories.set(project, find(project, home));
    }
    return repositories.get(project);
  };
  const tell = async (sessions: readonly SessionSummary[]): Promise<void> => {
    const facts = sessions
      .filter((session) => session.project !== "" && session.repository === undefined && isOfHere(session, here))
      .flatMap(({ id, project }): SessionFacts[] => {
        const repository = repositoryOf(project);
        return repository === undefined ? [] : [{ session: id, facts: [{ kind: "repository", t: now(), repository }] }];
      });
    const trouble = facts.length > 0 && !closed ? await store.record(facts) : undefined;
    if (trouble) throw new Error(textOf(trouble));
  };
  const notice = async (ids: readonly string[]): Promise<void> => {
    if (told.size >= MAX_KNOWN) told.clear();
    for (const id of ids) told.add(id);
    const { sessions } = await store.sessions({ ids, limit: ids.length });
    await tell(sessions);
  };
  const failed = (error: unknown) => log.warn({ err: error }, "repositories could not be looked for");
  const unsubscribe = store.subscribe(({ rows, sessions }) => {
    const fresh = rows.length > 0 ? sessions.filter((id) => !told.has(id)) : [];
    if (fresh.length > 0 && !closed) looking = looking.then(() => notice(fresh)).catch(failed);
  });
  looking = store
    .sessions({ limit: RECENT })
    .then(({ sessions }) => tell(sessions))
    .catch(failed);
  return async () => {
    closed = true;
    unsubscribe();
    await looking;
  };
}

function find(project: string, home: string): string | undefined {
  try {
    const root = mainCheckout(project);
    return root === undefined || root === home || home.startsWith(`${root}/`) ? undefined : root;
  } catch {
    return undefined; // it may not be looked at
  }
}

function isOfHere({ machine, host }: SessionSummary, here: Pick<Here, "machine" | "name">): boolean {
  return machine === undefined ? host === here.name : machine === here.machine;
}
