// Where text stands on a terminal: wrapped lines, columns, tables that fit its width.
// - Widths are those of cells on the screen: a wide character takes two.

import stringWidth from "string-width";

const GAP = "  ";
/** No column of a table is made narrower, however narrow the terminal is. */
const MIN_COLUMN = 8;
const CUT = "…";

/** A paragraph in lines of at most `width` cells; `hanging` stands before all but the first. */
export function wrap(text: string, width: number, hanging = ""): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter(Boolean)) {
    if (line.trim() !== "" && stringWidth(`${line} ${word}`) > width) {
      lines.push(line);
      line = `${hanging}${word}`;
    } else line = line.trim() === "" ? line + word : `${line} ${word}`;
  }
  return [...lines, line].join("\n");
}

/** Names and what is said of each, in two columns; what does not fit beside the name goes on below. */
export function columns(
  rows: readonly (readonly [name: string, text: string])[],
  width: number,
  indent: string,
): string {
  const widest = Math.max(...rows.map(([name]) => stringWidth(name)));
  const left = stringWidth(indent) + widest + GAP.length;
  const narrow = left > width / 2;
  return rows
    .map(([name, text]) => {
      const from = narrow ? stringWidth(indent) * 3 : left;
      const said = wrap(text, width - from).replaceAll("\n", `\n${" ".repeat(from)}`);
      if (narrow) return `${indent}${name}\n${" ".repeat(from)}${said}\n`;
      return `${indent}${pad(name, widest)}${GAP}${said}`.trimEnd().concat("\n");
    })
    .join("");
}

/** A table in lines; the widest columns are cut where it would be wider than `width`. Rows have the same number of cells. */
export function table(rows: readonly (readonly string[])[], width: number | undefined): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => stringWidth(row[column] ?? ""))));
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
  if (stringWidth(text) <= width) return text;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (stringWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return kept + CUT;
}

/** The text with spaces behind it, `width` cells wide. */
export function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}
