// Which part of time a timeline shows. Pure: every gesture is a function from viewport to viewport.

export interface Viewport {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
}

/** Closer than this there is nothing to see: rows have whole milliseconds. */
const MIN_SPAN_MS = 20;
const MARGIN = 0.02;

/** Everything from first to last, with a little air at both ends. */
export function fit(first: number, last: number): Viewport {
  const span = Math.max(last - first, 1000);
  return { from: first - span * MARGIN, to: last + span * MARGIN };
}

/** @param anchor the time that stays where it is */
export function zoom(view: Viewport, factor: number, anchor: number, bounds: Viewport): Viewport {
  const span = view.to - view.from;
  const next = Math.min(Math.max(span * factor, MIN_SPAN_MS), bounds.to - bounds.from);
  const ratio = next / span;
  return clamp({ from: anchor - (anchor - view.from) * ratio, to: anchor + (view.to - anchor) * ratio }, bounds);
}

export function pan(view: Viewport, ms: number, bounds: Viewport): Viewport {
  return clamp({ from: view.from + ms, to: view.to + ms }, bounds);
}

/** The same span with `t` at a place between 0 (left edge) and 1 (right edge). */
export function showAt(view: Viewport, t: number, place: number, bounds: Viewport): Viewport {
  const span = view.to - view.from;
  return clamp({ from: t - span * place, to: t + span * (1 - place) }, bounds);
}

/** Moved only as far as it takes for `t` to be in view. */
export function reveal(view: Viewport, t: number, bounds: Viewport): Viewport {
  return t >= view.from && t <= view.to ? view : showAt(view, t, 0.5, bounds);
}

function clamp(view: Viewport, bounds: Viewport): Viewport {
  const span = view.to - view.from;
  if (span >= bounds.to - bounds.from) return bounds;
  const from = Math.min(Math.max(view.from, bounds.from), bounds.to - span);
  return { from, to: from + span };
}

const STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000, 86_400_000, 172_800_000, 604_800_000,
];

/** Times of the ruler's ticks: round, in local time, at least `minGap` pixels apart. */
export function ticks(view: Viewport, width: number, minGap: number): { step: number; times: number[] } {
  const perPixel = (view.to - view.from) / Math.max(width, 1);
  const step = STEPS_MS.find((candidate) => candidate / perPixel >= minGap) ?? (STEPS_MS.at(-1) as number);
  const offset = new Date(view.from).getTimezoneOffset() * 60_000;
  const times: number[] = [];
  for (let t = Math.ceil((view.from - offset) / step) * step + offset; t <= view.to; t += step) times.push(t);
  return { step, times };
}
