// The place that a search found, the match marked: it stands between U+0002 and U+0003.

import { Marked } from "./text.tsx";

const NARROW = "(max-width: 62rem)";
/** So much is shown before the match where there is little room, characters. */
const BEFORE_NARROW = 14;

export function Snippet({ text }: { text: string }) {
  const at = text.indexOf("\u0002");
  const isLong = at > 2 * BEFORE_NARROW && matchMedia(NARROW).matches;
  const shown = isLong ? `…${text.slice(at - BEFORE_NARROW)}` : text;
  return (
    <>
      {shown.split(/[\u0002\u0003]/).map((piece, index) =>
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
