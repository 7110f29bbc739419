// Payload text with its redactions and cuts told apart from what the host said.
// - The relay's marks are those of the contract; everything else is shown as it came.
// - Characters that turn or hide text (controls of direction, zero width, C0, C1, tags) are shown as what they are.

import { MARKS, readMark } from "../../contract/marks.ts";
import { UNSAFE } from "../../contract/unsafe.ts";

export type Piece =
  | { readonly kind: "plain"; readonly text: string }
  | { readonly kind: "redacted" | "cut" | "control"; readonly text: string; readonly about: string };

/** Of no width, and of no use but to hide; joiners make emoji and letters. */
const ZERO_WIDTH = "[\\u200b\\u2060]";
const SHOWN = new RegExp(`${MARKS.source}|(${UNSAFE.source}|${ZERO_WIDTH})`, "gu");

/** The text in pieces, in order; joining their `text` gives the text again. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(SHOWN)) {
    if (match[5] === "\r") continue;
    if (match.index > from) found.push({ kind: "plain", text: text.slice(from, match.index) });
    found.push(markOf(match));
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ kind: "plain", text: text.slice(from) });
  return found;
}

function markOf([text, , , , , control]: RegExpMatchArray): Piece {
  const mark = readMark(text);
  if (mark?.kind === "redacted")
    return { kind: "redacted", text, about: `a secret was here (${mark.secret}); it never left the relay` };
  if (mark?.unit === "levels")
    return { kind: "cut", text, about: `what was nested deeper than ${mark.count} levels was left out` };
  if (mark)
    return { kind: "cut", text, about: `${mark.count} ${mark.unit} were left out because the event was too large` };
  const code = (control?.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return { kind: "control", text, about: `U+${code}` };
}

/** Terminal colours and other escape sequences taken out: output is read here, not run. */
export function withoutEscapes(text: string): string {
  return text.replace(
    /(?:\u001b\[|\u009b)[0-9;?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|\u001b[@-Z\\-_]/g,
    "",
  );
}
