// A session as one HTML page that stands alone, to be read as a record: no scripts, no requests, everything escaped.

import type { Message } from "../../contract/conversation.ts";
import type { Envelope } from "../../contract/envelope.ts";
import { markdownHtml } from "../markdown/html.ts";
import type { Block } from "../model/blocks.ts";
import type { Call, Note } from "../model/conversation.ts";
import { duration } from "../model/format.ts";
import { readable } from "../model/readable.ts";
import { withoutEscapes } from "../model/text.ts";
import { escapeHtml, marked } from "./escape.ts";
import { type About, OUTCOMES, saidIn, timeOf, whoOf } from "./record.ts";

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--muted:#666;--bad:#b3261e;--soft:#8881}
@media (prefers-color-scheme:dark){:root{--muted:#aaa;--bad:#ff8f86}}
body{font:15px/1.55 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .3rem}h2{font-size:.9rem;margin:0 0 .2rem}
h2 time,.about,.note{color:var(--muted);font-weight:400}.about{margin:0 0 2rem}.note{text-align:center;font-size:.9rem}
article{margin:1rem 0}article.you{background:var(--soft);border-radius:.5rem;padding:.7rem 1rem;margin-top:2rem}
details{border-left:2px solid var(--line);padding:.1rem 0 .1rem .7rem}
summary{cursor:pointer;display:flex;gap:.6rem;font-size:.9rem;font-variant-numeric:tabular-nums}
summary .x{flex:1;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;color:var(--muted)}summary time{color:var(--muted)}
.bad>summary b{color:var(--bad)}.agent{margin:.2rem 0 .2rem 1.2rem;border-left:2px solid var(--line);padding-left:.7rem}
pre{font:13px/1.45 ui-monospace,Menlo,Consolas,monospace;background:var(--soft);padding:.6rem;overflow:auto;white-space:pre-wrap}
.plain{white-space:pre-wrap}blockquote{margin:.5rem 0;border-left:3px solid var(--line);padding-left:.8rem;color:var(--muted)}
code{font:.92em ui-monospace,Menlo,Consolas,monospace;background:var(--soft);padding:0 .2em}
table{border-collapse:collapse}th,td{border:1px solid var(--line);padding:.2rem .5rem;text-align:left;vertical-align:top}
.h1,.h2,.h3{font-weight:650}h3{font-size:.85rem;font-weight:600;color:var(--muted);margin:.8rem 0 .2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem .8rem}dt{color:var(--muted)}dd{margin:0}
mark{background:none;border:1px dashed currentColor;border-radius:3px;padding:0 .2em;color:inherit}
@media print{body{margin:0;max-width:none;font-size:11pt}article,details,tr{break-inside:avoid}article.you{border:1px solid var(--line)}a{color:inherit}}
`.replaceAll("\n", "");

export function htmlBegin({ title, facts }: About): string {
  const name = escapeHtml(title);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${name}</title><style>${STYLE}</style></head><body><main><h1>${marked(title)}</h1><p class="about">${facts.map(marked).join(" · ")}</p>\n`;
}

export function htmlMessage(message: Message): string {
  const who = whoOf(message);
  const thinking = message.thinking
    ? `<details><summary>Thinking</summary>${markdownHtml(message.thinking)}</details>`
    : "";
  return `<article class="${who === "You" ? "you" : "said"}" id="${escapeHtml(message.id)}"><h2>${marked(who)} <time>${escapeHtml(timeOf(message.at))}</time></h2>${thinking}${markdownHtml(saidIn(message))}</article>\n`;
}

/** One row, which opens to what the call was given and what came of it, as far as its event is there. */
export function htmlCall(call: Call, event: Envelope | undefined): string {
  const [sign, word] = OUTCOMES[call.outcome];
  const took = call.ms === undefined ? "" : `<span>${duration(call.ms)}</span>`;
  const blocks = event ? readable(event).map(htmlBlock).join("") : "";
  return `<details${call.outcome === "failed" ? ' class="bad"' : ""} id="${escapeHtml(call.event)}"><summary><span title="${word}">${sign}</span><b>${marked(call.tool)}</b><span class="x">${marked(call.text)}</span>${took}</summary>${blocks}</details>\n`;
}

export function htmlNote({ text, t }: Note): string {
  return `<p class="note">${marked(text)} <time>${escapeHtml(timeOf(t))}</time></p>\n`;
}

export const htmlAgent = (name: string): string => `<section class="agent"><h2>${marked(name)}</h2>\n`;
export const HTML_AGENT_END = "</section>\n";
export const HTML_END = "</main></body></html>\n";

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
