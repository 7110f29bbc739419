// What is under the pointer.

import { lowerBound } from "../model/columns.ts";
import { duration } from "../model/format.ts";
import type { SessionModel } from "../model/session.ts";
import { LEVEL_HEIGHT, levelTop } from "./layout.ts";
import { type Picture, RULER_HEIGHT, untilOf } from "./picture.ts";

/** The bar under a point of the canvas, -1 for none. */
export function barAt(picture: Picture, x: number, y: number): number {
  const { model, view, layout, gutter, width } = picture;
  if (x < gutter || y < RULER_HEIGHT) return -1;
  const inLanes = y - RULER_HEIGHT + picture.scroll;
  const slack = ((view.to - view.from) / Math.max(width - gutter, 1)) * 3;
  const t = view.from + ((x - gutter) / Math.max(width - gutter, 1)) * (view.to - view.from);
  const last = lowerBound(model.parts.barStart.data, model.parts.barStart.length, t + slack);
  let best = -1;
  let distance = Number.POSITIVE_INFINITY;
  const first = Math.min(model.firstBarAt(t - slack), last);
  for (const bar of candidates(model, first, last)) {
    const lane = layout.byLane[model.parts.barLane.at(bar)];
    if (!lane) continue;
    const top = levelTop(lane, model.parts.barLevel.at(bar));
    if (inLanes < top || inLanes > top + LEVEL_HEIGHT) continue;
    const end = untilOf(picture, model.parts.barEnd.at(bar));
    if (end < t - slack) continue;
    const off = Math.abs((model.parts.barStart.at(bar) + end) / 2 - t);
    if (off < distance) [best, distance] = [bar, off];
  }
  return best;
}

/** One line about a bar, for the tip under the pointer. */
export function barText(model: SessionModel, bar: number, head: number): string {
  const row = model.parts.barRow.at(bar);
  const end = model.parts.barEnd.at(bar);
  const took = duration((Number.isNaN(end) ? head : end) - model.parts.barStart.at(bar));
  return `${model.names.text(model.parts.barTool.at(bar))} · ${took} · ${model.textOf(row)}`;
}

function* candidates(model: SessionModel, first: number, last: number): Generator<number> {
  for (const bar of model.parts.openBars()) if (bar < first) yield bar;
  for (let bar = first; bar < last; bar += 1) yield bar;
}
