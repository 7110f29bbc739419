// Blocks on the page. Long ones begin folded: what is not looked at costs nothing.

import { useState } from "preact/hooks";
import type { Block, Item } from "../model/blocks.ts";
import type { DiffLine } from "../model/diff.ts";
import { number } from "../model/format.ts";
import { withoutEscapes } from "../model/text.ts";
import { Copy } from "./copy.tsx";
import { Scrollable } from "./scrollable.tsx";
import { Marked } from "./text.tsx";

const LINES_AT_FIRST = 400;
const ITEM_SIGNS: Record<Item["state"], readonly [string, string]> = {
  done: ["✓", "done"],
  doing: ["▸", "in progress"],
  open: ["○", "open"],
  none: ["·", ""],
};

export function Blocks({ blocks }: { blocks: readonly Block[] }) {
  return (
    <>
      {blocks.map((block, index) => (
        <OneBlock key={index} block={block} />
      ))}
    </>
  );
}

function OneBlock({ block }: { block: Block }) {
  switch (block.kind) {
    case "facts":
      return (
        <dl class="facts">
          {block.rows.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd>
                <Marked text={value} />
              </dd>
            </div>
          ))}
        </dl>
      );
    case "note":
      return (
        <p class={`note is-${block.tone}`}>
          <Marked text={block.text} />
        </p>
      );
    case "prose":
      return (
        <Titled title={block.title} text={block.text}>
          <div class={`prose is-${block.tone ?? "plain"}`}>
            <Marked text={block.text} />
          </div>
        </Titled>
      );
    case "code":
      return (
        <Titled title={block.title} text={block.text}>
          <Code {...block} />
        </Titled>
      );
    case "diff":
      return (
        <Titled title={block.title} text={block.lines.map((line) => line.sign + line.text).join("\n")}>
          <Diff lines={block.lines} />
        </Titled>
      );
    case "list":
      return (
        <section class="block">
          <h3>{block.title}</h3>
          <ul class="items">
            {block.items.map((item, index) => (
              <li key={index} class={`is-${item.state}`}>
                <span aria-hidden="true">{ITEM_SIGNS[item.state][0]}</span>
                <span>
                  <Marked text={item.text} />
                  {ITEM_SIGNS[item.state][1] ? <span class="hidden"> ({ITEM_SIGNS[item.state][1]})</span> : null}
                  {item.about ? (
                    <small>
                      <Marked text={item.about} />
                    </small>
                  ) : null}
                </span>
              </li>
            ))}
          </ul>
        </section>
      );
  }
}

function Titled({ title, text, children }: { title: string; text: string; children: preact.ComponentChildren }) {
  return (
    <section class="block">
      {title ? (
        <header>
          <h3>
            <Marked text={title} />
          </h3>
          <Copy text={() => text} />
        </header>
      ) : null}
      {children}
    </section>
  );
}

function Code({ text, firstLine, tone, prompt }: Extract<Block, { kind: "code" }>) {
  const [whole, setWhole] = useState(false);
  const lines = withoutEscapes(text).replace(/\r\n?/g, "\n").split("\n");
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  const shown = whole ? lines : lines.slice(0, LINES_AT_FIRST);
  return (
    <Scrollable className={`code is-${tone ?? "plain"}${prompt ? " is-prompt" : ""}`} label="code">
      {firstLine === undefined ? null : (
        <pre class="gutter" aria-hidden="true">
          {shown.map((_, index) => firstLine + index).join("\n")}
        </pre>
      )}
      <pre>
        <Marked text={shown.join("\n")} />
      </pre>
      {shown.length < lines.length ? <More count={lines.length - shown.length} onClick={() => setWhole(true)} /> : null}
    </Scrollable>
  );
}

function Diff({ lines }: { lines: readonly DiffLine[] }) {
  const [whole, setWhole] = useState(false);
  const shown = whole ? lines : lines.slice(0, LINES_AT_FIRST);
  return (
    <Scrollable className="code is-diff" label="difference">
      <table>
        <tbody>
          {shown.map((line, index) => (
            <tr key={index} class={DIFF_CLASS[line.sign]}>
              <td class="gutter">{line.sign === "@" ? "" : line.oldLine}</td>
              <td class="gutter">{line.sign === "@" ? "" : line.newLine}</td>
              <td class="sign">{line.sign === "@" ? "⋯" : line.sign}</td>
              <td>
                <Marked text={line.text} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < lines.length ? <More count={lines.length - shown.length} onClick={() => setWhole(true)} /> : null}
    </Scrollable>
  );
}

const DIFF_CLASS = { "+": "is-added", "-": "is-removed", " ": "is-same", "@": "is-hunk" } as const;

function More({ count, onClick }: { count: number; onClick: () => void }) {
  return (
    <button type="button" class="button is-quiet" onClick={onClick}>
      Show {number(count)} more lines
    </button>
  );
}
