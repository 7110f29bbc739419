// What there is to draw, and where in time and on the canvas.

import { MAIN } from "../model/parts.ts";
import type { Score } from "../model/score.ts";
import type { Palette } from "./colours.ts";
import type { Layout } from "./layout.ts";
import type { Viewport } from "./viewport.ts";

/** Pixels above the lanes: times and turns. */
export const RULER_HEIGHT = 38;

export interface Picture {
  readonly score: Score;
  readonly view: Viewport;
  /** Of the lanes in sight. */
  readonly layout: Layout;
  readonly palette: Palette;
  readonly width: number;
  readonly height: number;
  /** Width of the column with the lanes' names. */
  readonly gutter: number;
  /** How far the lanes are scrolled. */
  readonly scroll: number;
  /** Where time stands: now, or the place of a replay. Nothing later is drawn. */
  readonly head: number;
  readonly selected: number;
  /** Where what the main agent has open was broken off; undefined while it goes on. */
  readonly interruptedAt: number | undefined;
}

/** Pixel of a time. */
export function xOf(picture: Pick<Picture, "view" | "width" | "gutter">, t: number): number {
  const { from, to } = picture.view;
  return picture.gutter + ((t - from) / (to - from)) * (picture.width - picture.gutter);
}

/** Until when something that may not have ended is drawn. @param lane its lane's index */
export function untilOf({ head, interruptedAt }: Picture, end: number, lane: number): number {
  if (!Number.isNaN(end)) return Math.min(end, head);
  return lane === MAIN ? Math.min(interruptedAt ?? head, head) : head;
}

export function isBrokenOff({ head, interruptedAt }: Picture, end: number, lane: number): boolean {
  return Number.isNaN(end) && lane === MAIN && interruptedAt !== undefined && interruptedAt <= head;
}
