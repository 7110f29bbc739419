// What hands do to the timeline. Pointer: drag moves, Ctrl and wheel or two fingers zoom, a click chooses a call or a
// subagent, or opens the turn whose title it is on; a double click zooms in; on the strip, press and drag.
// Keys: arrows, + and -, Home shows all, Page Up and Page Down go from subagent to subagent, Enter opens the turn.

import { unit } from "../part/unit.ts";
import { OVERVIEW_HEIGHT } from "./overview.ts";
import { barAt, barText, laneAt, laneText, turnAt, turnText } from "./pick.ts";
import { type Picture, RULER_HEIGHT } from "./picture.ts";
import {
  boundsOf,
  centreOn,
  choose,
  chooseLane,
  panBy,
  rowsUntilHead,
  type Stage,
  showAll,
  turnInView,
  zoomBy,
} from "./stage.ts";

const WHEEL_ZOOM = 0.0022;
const DRAG_SLACK_PX = 4;
const MIN_PINCH_PX = 12;
const TIP_GAP_PX = 12;
const MAX_TIP_PX = 560;

/** A place on the canvas. */
interface Point {
  readonly x: number;
  readonly y: number;
}

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
  /** Leads to a turn, by its number. */
  openTurn(number: number): void;
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
  /** Fingers on the canvas: two of them pinch. */
  const fingers = new Map<number, Point>();
  on(canvas, "pointerdown", (event) => {
    const place = placeOf(event);
    fingers.set(event.pointerId, place);
    dragged = fingers.size === 1 ? { ...place, moved: false } : undefined;
    canvas.setPointerCapture(event.pointerId);
  });
  on(canvas, "pointermove", (event) => {
    const picture = surface.picture();
    if (!picture) return;
    const place = placeOf(event);
    const before = fingers.get(event.pointerId);
    if (!before) {
      showTip(tip, canvas, picture, place);
      return;
    }
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      fingers.set(event.pointerId, place);
      tip.hidden = true;
      pinch(stage, picture, [before, other], [place, other]);
      return;
    }
    if (!dragged) return;
    const by = { x: dragged.x - place.x, y: dragged.y - place.y };
    if (!dragged.moved && Math.hypot(by.x, by.y) < DRAG_SLACK_PX) return;
    tip.hidden = true;
    dragged = { ...place, moved: true };
    fingers.set(event.pointerId, place);
    panBy(stage, by.x / innerWidthOf(picture), Date.now());
    surface.scrollLanes(by.y);
  });
  on(canvas, "pointerup", (event) => {
    fingers.delete(event.pointerId);
    const picture = surface.picture();
    if (picture && dragged && !dragged.moved) click(stage, surface, picture, placeOf(event));
    dragged = undefined;
  });
  on(canvas, "pointercancel", (event) => {
    fingers.delete(event.pointerId);
    dragged = undefined;
  });
  // The browser would scroll the page with two fingers, and take them from us.
  const holdPage = (event: TouchEvent): void => {
    if (event.touches.length > 1 && event.cancelable) event.preventDefault();
  };
  on(canvas, "touchstart", holdPage, false);
  on(canvas, "touchmove", holdPage, false);
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
    if (!timelineKey(stage, surface, event)) return;
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

function timelineKey(stage: Stage, surface: Surface, event: KeyboardEvent): boolean {
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
    case "PageDown":
      return otherLane(stage, 1, at);
    case "PageUp":
      return otherLane(stage, -1, at);
    case "Enter": {
      const turn = turnInView(stage);
      if (turn) surface.openTurn(turn.number);
      return turn !== undefined;
    }
  }
  return false;
}

/** The subagent that began after the chosen event, or before it. */
function otherLane(stage: Stage, step: 1 | -1, at: number): boolean {
  const { model, selected, view } = stage;
  const chosen = selected.value;
  const t = chosen >= 0 ? model.t.at(chosen) : view.value.from;
  const own = chosen >= 0 ? model.lane.at(chosen) : -1;
  const lanes = model.parts.lanes
    .filter(({ index, start }) => index > 0 && !Number.isNaN(start))
    .toSorted((a, b) => a.start - b.start || a.index - b.index);
  const here = lanes.findIndex(({ index }) => index === own);
  const next =
    here >= 0
      ? lanes[here + step]
      : step > 0
        ? lanes.find(({ start }) => start >= t)
        : lanes.findLast(({ start }) => start < t);
  if (next) chooseLane(stage, next, at, true);
  return lanes.length > 0;
}

/** What a click means where it falls: a turn's title, a call, a subagent, a time. */
function click(stage: Stage, surface: Surface, picture: Picture, { x, y }: Point): void {
  const at = Date.now();
  const turn = turnAt(picture, x, y);
  const bar = barAt(picture, x, y);
  const lane = laneAt(picture, x, y);
  if (turn) surface.openTurn(turn.number);
  else if (bar >= 0) choose(stage, stage.model.parts.barRow.at(bar), "timeline", at);
  else if (lane) chooseLane(stage, lane, at, x < picture.gutter);
  else if (y < RULER_HEIGHT && x >= picture.gutter) centreOn(stage, timeAt(picture, x), at);
}

/** What was between two fingers stays between them. */
function pinch(stage: Stage, picture: Picture, before: readonly [Point, Point], after: readonly [Point, Point]): void {
  const at = Date.now();
  const apart = ([a, b]: readonly [Point, Point]) => Math.max(Math.abs(a.x - b.x), MIN_PINCH_PX);
  const middle = ([a, b]: readonly [Point, Point]) => (a.x + b.x) / 2;
  stage.follow.value = false;
  zoomBy(stage, apart(before) / apart(after), timeAt(picture, middle(before)), at);
  panBy(stage, (middle(before) - middle(after)) / innerWidthOf(picture), at);
}

/** What is under the pointer, in words: beside it, within the timeline. */
function showTip(tip: HTMLElement, canvas: HTMLElement, picture: Picture, { x, y }: Point): void {
  const bar = barAt(picture, x, y);
  const turn = turnAt(picture, x, y);
  const lane = laneAt(picture, x, y);
  canvas.style.cursor = bar >= 0 || turn || lane ? "pointer" : "";
  const text =
    bar >= 0
      ? barText(picture.model, bar, picture.head)
      : turn
        ? turnText(turn, picture.head)
        : lane && laneText(lane, picture.head);
  tip.hidden = text === undefined;
  if (text === undefined) return;
  tip.textContent = text;
  const scale = unit();
  const room = { x: picture.width * scale, y: canvas.clientHeight };
  tip.style.maxWidth = `${Math.min(MAX_TIP_PX * scale, room.x - 2 * TIP_GAP_PX)}px`;
  const left = Math.min(x * scale + TIP_GAP_PX, room.x - tip.offsetWidth - TIP_GAP_PX);
  const below = (y + 16) * scale;
  const top = below + tip.offsetHeight > room.y + OVERVIEW_HEIGHT * scale ? y * scale - tip.offsetHeight - 8 : below;
  tip.style.transform = `translate(${Math.round(Math.max(left, 0))}px, ${Math.round(Math.max(top, 0))}px)`;
}
