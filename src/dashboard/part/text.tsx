// Payload text on the page: always text nodes, with redactions, cuts and hidden characters marked.

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
