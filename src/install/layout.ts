// Edits of a JSON text that look as if the one who wrote the file had made them.

import type { Edit } from "jsonc-parser";
import { children, end, type Node } from "./json.ts";

export interface Layout {
  /** One step of indentation. */
  readonly unit: string;
  /** Between a name's colon and its value. */
  readonly gap: string;
  /** A value on one line. */
  write(value: unknown): string;
  /** A container around items, a line each where the file has lines. */
  wrap(open: string, items: readonly string[], close: string, indent: string): string;
  readonly lines: boolean;
}

/** The file is written over several lines, or is still to be. */
export function isLines(text: string, root: Node | undefined): boolean {
  return !root || children(root).length === 0 || text.slice(root.offset, end(root)).includes("\n");
}

export function layoutOf(text: string, root: Node): Layout {
  const lines = isLines(text, root);
  const eol = /^[^\n]*\r\n/.test(text) ? "\r\n" : "\n";
  const first = children(root)[0];
  const unit = (first && indentAt(text, first.offset).slice(indentAt(text, root.offset).length)) || "  ";
  if (!lines)
    return {
      unit,
      lines,
      gap: "",
      write: JSON.stringify,
      wrap: (open, items, close) => open + items.join(",") + close,
    };
  return {
    unit,
    lines,
    gap: " ",
    write: spaced,
    wrap: (open, items, close, indent) =>
      open + items.map((item) => eol + indent + unit + item).join(",") + eol + indent + close,
  };
}

/** Appends items to a container in the way in which its last child stands there. */
export function insertion(text: string, container: Node, items: readonly string[], layout: Layout): Edit {
  const all = children(container);
  const last = all.at(-1);
  if (!last) {
    const [open, close] = container.type === "object" ? ["{", "}"] : ["[", "]"];
    const content = layout.wrap(open as string, items, close as string, indentAt(text, container.offset));
    return { offset: container.offset, length: container.length, content };
  }
  const before = all.at(-2);
  const space =
    text.slice(before ? end(before) : container.offset + 1, last.offset).replace(/^\s*,/, "") ||
    (layout.lines ? " " : "");
  return { offset: end(last), length: 0, content: items.map((item) => `,${space}${item}`).join("") };
}

/** The white space at the start of the line on which the offset lies. */
export function indentAt(text: string, offset: number): string {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, offset))?.[0] ?? "";
}

/** A value on one line, with the spaces that a person would put. */
export function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}: ${spaced(inner)}`);
  return `{ ${members.join(", ")} }`;
}

/** Takes children out with the comma and space that came with them. */
export function deletions(all: readonly Node[], gone: ReadonlySet<Node>): Edit[] {
  const edits: Edit[] = [];
  let survivor = false;
  for (const [i, node] of all.entries()) {
    if (!gone.has(node)) {
      survivor = true;
      continue;
    }
    const [from, to] = survivor ? [end(all[i - 1] as Node), end(node)] : [node.offset, (all[i + 1] as Node).offset];
    edits.push({ offset: from, length: to - from, content: "" });
  }
  return edits;
}
