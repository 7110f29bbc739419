// Fills a stage with a session: what is stored, then what comes live, without a seam.
// - Rows that come while the stored ones are read wait for them; the cursor keeps any from being taken twice.
// - The picture hears of new rows once a frame, however many came; while the stored ones are read now and then, as to draw
//   them takes longer than to read them. The first are drawn before more are read.
// - Until all that is stored is there, what is there is shown whole: it fills from its beginning on.

import { batch } from "@preact/signals";
import type { EventRow } from "../../contract/row.ts";
import { rowFromTuple } from "../../contract/timeline.ts";
import { type Failure, lines } from "../api.ts";
import { drawn } from "../frames.ts";
import { onRows } from "../live.ts";
import { boundsOf, type Stage } from "../timeline/stage.ts";

/** While stored rows are read, the picture is drawn anew this often. */
const DRAW_EVERY_MS = 400;

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
      batch(() => {
        if (waiting) stage.view.value = boundsOf(stage, Date.now());
        stage.changed.value += 1;
      });
    });
  };
  const stop = onRows((rows) => {
    const own = rows.filter((row) => row.session === session);
    if (own.length === 0) return;
    if (waiting) {
      waiting.push(...own);
      return;
    }
    for (const row of own) stage.model.push(row);
    announce();
  });
  void (async () => {
    const error = await readAll(stage, session, ended.signal, announce);
    if (ended.signal.aborted) return;
    for (const row of waiting ?? []) stage.model.push(row);
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

async function readAll(
  stage: Stage,
  session: string,
  signal: AbortSignal,
  announce: () => void,
): Promise<Failure | undefined> {
  let drawnAt = Number.NEGATIVE_INFINITY;
  return lines("timeline", { parts: { id: session }, signal }, async (line) => {
    if (!Array.isArray(line)) return false;
    for (const values of line) {
      const row = rowFromTuple(values, session);
      if (!row) return false;
      stage.model.push(row);
    }
    if (performance.now() - drawnAt < DRAW_EVERY_MS) return true;
    announce();
    await drawn();
    drawnAt = performance.now();
    return true;
  });
}
