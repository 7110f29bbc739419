// The whole session in a strip: how busy each moment was, where it failed and waited, and which part is in view.

import type { Score } from "../model/score.ts";
import type { Palette } from "./colours.ts";
import type { Viewport } from "./viewport.ts";

export const OVERVIEW_HEIGHT = 34;
const MARK_HEIGHT = 4;

interface Density {
  readonly counts: Float64Array;
  readonly failed: Uint8Array;
}

/** Rows and failures by pixel column. */
function densityOf(score: Score, bounds: Viewport, width: number, head: number): Density {
  const counts = new Float64Array(width);
  const failed = new Uint8Array(width);
  const perMs = width / Math.max(bounds.to - bounds.from, 1);
  for (let row = 0; row < score.length; row += 1) {
    const t = score.t.data[row] as number;
    if (t > head) break;
    const column = Math.min(Math.max(Math.floor((t - bounds.from) * perMs), 0), width - 1);
    counts[column] = (counts[column] as number) + 1;
    if (score.isFailed(row)) failed[column] = 1;
  }
  return { counts, failed };
}

export function drawOverview(
  context: CanvasRenderingContext2D,
  score: Score,
  bounds: Viewport,
  view: Viewport,
  palette: Palette,
  size: { readonly width: number; readonly gutter: number; readonly head: number },
): void {
  const { width, gutter, head } = size;
  const inner = Math.max(Math.floor(width - gutter), 1);
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, width, OVERVIEW_HEIGHT);
  const { counts, failed } = densityOf(score, bounds, inner, head);
  const most = counts.reduce((high, count) => Math.max(high, count), 1);
  const place = (t: number): number => gutter + ((t - bounds.from) / (bounds.to - bounds.from)) * inner;
  context.fillStyle = palette["wait-soft"];
  for (const span of score.spans) {
    if (span.kind === "compaction" || span.start > head) continue;
    const to = place(Number.isNaN(span.end) ? head : Math.min(span.end, head));
    context.fillRect(place(span.start), 0, Math.max(to - place(span.start), 2), OVERVIEW_HEIGHT);
  }
  context.fillStyle = palette.muted;
  for (let column = 0; column < inner; column += 1) {
    const count = counts[column] as number;
    // The square root keeps quiet moments visible beside busy ones.
    const height = count === 0 ? 0 : Math.max(Math.sqrt(count / most) * (OVERVIEW_HEIGHT - MARK_HEIGHT - 4), 1.5);
    if (height > 0) context.fillRect(gutter + column, OVERVIEW_HEIGHT - height, 1, height);
  }
  context.fillStyle = palette.bad;
  for (let column = 0; column < inner; column += 1)
    if (failed[column]) context.fillRect(gutter + column - 1, 0, 2, MARK_HEIGHT);
  const from = place(view.from);
  const to = Math.max(place(view.to), from + 4);
  context.fillStyle = palette.accent;
  context.globalAlpha = 0.14;
  context.fillRect(from, 0, to - from, OVERVIEW_HEIGHT);
  context.globalAlpha = 1;
  context.fillRect(from, 0, 1.5, OVERVIEW_HEIGHT);
  context.fillRect(to - 1.5, 0, 1.5, OVERVIEW_HEIGHT);
}
