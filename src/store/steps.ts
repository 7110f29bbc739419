// Equal steps of time for plots: as wide as whole units of a clock, and beginning where such a unit begins.

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MAX_STEPS = 48;
/** A day that was asked for a moment ago is still a day. */
const TOLERANCE = 0.98;
const WIDTHS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  DAY_MS,
];

export interface Steps {
  /** Beginning of the first one, ms since 1970: not after the span's. */
  readonly from: number;
  /** ms */
  readonly step: number;
  readonly length: number;
}

/**
 * The steps of a span, in the time of day of this machine; a day and more is whole days. Where the clocks change within it, what
 * comes after begins an hour off, so that all are equal.
 */
export function stepsOf(since: number, until: number): Steps {
  const least = Math.max(((until - since) * TOLERANCE) / MAX_STEPS, MINUTE_MS);
  const step = WIDTHS_MS.find((width) => width >= least) ?? Math.ceil(least / DAY_MS) * DAY_MS;
  const zone = new Date(since).getTimezoneOffset() * MINUTE_MS;
  const from = Math.floor((since - zone) / step) * step + zone;
  return { from, step, length: Math.max(1, Math.ceil((until - from) / step)) };
}
