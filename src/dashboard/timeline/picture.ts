// What there is to draw, and where in time and on the canvas.

import type { Lane } from "../model/parts.ts";
import type { SessionModel } from "../model/session.ts";
import type { Palette } from "./colours.ts";
import type { Layout } from "./layout.ts";
import type { Viewport } from "./viewport.ts";

/** Pixels above the lanes: times and turns. */
export const RULER_HEIGHT = 38;
/** Where in them the titles of turns begin. */
export const TITLES_TOP = 18;

export interface Picture {
  readonly model: SessionModel;
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
}

/** Pixel of a time. */
export function xOf(picture: Pick<Picture, "view" | "width" | "gutter">, t: number): number {
  const { from, to } = picture.view;
  return picture.gutter + ((t - from) / (to - from)) * (picture.width - picture.gutter);
}

/** Pixels from where to where a lane is drawn; nothing where it is out of sight. */
export function extentOf(picture: Picture, { start, end }: Pick<Lane, "start" | "end">): { from: number; to: number } {
  const from = Math.max(xOf(picture, start), picture.gutter);
  return { from, to: Math.min(xOf(picture, untilOf(picture, end)), picture.width) };
}

/** Until when something that may not have ended is drawn. */
export function untilOf({ head }: Picture, end: number): number {
  return Number.isNaN(end) ? head : Math.min(end, head);
}
