// A line diff, for edits whose event carries no patch.

import { diffArrays } from "diff";

export interface DiffLine {
  readonly sign: " " | "+" | "-" | "@";
  readonly text: string;
  readonly oldLine?: number;
  readonly newLine?: number;
}

/** Lines removed and added; comparing takes time with the product of this and the length. */
const MAX_EDITS = 2000;

export function diffLines(before: string, after: string, oldStart = 1, newStart = 1): DiffLine[] {
  const a = before === "" ? [] : before.split("\n");
  const b = after === "" ? [] : after.split("\n");
  return numbered(compare(a, b), oldStart, newStart);
}

interface Signed {
  readonly sign: " " | "+" | "-";
  readonly text: string;
}

/** What became of the lines of one text in another; beyond the limit all old ones went and all new ones came. */
function compare(before: readonly string[], after: readonly string[]): Signed[] {
  const changes = diffArrays([...before], [...after], { maxEditLength: MAX_EDITS });
  if (!changes) return [...before.map((text) => signed("-", text)), ...after.map((text) => signed("+", text))];
  return changes.flatMap(({ added, removed, value }) =>
    value.map((text) => signed(added ? "+" : removed ? "-" : " ", text)),
  );
}

function signed(sign: Signed["sign"], text: string): Signed {
  return { sign, text };
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
