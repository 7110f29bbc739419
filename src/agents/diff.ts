// Unified diffs, for plans that people read.

import { diff as compare } from "node:util";

const CONTEXT_LINES = 3;
/** Of both texts, without their common beginning and end. Comparing takes time with the square of it. */
const MAX_COMPARED_LINES = 2000;

interface Line {
  readonly mark: " " | "-" | "+";
  readonly text: string;
  /** How many lines of the old and of the new text stand before this one. */
  readonly before: readonly [number, number];
}

/** A unified diff of two texts with three lines of context; "" where they are equal. */
export function unifiedDiff(oldText: string, newText: string, oldName: string, newName: string): string {
  if (oldText === newText) return "";
  const lines = linesOf(oldText, newText);
  const hunks: [number, number][] = [];
  for (const [index, line] of lines.entries()) {
    if (line.mark === " ") continue;
    const last = hunks.at(-1);
    const end = Math.min(index + 1 + CONTEXT_LINES, lines.length);
    if (last && index - CONTEXT_LINES <= last[1]) last[1] = end;
    else hunks.push([Math.max(index - CONTEXT_LINES, 0), end]);
  }
  const body = hunks.map(([from, to]) => {
    const hunk = lines.slice(from, to);
    const range = (side: 0 | 1, absent: string) => {
      const size = hunk.filter((line) => line.mark !== absent).length;
      return `${(hunk[0]?.before[side] ?? 0) + (size > 0 ? 1 : 0)},${size}`;
    };
    const text = hunk.map((line) => `${line.mark}${line.text}\n`).join("");
    return `@@ -${range(0, "+")} +${range(1, "-")} @@\n${text}`;
  });
  return `--- ${oldName}\n+++ ${newName}\n${body.join("")}`;
}

function linesOf(oldText: string, newText: string): Line[] {
  let [olds, news] = [0, 0];
  return operationsOn(split(oldText), split(newText)).map(([mark, text]) => {
    const before = [olds, news] as const;
    if (mark !== "+") olds++;
    if (mark !== "-") news++;
    return { mark, text, before };
  });
}

function operationsOn(olds: readonly string[], news: readonly string[]): (readonly [Line["mark"], string])[] {
  const shorter = Math.min(olds.length, news.length);
  let head = 0;
  while (head < shorter && olds[head] === news[head]) head++;
  let tail = 0;
  while (tail < shorter - head && olds.at(-1 - tail) === news.at(-1 - tail)) tail++;
  const [before, after] = [olds.slice(head, olds.length - tail), news.slice(head, news.length - tail)];
  const all = (mark: Line["mark"]) => (text: string) => [mark, text] as const;
  const between =
    before.length > 0 && after.length > 0 && before.length + after.length <= MAX_COMPARED_LINES
      ? compare(before, after).map(([how, text]) => [how === 0 ? " " : how > 0 ? "-" : "+", text] as const)
      : [...before.map(all("-")), ...after.map(all("+"))];
  return [...olds.slice(0, head).map(all(" ")), ...between, ...olds.slice(olds.length - tail).map(all(" "))];
}

function split(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
