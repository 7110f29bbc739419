// Text on the page, always as text nodes: that of payloads with redactions, cuts and hidden characters marked.

import { type Piece, pieces } from "../model/text.ts";

export function Marked({ text }: { text: string }) {
  const found = pieces(text);
  if (found.length === 1 && found[0]?.kind === "plain") return <>{text}</>;
  return (
    <>
      {found.map((piece, index) => (
        <Mark key={index} piece={piece} />
      ))}
    </>
  );
}

/** What stands in backquotes is a command or a name. */
export function Commands({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>;
}

function Mark({ piece }: { piece: Piece }) {
  if (piece.kind === "plain") return <>{piece.text}</>;
  if (piece.kind === "control")
    return (
      <mark class="is-control" title={piece.about}>
        {piece.about}
      </mark>
    );
  return (
    <mark class={`is-${piece.kind}`} title={piece.about}>
      {piece.text}
    </mark>
  );
}
