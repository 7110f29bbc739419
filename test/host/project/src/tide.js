const PERIOD_H = 12.42;

/** Height of the tide above chart datum, in metres. */
export function height(hours, range, offset = 0) {
  return (range / 2) * (1 + Math.cos((2 * Math.PI * (hours - offset)) / PERIOD_H));
}
