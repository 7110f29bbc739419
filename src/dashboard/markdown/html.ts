// Markdown as HTML of a file that stands alone: the same few elements, everything in them escaped.

import { escapeHtml, marked } from "../record/escape.ts";
import { type Element, type Leaf, readMarkdown } from "./tree.ts";

export function markdownHtml(text: string): string {
  return html(readMarkdown(text));
}

function html(leaves: readonly Leaf[]): string {
  return leaves.map((leaf) => (typeof leaf === "string" ? marked(leaf) : elementHtml(leaf))).join("");
}

function elementHtml({ tag, children, href, level, start, checked }: Element): string {
  const inside = html(children);
  switch (tag) {
    case "heading":
      return `<p class="h${level ?? 1}">${inside}</p>`;
    case "plain":
      return `<div class="plain">${inside}</div>`;
    case "pre":
      return `<pre>${inside}</pre>`;
    case "a":
      return `<a href="${escapeHtml(href ?? "")}" rel="noopener noreferrer">${inside}</a>`;
    case "ol":
      return `<ol start="${start ?? 1}">${inside}</ol>`;
    case "li":
      return `<li>${checked === undefined ? "" : checked ? "☑ " : "☐ "}${inside}</li>`;
    case "hr":
    case "br":
      return `<${tag}>`;
    default:
      return `<${tag}>${inside}</${tag}>`;
  }
}
