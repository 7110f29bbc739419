// What is under the pointer.

import { lowerBound } from "../model/columns.ts";
import { duration } from "../model/format.ts";
import type { Score } from "../model/score.ts";
import { LEVEL_HEIGHT, levelTop } from "./layout.ts";
import { type Picture, RULER_HEIGHT, untilOf } from "./picture.ts";

/** The bar under a point of the canvas, -1 for none. */
export function barAt(picture: Picture, x: number, y: number): number {
  const { score, view, layout, gutter, width } = picture;
  if (x < gutter || y < RULER_HEIGHT) return -1;
  const inLanes = y - RULER_HEIGHT + picture.scroll;
  const slack = ((view.to - view.from) / Math.max(width - gutter, 1)) * 3;
  const t = view.from + ((x - gutter) / Math.max(width - gutter, 1)) * (view.to - view.from);
  const last = lowerBound(score.barStart.data, score.barStart.length, t + slack);
  let best = -1;
  let distance = Number.POSITIVE_INFINITY;
  const first = Math.min(score.firstBarAt(t - slack), last);
  for (const bar of candidates(score, first, last)) {
    const lane = layout.byLane[score.barLane.at(bar)];
    if (!lane) continue;
    const top = levelTop(lane, score.barLevel.at(bar));
    if (inLanes < top || inLanes > top + LEVEL_HEIGHT) continue;
    const end = untilOf(picture, score.barEnd.at(bar), score.barLane.at(bar));
    if (end < t - slack) continue;
    const off = Math.abs((score.barStart.at(bar) + end) / 2 - t);
    if (off < distance) [best, distance] = [bar, off];
  }
  return best;
}

/** One line about a bar, for the tip under the pointer. */
export function barText(score: Score, bar: number, head: number): string {
  const row = score.barRow.at(bar);
  const end = score.barEnd.at(bar);
  const took = duration((Number.isNaN(end) ? head : end) - score.barStart.at(bar));
  return `${score.names.text(score.barTool.at(bar))} · ${took} · ${score.textOf(row)}`;
}

function* candidates(score: Score, first: number, last: number): Generator<number> {
  for (const bar of score.openBars()) if (bar < first) yield bar;
  for (let bar = first; bar < last; bar += 1) yield bar;
}
