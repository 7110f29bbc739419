// The marks that stand in a payload for what was taken out; the dashboard shows them as such.

/** In the place of a secret. */
export function redactionMark(kind: string): string {
  return `[redacted:${kind}]`;
}

/** In the place of what was too long: so many of them are gone. */
export function cutMark(count: number, things: "characters" | "elements" | "keys" = "characters"): string {
  return `…[cut: ${count} ${things}]…`;
}
