// What a search found, as it is listed: by session, one row a call.
// - Of a call that was found by its beginning and its end, the end is shown. A batch says once more what its calls say.
// - A page that comes later begins groups of its own: nothing that is read moves.

import type { FoundRow } from "../../contract/routes.ts";

export type HitItem =
  | { readonly kind: "session"; readonly session: string; readonly hits: number }
  | { readonly kind: "hit"; readonly row: FoundRow };

/** A batch comes this soon after the calls in it, ms. */
const BATCH_MS = 60_000;

/** @param rows of one page, the newest first */
export function itemsOf(rows: readonly FoundRow[]): HitItem[] {
  const groups = Map.groupBy(oncePerCall(rows), ({ session }) => session);
  return [...groups].flatMap(([session, hits]): HitItem[] => [
    { kind: "session", session, hits: hits.length },
    ...hits.map((row): HitItem => ({ kind: "hit", row })),
  ]);
}

function oncePerCall(rows: readonly FoundRow[]): FoundRow[] {
  const calls = new Set<string>();
  return rows.filter((row, index) => {
    if (row.event === "PostToolBatch") return !rows.slice(index + 1).some((older) => isCallBefore(older, row));
    if (row.call === undefined) return true;
    const key = `${row.session}\n${row.call}`;
    if (calls.has(key)) return false;
    calls.add(key);
    return true;
  });
}

function isCallBefore(older: FoundRow, batch: FoundRow): boolean {
  return older.call !== undefined && older.session === batch.session && batch.t - older.t < BATCH_MS;
}
