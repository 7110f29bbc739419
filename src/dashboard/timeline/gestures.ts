// What hands do to the timeline. Pointer: drag moves, Ctrl and wheel or two fingers zoom, a click chooses, a double click
// zooms in; on the strip, press and drag. Keys: arrows, + and -, Home shows all.

import { unit } from "../part/unit.ts";
import { barAt, barText } from "./pick.ts";
import { type Picture, RULER_HEIGHT } from "./picture.ts";
import { boundsOf, centreOn, choose, panBy, rowsUntilHead, type Stage, showAll, zoomBy } from "./stage.ts";

const WHEEL_ZOOM = 0.0022;
const DRAG_SLACK_PX = 4;

export interface Elements {
  readonly canvas: HTMLCanvasElement;
  /** The whole session, below. */
  readonly strip: HTMLCanvasElement;
  readonly box: HTMLElement;
  /** What is under the pointer, in words. */
  readonly tip: HTMLElement;
}

export interface Surface {
  /** As last drawn; undefined before that. */
  picture(): Picture | undefined;
  /** @param by pixels @returns false at the end */
  scrollLanes(by: number): boolean;
}

/** Listens until aborted. */
export function startGestures(stage: Stage, { canvas, strip, box, tip }: Elements, surface: Surface): AbortController {
  const listening = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(
    target: HTMLElement,
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    passive = true,
  ): void => target.addEventListener(type, listener, { signal: listening.signal, passive });
  const placeOf = (event: MouseEvent) => ({ x: event.offsetX / unit(), y: event.offsetY / unit() });

  const turnWheel = (event: WheelEvent): void => {
    const picture = surface.picture();
    if (!picture) return;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      zoomBy(stage, Math.exp(event.deltaY * WHEEL_ZOOM), timeAt(picture, placeOf(event).x), Date.now());
    } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      panBy(stage, (event.deltaX || event.deltaY) / unit() / innerWidthOf(picture), Date.now());
    } else if (surface.scrollLanes(event.deltaY / unit())) event.preventDefault();
  };
  on(canvas, "wheel", turnWheel, false);

  let dragged: { x: number; y: number; moved: boolean } | undefined;
  on(canvas, "pointerdown", (event) => {
    dragged = { ...placeOf(event), moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  on(canvas, "pointermove", (event) => {
    const picture = surface.picture();
    if (!picture) return;
    const { x, y } = placeOf(event);
    if (!dragged) {
      showTip(tip, picture, x, y);
      return;
    }
    const by = dragged.x - x;
    if (!dragged.moved && Math.abs(by) < DRAG_SLACK_PX) return;
    tip.hidden = true;
    dragged = { x, y, moved: true };
    panBy(stage, by / innerWidthOf(picture), Date.now());
  });
  on(canvas, "pointerup", (event) => {
    const picture = surface.picture();
    if (picture && dragged && !dragged.moved) {
      const { x, y } = placeOf(event);
      const bar = barAt(picture, x, y);
      if (bar >= 0) choose(stage, stage.model.parts.barRow.at(bar), "timeline", Date.now());
      else if (y < RULER_HEIGHT) centreOn(stage, timeAt(picture, x), Date.now());
    }
    dragged = undefined;
  });
  on(canvas, "pointercancel", () => {
    dragged = undefined;
  });
  on(canvas, "pointerleave", () => {
    tip.hidden = true;
  });
  on(canvas, "dblclick", (event) => {
    const picture = surface.picture();
    if (picture) zoomBy(stage, event.shiftKey ? 4 : 0.25, timeAt(picture, placeOf(event).x), Date.now());
  });

  const brush = (event: PointerEvent): void => {
    const picture = surface.picture();
    if (!picture || event.buttons === 0) return;
    const { from, to } = boundsOf(stage, Date.now());
    const share = (placeOf(event).x - picture.gutter) / innerWidthOf(picture);
    centreOn(stage, from + share * (to - from), Date.now());
  };
  on(strip, "pointerdown", (event) => {
    strip.setPointerCapture(event.pointerId);
    brush(event);
  });
  on(strip, "pointermove", brush);

  const pressKey = (event: KeyboardEvent): void => {
    if (!timelineKey(stage, event)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  on(box, "keydown", pressKey, false);
  return listening;
}

/** Width of the lanes without their names, pixels. */
function innerWidthOf({ width, gutter }: Picture): number {
  return Math.max(width - gutter, 1);
}

function timeAt(picture: Picture, x: number): number {
  const { view, gutter } = picture;
  return view.from + ((x - gutter) / innerWidthOf(picture)) * (view.to - view.from);
}

function timelineKey(stage: Stage, event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const at = Date.now();
  const step = event.shiftKey ? 0.8 : 0.15;
  switch (event.key) {
    case "ArrowLeft":
      panBy(stage, -step, at);
      return true;
    case "ArrowRight":
      panBy(stage, step, at);
      return true;
    case "ArrowUp":
    case "ArrowDown": {
      const from = stage.selected.value;
      const to = Math.min(Math.max(from + (event.key === "ArrowUp" ? -1 : 1), 0), rowsUntilHead(stage) - 1);
      choose(stage, to, "timeline", at);
      return true;
    }
    case "+":
    case "=":
      zoomBy(stage, 0.5, undefined, at);
      return true;
    case "-":
      zoomBy(stage, 2, undefined, at);
      return true;
    case "Home":
    case "0":
      showAll(stage, at);
      return true;
  }
  return false;
}

function showTip(tip: HTMLElement, picture: Picture, x: number, y: number): void {
  const bar = barAt(picture, x, y);
  tip.hidden = bar < 0;
  if (bar < 0) return;
  tip.textContent = barText(picture.model, bar, picture.head);
  const left = Math.min(x + 12, picture.width - 40);
  tip.style.transform = `translate(${Math.round(left * unit())}px, ${Math.round((y + 16) * unit())}px)`;
  tip.style.maxWidth = `${Math.max(picture.width - left - 8, 160) * unit()}px`;
}
