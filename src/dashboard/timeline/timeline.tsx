// The score on screen: a canvas that is drawn when something changed, at most once a frame, and a strip of the whole session.
// Pointer: drag pans, Ctrl and wheel or two fingers zoom, a click chooses. Keys: arrows, + and -, Home shows all.
// For those who do not see it: the list below has the same events, in the same order, always in step.

import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { unit } from "../part/unit.ts";
import { type Palette, paletteOf } from "./colours.ts";
import { draw, type Picture, RULER_HEIGHT } from "./draw.ts";
import { layOut } from "./layout.ts";
import { COUNT_EVERY_MS, OVERVIEW_HEIGHT, Overview } from "./overview.ts";
import { barAt, barText } from "./pick.ts";
import {
  boundsOf,
  centreOn,
  choose,
  followHead,
  headOf,
  panBy,
  rowsUntilHead,
  type Stage,
  showAll,
  zoomBy,
} from "./stage.ts";

const GUTTER_WIDE = 150;
const GUTTER_NARROW = 84;
const NARROW = 640;
const MAX_LANES_HEIGHT_SHARE = 0.42;
const MIN_LANES_HEIGHT = 70;
const WHEEL_ZOOM = 0.0022;
const DRAG_SLACK_PX = 4;
/** A view that follows moves by itself; this often is smooth to the eye at its usual zoom. */
const FOLLOW_FRAME_MS = 50;

export function Timeline({ stage }: { stage: Stage }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const strip = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!canvas.current || !strip.current || !box.current || !tip.current) return;
    return startTimeline(stage, canvas.current, strip.current, box.current, tip.current);
  }, [stage]);

  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields
    <div
      class="timeline"
      ref={box}
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the keys named in its label
      tabIndex={0}
      aria-label="Timeline. Arrow keys move, plus and minus zoom, Home shows all. The list below has the same events."
    >
      <canvas ref={canvas} />
      <canvas ref={strip} />
      <div class="tip" ref={tip} hidden />
    </div>
  );
}

/** Draws until the returned function is called. */
function startTimeline(
  stage: Stage,
  canvas: HTMLCanvasElement,
  strip: HTMLCanvasElement,
  box: HTMLDivElement,
  tip: HTMLDivElement,
): () => void {
  const context = canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
  const stripContext = strip.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
  // Everything is drawn in units, which are pixels on a usual screen.
  const measure = () => ({ width: box.clientWidth / unit(), window: innerHeight / unit(), unit: unit() });
  const size = signal(measure());
  const restyled = signal(0);
  let scroll = 0;
  let palette: Palette = paletteOf(box);
  let picture: Picture | undefined;
  let frame = 0;
  let lastFollow = 0;
  let dirty = false;
  let again: number | undefined;
  const overview = new Overview();

  /** While it follows, time moves by itself. */
  const flow = (): void => {
    frame = 0;
    const at = Date.now();
    if (stage.follow.peek() && stage.open.peek() && at - lastFollow >= FOLLOW_FRAME_MS) {
      lastFollow = at;
      followHead(stage, at);
      dirty = true;
    }
    if (dirty && size.peek().width > 0) paint(at);
    dirty = false;
    if (stage.follow.peek() && stage.open.peek()) frame ||= requestAnimationFrame(flow);
  };
  const paint = (at: number): void => {
    const width = size.value.width;
    const gutter = width < NARROW ? GUTTER_NARROW : GUTTER_WIDE;
    const view = stage.view.value;
    const layout = layOut(stage.score.lanes, view);
    const room = Math.max(size.value.window * MAX_LANES_HEIGHT_SHARE, MIN_LANES_HEIGHT);
    const height = RULER_HEIGHT + Math.max(Math.min(layout.height, room), MIN_LANES_HEIGHT);
    scroll = Math.min(scroll, Math.max(layout.height + RULER_HEIGHT - height, 0));
    const head = headOf(stage, at);
    picture = {
      score: stage.score,
      view,
      layout,
      palette,
      width,
      height,
      gutter,
      scroll,
      head,
      selected: stage.selected.value,
      listed: stage.listed.value,
    };
    fitCanvas(canvas, context, width, height, size.value.unit);
    draw(context, picture);
    fitCanvas(strip, stripContext, width, OVERVIEW_HEIGHT, size.value.unit);
    const late = overview.draw(stripContext, stage.score, boundsOf(stage, at), view, palette, {
      width,
      gutter,
      head,
      ratio: (devicePixelRatio || 1) * size.value.unit,
    });
    if (late)
      again ??= window.setTimeout(() => {
        again = undefined;
        invalidate();
      }, COUNT_EVERY_MS);
  };
  const invalidate = (): void => {
    dirty = true;
    frame ||= requestAnimationFrame(flow);
  };
  const stop = effect(() => {
    // Whatever the drawing depends on; reading it here is what subscribes.
    void [
      stage.view.value,
      stage.selected.value,
      stage.changed.value,
      stage.replay.value,
      stage.listed.value,
      stage.open.value,
      stage.follow.value,
      size.value,
      restyled.value,
    ];
    invalidate();
  });
  const resized = new ResizeObserver(() => {
    size.value = measure();
  });
  resized.observe(box);
  const restyle = (): void => {
    palette = paletteOf(box);
    restyled.value += 1;
  };
  const themed = new MutationObserver(restyle);
  themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", restyle);

  const placeOf = (event: MouseEvent) => ({ x: event.offsetX / unit(), y: event.offsetY / unit() });
  const timeAt = (x: number): number => {
    const { view, gutter, width } = picture as Picture;
    return view.from + ((x - gutter) / Math.max(width - gutter, 1)) * (view.to - view.from);
  };
  const gestures = new AbortController();
  const on = <K extends keyof HTMLElementEventMap>(
    target: HTMLElement,
    type: K,
    listener: (event: HTMLElementEventMap[K]) => void,
    passive = true,
  ): void => target.addEventListener(type, listener, { signal: gestures.signal, passive });

  on(
    canvas,
    "wheel",
    (event) => {
      if (!picture) return;
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault();
        zoomBy(stage, Math.exp(event.deltaY * WHEEL_ZOOM), timeAt(placeOf(event).x), Date.now());
      } else if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
        event.preventDefault();
        panBy(stage, (event.deltaX || event.deltaY) / unit() / Math.max(picture.width - picture.gutter, 1), Date.now());
      } else {
        const room = Math.max(picture.layout.height + RULER_HEIGHT - picture.height, 0);
        const next = Math.min(Math.max(scroll + event.deltaY / unit(), 0), room);
        if (next === scroll) return;
        event.preventDefault();
        scroll = next;
        invalidate();
      }
    },
    false,
  );
  let dragged: { x: number; y: number; moved: boolean } | undefined;
  on(canvas, "pointerdown", (event) => {
    dragged = { ...placeOf(event), moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  on(canvas, "pointermove", (event) => {
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
    panBy(stage, by / Math.max(picture.width - picture.gutter, 1), Date.now());
  });
  on(canvas, "pointerup", (event) => {
    if (picture && dragged && !dragged.moved) {
      const { x, y } = placeOf(event);
      const bar = barAt(picture, x, y);
      if (bar >= 0) choose(stage, stage.score.barRow.at(bar), "timeline", Date.now());
      else if (y < RULER_HEIGHT) centreOn(stage, timeAt(x), Date.now());
    }
    dragged = undefined;
  });
  on(canvas, "pointercancel", () => {
    dragged = undefined;
  });
  on(canvas, "pointerleave", () => {
    tip.hidden = true;
  });
  on(canvas, "dblclick", (event) => zoomBy(stage, event.shiftKey ? 4 : 0.25, timeAt(placeOf(event).x), Date.now()));
  const brush = (event: PointerEvent): void => {
    if (!picture || event.buttons === 0) return;
    const { gutter, width } = picture;
    const { from, to } = boundsOf(stage, Date.now());
    centreOn(stage, from + ((placeOf(event).x - gutter) / Math.max(width - gutter, 1)) * (to - from), Date.now());
  };
  on(strip, "pointerdown", (event) => {
    strip.setPointerCapture(event.pointerId);
    brush(event);
  });
  on(strip, "pointermove", brush);
  on(
    box,
    "keydown",
    (event) => {
      const handled = timelineKey(stage, event);
      if (!handled) return;
      event.preventDefault();
      event.stopPropagation();
    },
    false,
  );

  return () => {
    stop();
    gestures.abort();
    resized.disconnect();
    themed.disconnect();
    scheme.removeEventListener("change", restyle);
    cancelAnimationFrame(frame);
    clearTimeout(again);
  };
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

function showTip(tip: HTMLDivElement, picture: Picture, x: number, y: number): void {
  const bar = barAt(picture, x, y);
  tip.hidden = bar < 0;
  if (bar < 0) return;
  tip.textContent = barText(picture.score, bar, picture.head);
  const left = Math.min(x + 12, picture.width - 40);
  tip.style.transform = `translate(${Math.round(left * unit())}px, ${Math.round((y + 16) * unit())}px)`;
  tip.style.maxWidth = `${Math.max(picture.width - left - 8, 160) * unit()}px`;
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
