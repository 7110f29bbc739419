// Where text stands on a terminal: wrapped lines, columns, tables that fit its width.
// - Widths are those of cells on the screen: a wide character takes two.

import { stripVTControlCharacters } from "node:util";
import { eastAsianWidth } from "get-east-asian-width";

const GAP = "  ";
/** No column of a table is made narrower, however narrow the terminal is. */
const MIN_COLUMN = 8;
const CUT = "…";

const PLAIN = /^[ -~]*$/;
/** Made when the first text needs it: it takes longer than all else that a verb does. */
let clusters: Intl.Segmenter | undefined;
const clustersOf = (text: string) => {
  clusters ??= new Intl.Segmenter();
  return clusters.segment(text);
};

/** Cells that a text takes; what only colours or moves takes none. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of clustersOf(stripVTControlCharacters(text))) cells += widthOfCluster(segment);
  return cells;
}

/** A cluster is as wide as the character that the others join; as an emoji it takes two cells. */
function widthOfCluster(cluster: string): number {
  const visible = cluster.replace(/^[\p{M}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]+/u, "");
  if (visible === "") return 0;
  if (visible.includes("\u{fe0e}")) return 1; // an emoji as text
  if (/^\p{Emoji_Presentation}|^\p{Emoji}.?\u{fe0f}/u.test(visible)) return 2;
  return eastAsianWidth(visible.codePointAt(0) ?? 0);
}

/** A paragraph in lines of at most `width` cells; `hanging` stands before all but the first. */
export function wrap(text: string, width: number, hanging = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line.trim() !== "" && widthOf(`${line} ${word}`) > width) {
      lines.push(line);
      line = `${hanging}${word}`;
    } else line = line.trim() === "" ? line + word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

/** No text is wrapped to fewer cells, however narrow the terminal is. */
const MIN_CELLS = 20;

/** A text that begins at cell `indent`, and goes on below its beginning where it is wider than the terminal. */
export function hang(text: string, indent: number, terminal: number | undefined): string {
  if (terminal === undefined) return text;
  return wrap(text, Math.max(MIN_CELLS, terminal - indent)).replaceAll("\n", `\n${" ".repeat(indent)}`);
}

/** Names and what is said of each, in two columns; what does not fit beside the name goes on below. */
export function columns(
  rows: readonly (readonly [name: string, text: string])[],
  width: number,
  indent: string,
): string {
  const widest = Math.max(...rows.map(([name]) => widthOf(name)));
  const left = widthOf(indent) + widest + GAP.length;
  const narrow = left > width / 2;
  return rows
    .map(([name, text]) => {
      const from = narrow ? widthOf(indent) * 3 : left;
      const said = wrap(text, width - from).replaceAll("\n", `\n${" ".repeat(from)}`);
      if (narrow) return `${indent}${name}\n${" ".repeat(from)}${said}\n`;
      return `${indent}${pad(name, widest)}${GAP}${said}`.trimEnd().concat("\n");
    })
    .join("");
}

/** A table in lines; the widest columns are cut where it would be wider than `width`. Rows have the same number of cells. */
export function table(given: readonly (readonly string[])[], width: number | undefined): string[] {
  const rows = given.map((row) => row.map((cell) => cell.replace(/[\t\n]+/g, " "))); // a row is a line, whatever is in it
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ""))));
  const room = (width ?? Number.POSITIVE_INFINITY) - GAP.length * (widths.length - 1);
  let excess = widths.reduce((sum, each) => sum + each, 0) - room;
  while (excess > 0) {
    const widest = Math.max(...widths);
    if (widest <= MIN_COLUMN) break;
    widths[widths.lastIndexOf(widest)] = widest - 1;
    excess--;
  }
  return rows.map((row) =>
    row
      .map((cell, column) => pad(cut(cell, widths[column] ?? 0), widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

/** The beginning of a text that takes at most so many cells, with an ellipsis where something is missing. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  for (const { segment } of clustersOf(text)) {
    if (widthOf(kept + segment) > width - 1) break;
    kept += segment;
  }
  return kept + CUT;
}

/** The text with spaces behind it, `width` cells wide. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}
