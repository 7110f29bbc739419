// The place that a search found, the match marked: it stands between U+0002 and U+0003.

import { Marked } from "./text.tsx";

export function Snippet({ text }: { text: string }) {
  return (
    <>
      {text.split(/[\u0002\u0003]/).map((piece, index) =>
        index % 2 === 1 ? (
          <mark key={index} class="is-match">
            {piece}
          </mark>
        ) : (
          <Marked key={index} text={piece} />
        ),
      )}
    </>
  );
}
