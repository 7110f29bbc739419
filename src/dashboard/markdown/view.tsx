// Markdown on the page: elements and text nodes, with what is redacted, cut or hidden marked as everywhere.

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { inFrame } from "../frames.ts";
import { Copy } from "../part/copy.tsx";
import { Scrollable } from "../part/scrollable.tsx";
import { Marked } from "../part/text.tsx";
import type { Coloured } from "./colours.ts";
import { type Element, type Leaf, piecesOf, readPiece } from "./tree.ts";

/** A long text is read piece by piece, in a frame each. */
export function Markdown({ text }: { text: string }) {
  const pieces = useMemo(() => piecesOf(text), [text]);
  const [read, setRead] = useState(1);
  useEffect(() => (read < pieces.length ? inFrame(() => setRead(read + 1)) : undefined), [read, pieces]);
  return (
    <div class="md">
      {pieces.slice(0, read).map((piece, index) => (
        <Piece key={index} text={piece} />
      ))}
    </div>
  );
}

function Piece({ text }: { text: string }) {
  const leaves = useMemo(() => readPiece(text), [text]);
  return useMemo(() => <Leaves leaves={leaves} />, [leaves]);
}

function Leaves({ leaves }: { leaves: readonly Leaf[] }) {
  return (
    <>
      {leaves.map((leaf, index) =>
        typeof leaf === "string" ? <Marked key={index} text={leaf} /> : <One key={index} element={leaf} />,
      )}
    </>
  );
}

function One({ element }: { element: Element }) {
  const { tag, children, href, level, start, language, checked } = element;
  const inside: ComponentChildren = <Leaves leaves={children} />;
  switch (tag) {
    case "heading":
      return <p class={`md-heading is-${level ?? 1}`}>{inside}</p>;
    case "plain":
      return <div class="prose">{inside}</div>;
    case "pre":
      return <Code text={String(children[0] ?? "")} language={language} />;
    case "a":
      return (
        <a href={href ?? ""} rel="noopener noreferrer" target="_blank" title={href ?? ""}>
          {inside}
        </a>
      );
    case "ol":
      return <ol start={start}>{inside}</ol>;
    case "li":
      return (
        <li class={checked === undefined ? undefined : "is-task"}>
          {checked === undefined ? null : (
            <span class="task">
              <span aria-hidden="true">{checked ? "☑" : "☐"}</span>
              <span class="hidden">{checked ? "done: " : "to do: "}</span>
            </span>
          )}
          {inside}
        </li>
      );
    case "table":
      return (
        <Scrollable className="md-table" label="table">
          <table>
            <tbody>{inside}</tbody>
          </table>
        </Scrollable>
      );
    case "hr":
      return <hr />;
    case "br":
      return <br />;
    default: {
      const Tag = tag;
      return <Tag>{inside}</Tag>;
    }
  }
}

function Code({ text, language }: { text: string; language: string | undefined }) {
  const coloured = useColours(text, language);
  return (
    <div class="md-code">
      <Scrollable className="code" label={language ? `code, ${language.slice(0, 40)}` : "code"}>
        <pre>{coloured ? <Spans parts={coloured} /> : <Marked text={text} />}</pre>
      </Scrollable>
      <Copy text={() => text} />
    </div>
  );
}

function Spans({ parts }: { parts: readonly Coloured[] }) {
  return (
    <>
      {parts.map(({ text, kind }, index) =>
        kind ? (
          <span key={index} class={`c-${kind}`}>
            <Marked text={text} />
          </span>
        ) : (
          <Marked key={index} text={text} />
        ),
      )}
    </>
  );
}

/** Undefined until the colours are there, and where there are none. */
function useColours(text: string, language: string | undefined): readonly Coloured[] | undefined {
  const [coloured, setColoured] = useState<readonly Coloured[]>();
  useEffect(() => {
    if (!language) return;
    let gone = false;
    void import("./colours.ts").then(
      ({ coloursOf }) => {
        if (!gone) setColoured(coloursOf(text, language));
      },
      () => {}, // without colours it can be read, too
    );
    return () => {
      gone = true;
    };
  }, [text, language]);
  return coloured;
}
