// What is under the pointer.

import { lowerBound } from "../model/columns.ts";
import { duration } from "../model/format.ts";
import type { Lane, Turn } from "../model/parts.ts";
import type { SessionModel } from "../model/session.ts";
import { LEVEL_HEIGHT, levelTop } from "./layout.ts";
import { extentOf, type Picture, RULER_HEIGHT, TITLES_TOP, untilOf, xOf } from "./picture.ts";

/** What is thinner is found all the same, pixels. */
const SLACK_PX = 3;

/** The bar under a point of the canvas, -1 for none. */
export function barAt(picture: Picture, x: number, y: number): number {
  const { model, view, layout, gutter, width } = picture;
  if (x < gutter || y < RULER_HEIGHT) return -1;
  const inLanes = y - RULER_HEIGHT + picture.scroll;
  const slack = ((view.to - view.from) / Math.max(width - gutter, 1)) * SLACK_PX;
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

/** The subagent under a point of the canvas, or the one whose name stands there. */
export function laneAt(picture: Picture, x: number, y: number): Lane | undefined {
  if (y < RULER_HEIGHT) return undefined;
  const inLanes = y - RULER_HEIGHT + picture.scroll;
  const track = picture.layout.placed.find(({ top, height }) => inLanes >= top && inLanes < top + height);
  if (!track || track.depth === 0) return undefined;
  if (x < picture.gutter) return track.lanes.length === 1 ? track.lanes[0] : undefined;
  return track.lanes.findLast((lane) => {
    const { from, to } = extentOf(picture, lane);
    return x >= from - SLACK_PX && x <= Math.max(to, from + SLACK_PX);
  });
}

/** The turn whose title is under a point of the canvas. */
export function turnAt({ model, head, ...picture }: Picture, x: number, y: number): Turn | undefined {
  if (y < TITLES_TOP || y >= RULER_HEIGHT || x < picture.gutter) return undefined;
  const turn = model.parts.turns.findLast(({ start }) => start <= head && xOf(picture, start) <= x);
  return turn && xOf(picture, Number.isNaN(turn.end) ? head : Math.min(turn.end, head)) + SLACK_PX >= x
    ? turn
    : undefined;
}

/** One line about a subagent. */
export function laneText(lane: Lane, head: number): string {
  const took = duration((Number.isNaN(lane.end) ? head : lane.end) - lane.start);
  return [lane.type || "subagent", took, lane.title].filter(Boolean).join(" · ");
}

/** One line about a turn. */
export function turnText({ number, start, end, prompt }: Turn, head: number): string {
  return `turn ${number} · ${duration((Number.isNaN(end) ? head : end) - start)} · ${prompt || "prompt not stored"}`;
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
