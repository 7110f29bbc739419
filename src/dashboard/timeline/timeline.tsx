// The model on screen: drawn when something changed, at most once a frame, from the moment it is there until it is gone.
// For those who do not see it: the list below has the same events, in the same order, always in step.

import { effect, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Splitter } from "../part/splitter.tsx";
import { unit } from "../part/unit.ts";
import { splits } from "../preferences.ts";
import { type Elements, startGestures } from "./gestures.ts";
import { COUNT_EVERY_MS } from "./overview.ts";
import { markListed, Painter } from "./painter.ts";
import { RULER_HEIGHT } from "./picture.ts";
import { followHead, type Stage } from "./stage.ts";

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

/** Draws until the returned function is called. `openTurn` leads to a turn, by its number. */
function startTimeline(stage: Stage, parts: Parts, openTurn: (number: number) => void): () => void {
  const { box, listed } = parts;
  const painter = new Painter(stage, parts);
  // Everything is drawn in units, which are pixels on a usual screen.
  const measure = () => ({ width: box.clientWidth / unit(), window: innerHeight / unit(), unit: unit() });
  const size = signal(measure());
  const restyled = signal(0);
  let frame = 0;
  let lastFollow = 0;
  let dirty = false;
  let again: number | undefined;

  /** While it follows, time moves by itself. */
  const flow = (): void => {
    frame = 0;
    const at = Date.now();
    if (stage.follow.peek() && stage.open.peek() && at - lastFollow >= FOLLOW_FRAME_MS) {
      lastFollow = at;
      followHead(stage, at);
      dirty = true;
    }
    if (dirty && size.peek().width > 0 && !painter.paint(size.peek(), at))
      again ??= window.setTimeout(() => {
        again = undefined;
        invalidate();
      }, COUNT_EVERY_MS);
    dirty = false;
    if (stage.follow.peek() && stage.open.peek()) frame ||= requestAnimationFrame(flow);
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
  const stopMark = effect(() => markListed(listed, stage.listed.value, stage.view.value, size.value));
  const resized = new ResizeObserver(() => {
    size.value = measure();
  });
  resized.observe(box);
  const restyle = (): void => {
    painter.restyle();
    restyled.value += 1;
  };
  const themed = new MutationObserver(restyle);
  themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", restyle);
  const hands = startGestures(stage, parts, {
    picture: () => painter.picture,
    openTurn,
    scrollLanes(by) {
      const isMoved = painter.scrollLanes(by);
      if (isMoved) invalidate();
      return isMoved;
    },
  });

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
