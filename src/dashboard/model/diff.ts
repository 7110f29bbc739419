// A line diff, for edits whose event carries no patch. Small inputs only: beyond the limit, all old lines go and all new ones come.

export interface DiffLine {
  readonly sign: " " | "+" | "-" | "@";
  readonly text: string;
  readonly oldLine?: number;
  readonly newLine?: number;
}

const MAX_CELLS = 4_000_000;

export function diffLines(before: string, after: string, oldStart = 1, newStart = 1): DiffLine[] {
  const a = before === "" ? [] : before.split("\n");
  const b = after === "" ? [] : after.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail])
    tail += 1;
  const middle = between(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const signed = [
    ...a.slice(0, head).map((text) => ({ sign: " " as const, text })),
    ...middle,
    ...a.slice(a.length - tail).map((text) => ({ sign: " " as const, text })),
  ];
  return numbered(signed, oldStart, newStart);
}

interface Signed {
  readonly sign: " " | "+" | "-";
  readonly text: string;
}

/** Longest common subsequence, by a table of lengths of the suffixes. */
function between(a: readonly string[], b: readonly string[]): Signed[] {
  const removed = (text: string): Signed => ({ sign: "-", text });
  const added = (text: string): Signed => ({ sign: "+", text });
  if (a.length * b.length > MAX_CELLS) return [...a.map(removed), ...b.map(added)];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: Signed[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ sign: " ", text: a[i] ?? "" });
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || at(i + 1, j) >= at(i, j + 1))) lines.push(removed(a[i++] ?? ""));
    else lines.push(added(b[j++] ?? ""));
  }
  return lines;
}

function numbered(lines: readonly Signed[], oldStart: number, newStart: number): DiffLine[] {
  let oldLine = oldStart;
  let newLine = newStart;
  return lines.map((line) => {
    if (line.sign === "-") return { ...line, oldLine: oldLine++ };
    if (line.sign === "+") return { ...line, newLine: newLine++ };
    return { ...line, oldLine: oldLine++, newLine: newLine++ };
  });
}

/** A `structuredPatch` as the host sends it, hunk by hunk; what is malformed in it is left out. */
export function patchLines(patch: unknown): DiffLine[] {
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((hunk: unknown) => {
    if (typeof hunk !== "object" || hunk === null) return [];
    const { oldStart, newStart, lines } = hunk as Record<string, unknown>;
    if (!Array.isArray(lines)) return [];
    const signed = lines.filter((line): line is string => typeof line === "string").map(signedOf);
    const from = Number(oldStart) || 1;
    const to = Number(newStart) || 1;
    return [{ sign: "@" as const, text: `line ${to}` }, ...numbered(signed, from, to)];
  });
}

function signedOf(line: string): Signed {
  const sign = line[0];
  return sign === "+" || sign === "-" ? { sign, text: line.slice(1) } : { sign: " ", text: line.slice(1) };
}
