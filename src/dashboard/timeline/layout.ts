// Where lanes lie: top and height of each, in the order of the tree. Lanes without anything in view fold away when there are many.

import type { Lane } from "../model/parts.ts";
import { laneOrder } from "../model/session.ts";
import type { Viewport } from "./viewport.ts";

export const LEVEL_HEIGHT = 17;
const LANE_PADDING = 9;
const MAX_LEVELS_SHOWN = 8;
/** Up to so many lanes all are shown, whatever is in view: a picture that stays where it is is easier to read. */
const ALWAYS_SHOWN = 10;

export interface PlacedLane {
  readonly lane: Lane;
  readonly depth: number;
  readonly top: number;
  readonly height: number;
}

export interface Layout {
  readonly placed: readonly PlacedLane[];
  /** By lane index; undefined for one that is folded away. */
  readonly byLane: readonly (PlacedLane | undefined)[];
  readonly height: number;
  readonly hidden: number;
}

export function layOut(lanes: readonly Lane[], view: Viewport): Layout {
  const byLane: (PlacedLane | undefined)[] = new Array(lanes.length);
  const placed: PlacedLane[] = [];
  let top = 0;
  let hidden = 0;
  for (const { lane, depth } of laneOrder(lanes)) {
    const inView = !(lane.start > view.to) && !(lane.end < view.from);
    if (lanes.length > ALWAYS_SHOWN && lane.index !== 0 && !inView) {
      hidden += 1;
      continue;
    }
    const height = Math.min(lane.levels, MAX_LEVELS_SHOWN) * LEVEL_HEIGHT + LANE_PADDING;
    const here = { lane, depth, top, height };
    byLane[lane.index] = here;
    placed.push(here);
    top += height;
  }
  return { placed, byLane, height: top, hidden };
}

/** The same without the lanes that are scrolled out of sight. @param from @param to pixels from the top of the first lane */
export function inSight(layout: Layout, from: number, to: number): Layout {
  const placed = layout.placed.filter(({ top, height }) => top + height > from && top < to);
  const byLane: (PlacedLane | undefined)[] = new Array(layout.byLane.length);
  for (const here of placed) byLane[here.lane.index] = here;
  return { ...layout, placed, byLane };
}

export function levelTop(placed: PlacedLane, level: number): number {
  return placed.top + LANE_PADDING / 2 + Math.min(level, MAX_LEVELS_SHOWN - 1) * LEVEL_HEIGHT;
}
