// Sessions of other machines in a store that several share: their transcripts and processes are not here to be looked at.
// - Sessions are asked for together, and one of another machine is taken for that for a while: it may be gone on with here.

import type { Store } from "./port.ts";

const ELSEWHERE_MS = 10 * 60_000;
const MAX_KNOWN = 10_000;

export interface Elsewhere {
  /** Those of the sessions that may be this machine's. */
  here(sessions: Iterable<string>): Promise<ReadonlySet<string>>;
}

/** @param machine this one's id; undefined where the system has none: all sessions may be its @param now ms by a clock that does not jump */
export function openElsewhere(store: Store, machine: string | undefined, now: () => number): Elsewhere {
  /** Until when what is known of a session holds. */
  const elsewhere = new Map<string, number>();
  const known = new Set<string>();

  const keep = (id: string, isElsewhere: boolean): void => {
    if (isElsewhere) elsewhere.set(id, now() + ELSEWHERE_MS);
    else known.add(id);
    const [first] = elsewhere.keys();
    if (elsewhere.size > MAX_KNOWN && first !== undefined) elsewhere.delete(first);
    const [oldest] = known;
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  };
  return {
    async here(given) {
      const sessions = new Set(given);
      if (machine === undefined) return sessions;
      for (const id of sessions) if ((elsewhere.get(id) ?? Number.POSITIVE_INFINITY) < now()) elsewhere.delete(id);
      const unknown = [...sessions].filter((id) => !elsewhere.has(id) && !known.has(id));
      if (unknown.length > 0) {
        const { sessions: found } = await store.sessions({ ids: unknown, limit: unknown.length });
        for (const { id, machine: its } of found) keep(id, its !== undefined && its !== machine);
      }
      return new Set([...sessions].filter((id) => !elsewhere.has(id)));
    },
  };
}
