// The word that was probably meant.

/**
 * The candidate that a mistyped word is nearest to: the same but for case, hyphens and underscores, or at most so many
 * letters wrong, missing, extra or swapped. Of equally near ones the first wins.
 */
export function nearest(word: string, candidates: Iterable<string>, maxEdits: number): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s]/g, "");
  const wanted = plain(word);
  let best: string | undefined;
  let fewest = maxEdits + 1;
  for (const candidate of candidates) {
    const other = plain(candidate);
    if (other === wanted) return candidate;
    if (Math.abs(other.length - wanted.length) >= fewest) continue;
    const count = edits(wanted, other);
    if (count < fewest) [best, fewest] = [candidate, count];
  }
  return best;
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
function edits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length] ?? 0;
}
