// Unified diffs, for plans that people read.

import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";

const CONTEXT_LINES = 3;
/** Lines removed and added; comparing takes time with the product of this and the length. */
const MAX_EDITS = 2000;

/** A unified diff of two texts with three lines of context; "" where they are equal. */
export function unifiedDiff(oldText: string, newText: string, oldName: string, newName: string): string {
  if (oldText === newText) return "";
  const options = { context: CONTEXT_LINES, headerOptions: FILE_HEADERS_ONLY, maxEditLength: MAX_EDITS };
  const patch = createTwoFilesPatch(oldName, newName, oldText, newText, undefined, undefined, options);
  return patch ?? `--- ${oldName}\n+++ ${newName}\n${replaced(oldText, newText)}`;
}

/** One hunk that removes every old line and adds every new one. */
function replaced(oldText: string, newText: string): string {
  const [olds, news] = [linesOf(oldText), linesOf(newText)];
  const range = (lines: readonly string[]) => (lines.length > 0 ? `1,${lines.length}` : "0,0");
  const body = [...olds.map((line) => `-${line}\n`), ...news.map((line) => `+${line}\n`)];
  return `@@ -${range(olds)} +${range(news)} @@\n${body.join("")}`;
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}
