// A session as one HTML page that stands alone: no scripts, no requests, everything of the payload escaped.

import type { Envelope } from "../../contract/envelope.ts";
import type { Block } from "./blocks.ts";
import { readable } from "./readable.ts";
import { pieces, withoutEscapes } from "./text.ts";

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--muted:#777;--bad:#b3261e;--soft:#8881}
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
details{border-top:1px solid var(--line);padding:.4rem 0}
summary{cursor:pointer;display:flex;gap:.75rem;font-variant-numeric:tabular-nums}
summary time{color:var(--muted)}summary .x{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--muted)}
.bad summary b{color:var(--bad)}.bad summary b::before{content:"\\2715  "}.agent{margin-left:2rem}
pre{font:13px/1.45 ui-monospace,Menlo,Consolas,monospace;background:var(--soft);padding:.6rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
h3{font-size:.85rem;font-weight:600;color:var(--muted);margin:.8rem 0 .2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem}dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}
mark{background:none;border:1px dashed currentColor;border-radius:3px;padding:0 .2em;color:inherit}
`.replaceAll("\n", "");

/** `<`, `>`, `&` and both quotes: enough for text and for attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function marked(text: string): string {
  return pieces(text)
    .map((piece) => {
      if (piece.kind === "plain") return escapeHtml(piece.text);
      const shown = piece.kind === "control" ? piece.about : piece.text;
      return `<mark title="${escapeHtml(piece.about)}">${escapeHtml(shown)}</mark>`;
    })
    .join("");
}

export function htmlBegin(session: string): string {
  const name = escapeHtml(`Session ${session}`);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${name}</title><style>${STYLE}</style></head><body><main><h1>${name}</h1>\n`;
}

export function htmlEvent(event: Envelope): string {
  const tool = typeof event.data["tool_name"] === "string" ? ` ${event.data["tool_name"]}` : "";
  const failed = /Failure$|Denied$/.test(event.hook_event_name) ? "bad" : "";
  const nested = event.agent_id ? "agent" : "";
  const blocks = readable(event);
  const gist = blocks.map(gistOf).find(Boolean) ?? "";
  return `<details class="${`${failed} ${nested}`.trim()}" id="${escapeHtml(event.id)}"><summary><time>${escapeHtml(event.timestamp)}</time><b>${marked(event.hook_event_name + tool)}</b><span class="x">${marked(gist)}</span></summary>${blocks.map(htmlBlock).join("")}</details>\n`;
}

export function htmlEnd(count: number): string {
  return `<p>${count} events.</p></main></body></html>\n`;
}

function gistOf(block: Block): string {
  const text = block.kind === "facts" ? (block.rows[0]?.[1] ?? "") : "text" in block ? block.text : block.title;
  return text.slice(0, 160);
}

function htmlBlock(block: Block): string {
  const title = "title" in block && block.title ? `<h3>${marked(block.title)}</h3>` : "";
  switch (block.kind) {
    case "facts":
      return `<dl>${block.rows.map(([label, value]) => `<dt>${marked(label)}</dt><dd>${marked(value)}</dd>`).join("")}</dl>`;
    case "note":
      return `<p>${marked(block.text)}</p>`;
    case "prose":
    case "code":
      return `${title}<pre>${marked(withoutEscapes(block.text))}</pre>`;
    case "diff":
      return `${title}<pre>${block.lines.map((line) => marked(`${line.sign} ${line.text}`)).join("\n")}</pre>`;
    case "list":
      return `${title}<ul>${block.items.map((item) => `<li>${marked(item.text)} ${marked(item.about ?? "")}</li>`).join("")}</ul>`;
  }
}
