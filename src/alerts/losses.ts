// Losses of relays: each relay counts its own since its home was made, and what was told of one is kept apart from the others.
// - A relay that is new, or has begun to count anew, takes nothing away from what others lose.

import * as z from "zod/mini";

/** Relays of which it is remembered what was told; the ones that spoke last. */
const MAX_RELAYS = 200;
const Told = z.record(z.string(), z.number());

export interface Losses {
  /** Events that were lost since it was last told. */
  readonly count: number;
  /** What is to be kept once that is told. */
  readonly kept: string;
}

/** What relays have lost beyond what was kept; of a relay that is seen for the first time, nothing is news. */
export function newLosses(kept: string | undefined, lost: ReadonlyMap<string, number>): Losses {
  const told = new Map(Object.entries(readTold(kept)));
  let count = 0;
  for (const [relay, total] of lost) {
    count += Math.max(0, total - (told.get(relay) ?? total));
    told.delete(relay);
    told.set(relay, total);
  }
  return { count, kept: JSON.stringify(Object.fromEntries([...told].slice(-MAX_RELAYS))) };
}

/** What is no such record, as one number for all relays was, says nothing of any. */
function readTold(kept: string | undefined): Readonly<Record<string, number>> {
  try {
    return Told.parse(JSON.parse(kept ?? "{}"));
  } catch {
    return {};
  }
}
