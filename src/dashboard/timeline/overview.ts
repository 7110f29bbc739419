// The whole session in a strip: how busy each moment was, where it failed and waited, and which part is in view.

import { lowerBound } from "../model/columns.ts";
import type { SessionModel } from "../model/session.ts";
import type { Palette } from "./colours.ts";
import type { Viewport } from "./viewport.ts";

export const OVERVIEW_HEIGHT = 34;
const MARK_HEIGHT = 4;

interface Density {
  readonly counts: Float64Array;
  readonly failed: Uint8Array;
}

/** Rows and failures by pixel column. */
function densityOf(model: SessionModel, bounds: Viewport, width: number, head: number): Density {
  const counts = new Float64Array(width);
  const failed = new Uint8Array(width);
  const perMs = width / Math.max(bounds.to - bounds.from, 1);
  const times = model.t.data;
  const rows = lowerBound(times, model.length, head + 1);
  for (let row = 0; row < rows; row += 1) {
    const column = Math.min(Math.max(Math.floor(((times[row] as number) - bounds.from) * perMs), 0), width - 1);
    counts[column] = (counts[column] as number) + 1;
  }
  for (const row of model.failedRows) {
    if (row >= rows) break;
    failed[Math.min(Math.max(Math.floor(((times[row] as number) - bounds.from) * perMs), 0), width - 1)] = 1;
  }
  return { counts, failed };
}

interface Size {
  readonly width: number;
  readonly gutter: number;
  readonly head: number;
  /** Pixels of the device to one here. */
  readonly ratio: number;
}

/** Where rows come all the time, the strip is counted anew no more often than this. */
export const COUNT_EVERY_MS = 250;

/** Draws the strip when what it shows has changed by a pixel; which part is in view is marked beside it. */
export class Overview {
  #key = "";
  #countedAt = Number.NEGATIVE_INFINITY;

  /** @returns whether it shows less than there is, and has to be drawn again in a while */
  draw(
    context: CanvasRenderingContext2D,
    model: SessionModel,
    bounds: Viewport,
    palette: Palette,
    size: Size,
  ): boolean {
    const pixel = (bounds.to - bounds.from) / Math.max(size.width - size.gutter, 1);
    const at = (t: number): number => Math.floor(t / pixel);
    const look = `${size.width} ${size.gutter} ${size.ratio} ${palette.surface} ${bounds.from}`;
    const key = `${look} ${Math.log2(bounds.to - bounds.from).toFixed(3)} ${at(Math.min(size.head, model.lastAt))} ${model.version}`;
    if (key === this.#key) return false;
    const now = performance.now();
    if (now - this.#countedAt <= COUNT_EVERY_MS && this.#key.startsWith(look)) return true;
    this.#key = key;
    this.#countedAt = now;
    drawStrip(context, model, bounds, palette, size);
    return false;
  }
}

function drawStrip(
  context: CanvasRenderingContext2D,
  model: SessionModel,
  bounds: Viewport,
  palette: Palette,
  size: Size,
): void {
  const { width, gutter, head } = size;
  const inner = Math.max(Math.floor(width - gutter), 1);
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, width, OVERVIEW_HEIGHT);
  const { counts, failed } = densityOf(model, bounds, inner, head);
  const most = counts.reduce((high, count) => Math.max(high, count), 1);
  const place = (t: number): number => gutter + ((t - bounds.from) / (bounds.to - bounds.from)) * inner;
  context.fillStyle = palette["wait-soft"];
  for (const span of model.parts.spans) {
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
}
