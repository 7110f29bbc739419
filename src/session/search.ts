// Places in what is sorted, found in few steps: lists of a long session are looked through for each of its rows.

/** The first index from which on the condition holds, of a list in which it holds for all that follow; its length where it holds for none. */
export function firstWhere<T>(list: readonly T[], holds: (one: T) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = list[middle];
    if (one !== undefined && holds(one)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Tells the last by number of the turns that had begun at a time; undefined before the first. */
export function lastBegun<T extends { readonly startedAt: number }>(turns: readonly T[]): (t: number) => T | undefined {
  // Clocks are set back: what is looked through is the earliest beginning of each and of those after it, which is sorted.
  const earliest = turns.map(({ startedAt }) => startedAt);
  for (let index = earliest.length - 2; index >= 0; index--)
    earliest[index] = Math.min(earliest[index] ?? 0, earliest[index + 1] ?? 0);
  return (t) => turns[firstWhere(earliest, (begun) => begun > t) - 1];
}
