// Strings within strings: a quote closes the one that has as many backslashes before it.

const [NEWLINE, BACKSLASH] = [10, 92];

/** A quote that ends here, with its backslashes; "" where there is none. */
export function quoteBefore(text: string, at: number): string {
  if (!/["'`]/.test(text[at - 1] ?? "")) return "";
  let from = at - 1;
  while (from > 0 && at - from <= 8 && text[from - 1] === "\\") from--;
  return text.slice(from, at);
}

/** The index of the quote that closes a string, with its backslashes; undefined where it is not on this line or not near. */
export function closingQuote(text: string, start: number, open: string, max: number): number | undefined {
  const quote = open.charCodeAt(open.length - 1);
  const slashes = open.length - 1;
  for (let at = start; at < text.length && at - start < max; at++) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) return undefined;
    if (code !== quote) continue;
    let before = at;
    while (before > start && text.charCodeAt(before - 1) === BACKSLASH) before--;
    if (at - before <= slashes) return before;
  }
  return undefined;
}
