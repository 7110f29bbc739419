// Payload text with its redactions and cuts told apart from what the host said.
// - `[redacted:kind]` and `…[cut: N characters]…` are the relay's marks; everything else is shown as it came.
// - Characters that turn or hide text (bidirectional controls, zero width, C0) are shown as what they are.

export type Piece =
  | { readonly kind: "plain"; readonly text: string }
  | { readonly kind: "redacted" | "cut" | "control"; readonly text: string; readonly about: string };

const MARKS =
  /\[redacted:([a-zA-Z0-9_-]{1,60})\]|…\[cut: (\d{1,15}) characters\]…|([\u0000-\u0008\u000b-\u001f\u007f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff])/g;

/** The text in pieces, in order; joining their `text` gives the text again. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(MARKS)) {
    if (match[3] === "\r") continue;
    if (match.index > from) found.push({ kind: "plain", text: text.slice(from, match.index) });
    found.push(markOf(match));
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ kind: "plain", text: text.slice(from) });
  return found;
}

function markOf(match: RegExpMatchArray): Piece {
  const [text, redacted, cut, control] = match;
  if (redacted) return { kind: "redacted", text, about: `a secret was here (${redacted}); it never left the relay` };
  if (cut) return { kind: "cut", text, about: `${cut} characters were left out because the event was too large` };
  const code = (control ?? "").charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
  return { kind: "control", text, about: `U+${code}` };
}

/** Terminal colours and other escape sequences taken out: output is read here, not run. */
export function withoutEscapes(text: string): string {
  return text.replace(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g, "");
}
