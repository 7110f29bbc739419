// Text as HTML: nothing of a payload is markup.

import { pieces } from "../model/text.ts";

/** `<`, `>`, `&` and both quotes: enough for text and for attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** With what is redacted, cut or hidden marked. */
export function marked(text: string): string {
  return pieces(text)
    .map((piece) => {
      if (piece.kind === "plain") return escapeHtml(piece.text);
      const shown = piece.kind === "control" ? piece.about : piece.text;
      return `<mark title="${escapeHtml(piece.about)}">${escapeHtml(shown)}</mark>`;
    })
    .join("");
}
