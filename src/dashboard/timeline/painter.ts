// What is on the two canvases: the lanes of the part in view, and below them a strip of the whole session with a frame
// around that part. It draws when it is told to, and knows what it has drawn last.

import { shareOf } from "../part/splitter.tsx";
import { type Palette, paletteOf } from "./colours.ts";
import { draw } from "./draw.ts";
import type { Elements } from "./gestures.ts";
import { inSight, layOut, type Track, tracksOf } from "./layout.ts";
import { OVERVIEW_HEIGHT, Overview } from "./overview.ts";
import { type Picture, RULER_HEIGHT, xOf } from "./picture.ts";
import { boundsOf, headOf, type Stage } from "./stage.ts";
import type { Viewport } from "./viewport.ts";

const GUTTER_WIDE = 150;
const GUTTER_NARROW = 84;
const NARROW = 640;
const MIN_MARK_WIDTH = 2;
const MIN_FRAME_WIDTH = 4;
const MIN_LANES_HEIGHT = 70;

/** Lengths in units; `unit` is one of them in pixels. */
export interface Size {
  readonly width: number;
  /** Height of the window. */
  readonly window: number;
  readonly unit: number;
}

interface Surfaces extends Pick<Elements, "canvas" | "strip" | "box"> {
  readonly frameMark: HTMLElement;
}

export class Painter {
  /** As last drawn; undefined before that. */
  picture: Picture | undefined;
  readonly #stage: Stage;
  readonly #surfaces: Surfaces;
  readonly #lanes: CanvasRenderingContext2D;
  readonly #strip: CanvasRenderingContext2D;
  readonly #overview = new Overview();
  #palette: Palette;
  #tracks: readonly Track[] = [];
  /** Version of the model that the tracks are of. */
  #packedAt = -1;
  #scroll = 0;

  constructor(stage: Stage, surfaces: Surfaces) {
    this.#stage = stage;
    this.#surfaces = surfaces;
    this.#lanes = surfaces.canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
    this.#strip = surfaces.strip.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
    this.#palette = paletteOf(surfaces.box);
  }

  /** Draws all; false where the strip is late and has to be drawn again. `at`: ms since 1970. */
  paint(size: Size, at: number): boolean {
    const picture = this.#compose(size, at);
    this.picture = picture;
    fitCanvas(this.#surfaces.canvas, this.#lanes, size.width, picture.height, size.unit);
    draw(this.#lanes, picture);
    return this.#paintStrip(size, picture, at);
  }

  /** Takes the colours anew from the page. */
  restyle(): void {
    this.#palette = paletteOf(this.#surfaces.box);
  }

  /** Moves the lanes, in units; false at the end. They have to be drawn then. */
  scrollLanes(by: number): boolean {
    if (!this.picture) return false;
    const { layout, height } = this.picture;
    const room = Math.max(layout.height + RULER_HEIGHT - height, 0);
    const next = Math.min(Math.max(this.#scroll + by, 0), room);
    if (next === this.#scroll) return false;
    this.#scroll = next;
    return true;
  }

  #compose({ width, window }: Size, at: number): Picture {
    const { model, view, selected } = this.#stage;
    if (this.#packedAt !== model.version) {
      this.#packedAt = model.version;
      this.#tracks = tracksOf(model.parts.lanes);
    }
    const layout = layOut(this.#tracks, view.value);
    const room = Math.max((window * shareOf("lanes")) / 100, MIN_LANES_HEIGHT);
    const height = RULER_HEIGHT + Math.max(Math.min(layout.height, room), MIN_LANES_HEIGHT);
    this.#scroll = Math.min(this.#scroll, Math.max(layout.height + RULER_HEIGHT - height, 0));
    return {
      model,
      view: view.value,
      layout: inSight(layout, this.#scroll, this.#scroll + height - RULER_HEIGHT),
      palette: this.#palette,
      width,
      height,
      gutter: gutterOf(width),
      scroll: this.#scroll,
      head: headOf(this.#stage, at),
      selected: selected.value,
    };
  }

  #paintStrip({ width, unit }: Size, { model, view, palette, gutter, head }: Picture, at: number): boolean {
    const { strip, frameMark } = this.#surfaces;
    fitCanvas(strip, this.#strip, width, OVERVIEW_HEIGHT, unit);
    const bounds = boundsOf(this.#stage, at);
    const isLate = this.#overview.draw(this.#strip, model, bounds, palette, {
      width,
      gutter,
      head,
      ratio: (devicePixelRatio || 1) * unit,
    });
    const inner = (t: number): number => gutter + ((t - bounds.from) / (bounds.to - bounds.from)) * (width - gutter);
    place(frameMark, inner(view.from), Math.max(inner(view.to) - inner(view.from), MIN_FRAME_WIDTH), unit);
    return !isLate;
  }
}

/** Marks on the ruler which part of time the list shows. */
export function markListed(mark: HTMLElement, shown: Viewport | undefined, view: Viewport, size: Size): void {
  const { width, unit } = size;
  const shape = { view, width, gutter: gutterOf(width) };
  const from = shown ? Math.max(xOf(shape, shown.from), shape.gutter) : 0;
  const to = shown ? Math.min(Math.max(xOf(shape, shown.to), from + MIN_MARK_WIDTH), width) : 0;
  mark.hidden = to <= from;
  place(mark, from, to - from, unit);
}

function place(mark: HTMLElement, x: number, width: number, scale: number): void {
  mark.style.transform = `translateX(${Math.round(x * scale)}px)`;
  mark.style.width = `${Math.round(width * scale)}px`;
}

/** Width of the column with the lanes' names, pixels. */
function gutterOf(width: number): number {
  return width < NARROW ? GUTTER_NARROW : GUTTER_WIDE;
}

function fitCanvas(
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  scale: number,
): void {
  const ratio = (devicePixelRatio || 1) * scale;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width * scale}px`;
    canvas.style.height = `${height * scale}px`;
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}
