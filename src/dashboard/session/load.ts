// Fills a stage with a session: what is stored, then what comes live, without a seam.
// - Rows that come while the stored ones are read wait for them; the cursor keeps any from being taken twice.
// - The picture hears of new rows once a frame, however many came.

import type { EventRow } from "../../protocol.ts";
import { type Failure, get } from "../api.ts";
import { onRows } from "../live.ts";
import type { Stage } from "../timeline/stage.ts";

const PAGE = 1000;

interface RowPage {
  readonly events: readonly EventRow[];
}

/**
 * Reads the session and stays with it.
 * @param loaded called once, with undefined when all stored rows are there
 * @returns ends it
 */
export function fillStage(stage: Stage, session: string, loaded: (error?: Failure) => void): () => void {
  const ended = new AbortController();
  let waiting: EventRow[] | undefined = [];
  let frame = 0;
  const announce = (): void => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      stage.changed.value += 1;
    });
  };
  const stop = onRows((rows) => {
    const own = rows.filter((row) => row.session === session);
    if (own.length === 0) return;
    if (waiting) {
      waiting.push(...own);
      return;
    }
    for (const row of own) stage.score.push(row);
    announce();
  });
  void (async () => {
    const error = await readAll(stage, session, ended.signal);
    if (ended.signal.aborted) return;
    for (const row of waiting ?? []) stage.score.push(row);
    waiting = undefined;
    announce();
    loaded(error);
  })();
  return () => {
    ended.abort();
    stop();
    cancelAnimationFrame(frame);
  };
}

async function readAll(stage: Stage, session: string, signal: AbortSignal): Promise<Failure | undefined> {
  for (;;) {
    const params = new URLSearchParams({
      view: "rows",
      session,
      after: String(stage.score.newest),
      limit: String(PAGE),
    });
    const page = await get<RowPage>(`/api/events?${params}`, signal);
    if (signal.aborted) return undefined;
    if (!page.ok) return page.error;
    const rows = [...page.value.events].sort((a, b) => a.n - b.n);
    for (const row of rows) stage.score.push(row);
    if (rows.length < PAGE) return undefined;
  }
}
