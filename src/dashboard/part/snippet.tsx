// The place that a search found, the match marked: it stands between U+0002 and U+0003.

import { Marked } from "./text.tsx";

/** So much is shown before the match where there is little room, by the width up to which that holds. Characters. */
const BEFORE: readonly (readonly [string, number])[] = [
  ["(max-width: 30rem)", 8],
  ["(max-width: 62rem)", 14],
];

export function Snippet({ text }: { text: string }) {
  const at = text.indexOf("\u0002");
  const [, before = at] = BEFORE.find(([width]) => matchMedia(width).matches) ?? [];
  const shown = at > before + 1 ? `…${text.slice(at - before)}` : text;
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
