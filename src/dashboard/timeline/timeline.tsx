// The model on screen: a canvas that is drawn when something changed, at most once a frame, and a strip of the whole session.
// For those who do not see it: the list below has the same events, in the same order, always in step.

import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Splitter, shareOf } from "../part/splitter.tsx";
import { unit } from "../part/unit.ts";
import { splits } from "../preferences.ts";
import { type Palette, paletteOf } from "./colours.ts";
import { draw } from "./draw.ts";
import { type Elements, startGestures } from "./gestures.ts";
import { inSight, layOut, type Track, tracksOf } from "./layout.ts";
import { COUNT_EVERY_MS, OVERVIEW_HEIGHT, Overview } from "./overview.ts";
import { type Picture, RULER_HEIGHT, xOf } from "./picture.ts";
import { boundsOf, followHead, headOf, type Stage } from "./stage.ts";

const GUTTER_WIDE = 150;
const GUTTER_NARROW = 84;
const NARROW = 640;
const MIN_MARK_WIDTH = 2;
const MIN_FRAME_WIDTH = 4;
const MIN_LANES_HEIGHT = 70;
/** A view that follows moves by itself; this often is smooth to the eye at its usual zoom. */
const FOLLOW_FRAME_MS = 50;

/** @param onTurn leads to a turn, by its number */
export function Timeline({ stage, onTurn }: { stage: Stage; onTurn: (number: number) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const strip = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const listed = useRef<HTMLDivElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const turn = useRef(onTurn);
  turn.current = onTurn;

  useEffect(() => {
    if (!canvas.current || !strip.current || !box.current || !tip.current || !listed.current || !frame.current) return;
    const parts = {
      canvas: canvas.current,
      strip: strip.current,
      box: box.current,
      tip: tip.current,
      listed: listed.current,
      frameMark: frame.current,
    };
    return startTimeline(stage, parts, (number) => turn.current(number));
  }, [stage]);

  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for form fields */}
      <div
        class="timeline"
        ref={box}
        role="group"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it takes the keys named in its label
        tabIndex={0}
        aria-label="Timeline. Arrow keys move, plus and minus zoom, Home shows all, Page Up and Page Down go from subagent to subagent, Enter opens the turn. The list below has the same events."
      >
        <canvas ref={canvas} />
        <canvas ref={strip} />
        <div class="listed" ref={listed} hidden />
        <div class="in-view" ref={frame} />
        <div class="tip" ref={tip} hidden />
      </div>
      <Splitter
        name="lanes"
        label="Height of the timeline"
        along="y"
        whole={() => innerHeight}
        filled={() => (100 * ((canvas.current?.clientHeight ?? 0) - RULER_HEIGHT * unit())) / innerHeight}
      />
    </>
  );
}

interface Parts extends Elements {
  /** Marks on the ruler what the list shows, */
  readonly listed: HTMLElement;
  /** and on the strip what the canvas shows: neither has to be drawn for the other to move. */
  readonly frameMark: HTMLElement;
}

/** Draws until the returned function is called. */
function startTimeline(
  stage: Stage,
  { canvas, strip, box, tip, listed, frameMark }: Parts,
  openTurn: (number: number) => void,
): () => void {
  const context = canvas.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
  const stripContext = strip.getContext("2d", { alpha: false }) as CanvasRenderingContext2D;
  // Everything is drawn in units, which are pixels on a usual screen.
  const measure = () => ({ width: box.clientWidth / unit(), window: innerHeight / unit(), unit: unit() });
  const size = signal(measure());
  const restyled = signal(0);
  let scroll = 0;
  let tracks: readonly Track[] = [];
  let packedAt = -1;
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
    const gutter = gutterOf(width);
    const view = stage.view.value;
    if (packedAt !== stage.model.version) {
      packedAt = stage.model.version;
      tracks = tracksOf(stage.model.parts.lanes);
    }
    const layout = layOut(tracks, view);
    const room = Math.max((size.value.window * shareOf("lanes")) / 100, MIN_LANES_HEIGHT);
    const height = RULER_HEIGHT + Math.max(Math.min(layout.height, room), MIN_LANES_HEIGHT);
    scroll = Math.min(scroll, Math.max(layout.height + RULER_HEIGHT - height, 0));
    const head = headOf(stage, at);
    picture = {
      model: stage.model,
      view,
      layout: inSight(layout, scroll, scroll + height - RULER_HEIGHT),
      palette,
      width,
      height,
      gutter,
      scroll,
      head,
      selected: stage.selected.value,
    };
    fitCanvas(canvas, context, width, height, size.value.unit);
    draw(context, picture);
    fitCanvas(strip, stripContext, width, OVERVIEW_HEIGHT, size.value.unit);
    const bounds = boundsOf(stage, at);
    const late = overview.draw(stripContext, stage.model, bounds, palette, {
      width,
      gutter,
      head,
      ratio: (devicePixelRatio || 1) * size.value.unit,
    });
    const inner = (t: number): number => gutter + ((t - bounds.from) / (bounds.to - bounds.from)) * (width - gutter);
    place(frameMark, inner(view.from), Math.max(inner(view.to) - inner(view.from), MIN_FRAME_WIDTH), size.value.unit);
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
      stage.open.value,
      stage.follow.value,
      size.value,
      restyled.value,
      splits.value,
    ];
    invalidate();
  });
  // Which part the list shows is marked beside the canvas: scrolling the list draws nothing anew.
  const stopMark = effect(() => {
    const { width, unit: scale } = size.value;
    const shown = stage.listed.value;
    const shape = { view: stage.view.value, width, gutter: gutterOf(width) };
    const from = shown ? Math.max(xOf(shape, shown.from), shape.gutter) : 0;
    const to = shown ? Math.min(Math.max(xOf(shape, shown.to), from + MIN_MARK_WIDTH), width) : 0;
    listed.hidden = to <= from;
    place(listed, from, to - from, scale);
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

  const hands = startGestures(
    stage,
    { canvas, strip, box, tip },
    {
      picture: () => picture,
      openTurn,
      scrollLanes(by) {
        if (!picture) return false;
        const room = Math.max(picture.layout.height + RULER_HEIGHT - picture.height, 0);
        const next = Math.min(Math.max(scroll + by, 0), room);
        if (next === scroll) return false;
        scroll = next;
        invalidate();
        return true;
      },
    },
  );

  return () => {
    stop();
    stopMark();
    hands.abort();
    resized.disconnect();
    themed.disconnect();
    scheme.removeEventListener("change", restyle);
    cancelAnimationFrame(frame);
    clearTimeout(again);
  };
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
